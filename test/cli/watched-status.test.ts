import { expect, test } from 'vitest';
import { ConsoleOutput } from '../../src/cli/console-output.ts';
import type { StatusAnswer } from '../../src/cli/status-model.ts';
import { watchStatus } from '../../src/cli/watched-status.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { TidemarkError } from '../../src/foundation/errors.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeTerminal } from '../support/fake-terminal.ts';
import { pipelineStatus } from '../support/pipeline-statuses.ts';
import { ROW } from '../support/status-pictures.ts';

const ANSWER: StatusAnswer = { status: pipelineStatus(), tables: [ROW], atMs: 0 };

function watched(terminal: FakeTerminal | null, json = false) {
  const lines: string[] = [];
  const out = {
    isTTY: terminal !== null,
    columns: 80,
    write: (text: string) => lines.push(text),
  };
  const stop = new AbortController();
  const clock = new FakeClock();
  const daemon: { answer: StatusAnswer | null | TidemarkError; asked: number } = {
    answer: ANSWER,
    asked: 0,
  };
  const done = watchStatus({
    ask: () => {
      daemon.asked++;
      const { answer } = daemon;
      return answer instanceof TidemarkError ? Promise.reject(answer) : Promise.resolve(answer);
    },
    where: 'http://daemon',
    output: new ConsoleOutput(out, out, {}),
    clock,
    signal: stop.signal,
    json,
    terminal,
  });
  /** Lets the next second begin and the answer be drawn. */
  const second = async (): Promise<void> => {
    clock.advance(5000);
    await settled();
  };
  return { lines, daemon, done, stop, second };
}

async function settled(): Promise<void> {
  await systemClock.sleep(0, new AbortController().signal);
}

test('on a terminal: a picture, which outlives the daemon, until q', async () => {
  const terminal = new FakeTerminal();
  const { daemon, done, second } = watched(terminal);
  await settled();
  expect(terminal.taken()).toContain('public.a');
  daemon.answer = null;
  await second();
  expect(terminal.taken()).toContain('no daemon answers at http://daemon; asking again');
  daemon.answer = { ...ANSWER, tables: [{ ...ROW, table: 'public.b' }] };
  await second();
  expect(terminal.taken()).toContain('public.b');
  terminal.type('p');
  expect(terminal.taken()).toContain('paused');
  daemon.answer = ANSWER;
  await second();
  expect(terminal.taken()).not.toContain('public.a');
  terminal.type('p');
  await second();
  expect(terminal.taken()).toContain('public.a');
  terminal.type('/zz');
  expect(terminal.taken()).toContain('no table has zz in its name');
  terminal.type('\u001Bq');
  await done;
  expect(terminal.taken()).toContain('\u001B[?1049l');
  expect(terminal.events).toContain('raw false');
});

test('a signal, or an error that stays, ends it with the terminal put back', async () => {
  const terminal = new FakeTerminal();
  const { done, stop } = watched(terminal);
  await settled();
  stop.abort();
  await done;
  expect(terminal.taken()).toContain('\u001B[?1049l');

  const other = new FakeTerminal();
  const refused = watched(other);
  refused.daemon.answer = new TidemarkError('NOT_RUNNING', 'answered 401');
  const failed = refused.done.catch((error: unknown) => error);
  await settled();
  await refused.second();
  expect(await failed).toBe(refused.daemon.answer);
  expect(other.taken()).toContain('\u001B[?1049l');
});

test('without a terminal: lines, also while nobody answers', async () => {
  const { lines, daemon, done, stop, second } = watched(null);
  await settled();
  daemon.answer = null;
  await second();
  stop.abort();
  await done;
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^\d{4}-\S+Z {2}shop: healthy; source streaming /);
  expect(lines[1]).toMatch(/^\d{4}-\S+Z {2}shop: .*no daemon answers at http:\/\/daemon\n$/);
});

test('for programs: a document each second', async () => {
  const { lines, daemon, done, stop, second } = watched(new FakeTerminal(), true);
  await settled();
  daemon.answer = null;
  await second();
  stop.abort();
  await done;
  const documents = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(documents[0]).toMatchObject({
    running: true,
    name: 'shop',
    tables: [{ table: 'public.a' }],
  });
  expect(documents[1]).toMatchObject({ running: false });
});
