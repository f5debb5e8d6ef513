import { expect, test } from 'vitest';
import { examineOptions } from '../../src/config/resolve-options.ts';
import { guardOptions, HEARTBEAT_OPTIONS } from '../../src/config/source-guard-options.ts';

function examine(given: Readonly<Record<string, string>>) {
  const table = [...guardOptions('they are not in the log'), ...HEARTBEAT_OPTIONS];
  return examineOptions(table, given, {
    where: 's',
    providers: { environment: {}, folder: '/' },
  });
}

test('without a word of the user nothing is passed over, and heartbeats are sent', () => {
  const { options, problems } = examine({});
  expect(problems).toEqual([]);
  expect(options.string('event.processing.failure.handling.mode')).toBe('fail');
  expect(options.number('heartbeat.interval.ms')).toBe(10_000);
  expect(options.number('guardrail.collections.max')).toBe(0);
});

test.each([
  ['event.processing.failure.handling.mode', 'skip', 'silent loss'],
  ['event.processing.failure.handling.mode', 'warn', 'silent loss'],
  ['table.ignore.builtin', 'false', 'they are not in the log'],
])('%s: %s would be missed, so it is refused', (name, value, why) => {
  expect(examine({ [name]: value }).problems).toMatchObject([
    { code: 'CONFIG_UNSUPPORTED', message: expect.stringContaining(why) as string },
  ]);
});
