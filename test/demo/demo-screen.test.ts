import { expect, test } from 'vitest';
import { DemoScreen } from '../../src/demo/demo-screen.ts';
import { demoView } from '../support/demo-views.ts';

function record(isTerminal: boolean): { written: string[]; screen: DemoScreen } {
  const written: string[] = [];
  const screen = new DemoScreen({
    isTerminal,
    colours: false,
    columns: () => 80,
    write: (text) => {
      written.push(text);
    },
  });
  return { written, screen };
}

test('on a terminal each picture covers the last one, line by line', () => {
  const { written, screen } = record(true);
  screen.draw(demoView({}));
  screen.draw(demoView({}));
  const lines = written[0]?.split('\n').length ?? 0;
  expect(written[0]).not.toContain('\x1b');
  expect(written[1]).toBe(`\x1b[${lines - 1}A\r\x1b[J${written[0]}`);
});

test('what is said stays: the next picture begins below', () => {
  const { written, screen } = record(true);
  screen.draw(demoView({}));
  screen.say('hello');
  screen.draw(demoView({}));
  expect(written[1]).toBe('hello\n');
  expect(written[2]).toBe(written[0]);
});

test('elsewhere there is one plain line every two seconds', () => {
  const { written, screen } = record(false);
  for (const elapsedMs of [0, 500, 1999, 2000, 3500, 4100]) {
    screen.draw({ ...demoView({}), elapsedMs });
  }
  expect(written.map((text) => text.slice(0, 5))).toEqual(['00:00', '00:02', '00:04']);
  expect(written.join('')).not.toContain('\x1b');
});
