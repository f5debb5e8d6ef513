import { expect, test } from 'vitest';
import { TidemarkError } from '../../src/foundation/errors.ts';
import type { VerifiedTable } from '../../src/runtime/verify-pipeline.ts';
import { VerifySchedule } from '../../src/runtime/verify-schedule.ts';
import { createLogger } from '../../src/runtime/logger.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { MemoryDocuments } from '../support/memory-documents.ts';

const HOUR = 3_600_000;
const logger = createLogger({ level: 'silent', format: 'json' });

function table(more: Partial<NonNullable<VerifiedTable['verdict']>> = {}): VerifiedTable {
  const none = { sample: null, missing: 0, surplus: 0, different: 0, repaired: 0, unsettled: 0 };
  const verdict = { rows: 5, readAgain: 0, ...none, repairProblem: null, differences: [], ...more };
  return { sink: 's', source: 'public.a', target: 'a', keyColumns: ['id'], verdict, problem: null };
}

interface Play {
  readonly clock: FakeClock;
  readonly documents: MemoryDocuments;
  readonly began: number[];
  readonly schedule: VerifySchedule;
  /** Lets so much time pass, in which the schedule does what is due. */
  readonly run: (ms: number, isReady?: () => boolean) => Promise<void>;
}

function play(
  verify: (at: number) => readonly VerifiedTable[],
  { clock = new FakeClock(), documents = new MemoryDocuments() } = {},
): Play {
  const began: number[] = [];
  const schedule = new VerifySchedule({
    everyMs: HOUR,
    hours: null,
    documents,
    clock,
    logger,
    verify: async () => {
      began.push(clock.nowMs());
      return verify(began.length);
    },
  });
  return {
    clock,
    documents,
    began,
    schedule,
    async run(ms, isReady = () => true) {
      const ending = new AbortController();
      const endMs = clock.nowMs() + ms;
      clock.sleep = (delayMs) => {
        clock.advance(Math.min(delayMs, endMs - clock.nowMs()));
        if (clock.nowMs() >= endMs) ending.abort();
        return Promise.resolve();
      };
      await schedule.run(isReady, ending.signal);
    },
  };
}

test('it compares at once and then at its times; a restart goes on with them', async () => {
  const first = play(() => [table()]);
  const beganMs = first.clock.nowMs();
  await first.run(2.5 * HOUR);
  expect(first.began.map((ms) => (ms - beganMs) / HOUR)).toEqual([0, 1, 2]);
  expect(first.schedule.view()).toMatchObject({
    running: false,
    beganAtMs: beganMs + 2 * HOUR,
    nextAtMs: beganMs + 3 * HOUR,
    error: null,
    tables: [{ sink: 's', table: 'public.a', rows: 5 }],
  });
  const second = play(() => [table()], first);
  await second.run(0.4 * HOUR);
  expect(second.began).toEqual([]);
  expect(second.schedule.view().tables).toHaveLength(1);
  await second.run(0.2 * HOUR);
  expect(second.began.map((ms) => (ms - beganMs) / HOUR)).toEqual([3]);
});

test('nothing is compared while source or sinks do not run', async () => {
  const { began, run } = play(() => [table()]);
  await run(HOUR, () => false);
  expect(began).toEqual([]);
  await run(1_000);
  expect(began).toHaveLength(1);
});

test('drift is a condition for as long as it holds, and where all is well a measure', async () => {
  const played = play((time) => [
    table(time === 1 ? { missing: 2, different: 1, repaired: 1 } : {}),
    { ...table(), source: 'public.b', verdict: null, problem: new TidemarkError('USAGE', 'no') },
  ]);
  await played.run(0.5 * HOUR);
  const [condition, ...more] = played.schedule.conditions();
  expect(more).toEqual([]);
  expect(condition).toMatchObject({
    key: 'drift:s:public.a',
    class: 'verify.drift',
    sink: 's',
    table: 'public.a',
    cause: '2 missing, 0 surplus, 1 different',
    measure: { value: 2, threshold: 0, bad: 'above' },
  });
  await played.run(HOUR);
  expect(played.schedule.conditions()[0]?.measure?.value).toBe(0);
});

test('of a sample the seed is told, with which the same rows are compared again', async () => {
  const sample = { seed: 7, ranges: 10, findsSurplus: true };
  const { run, schedule } = play(() => [table({ sample, different: 1 })]);
  await run(10_000);
  expect(schedule.view().tables).toMatchObject([{ seed: 7, different: 1 }]);
  expect(schedule.conditions()[0]?.cure).toContain('--seed 7 names them');
});

test('one that comes to no end is told, and tried again before its time', async () => {
  const { began, run, schedule } = play((time) => {
    if (time === 1) throw new TidemarkError('VERIFY_BEHIND', 'the sink stands still');
    return [table()];
  });
  await run(10_000);
  expect(schedule.view()).toMatchObject({ error: { code: 'VERIFY_BEHIND' }, endedAtMs: null });
  expect(schedule.conditions()).toMatchObject([
    { key: 'verify:failed', class: 'verify.failed', cause: 'VERIFY_BEHIND: the sink stands still' },
  ]);
  await run(120_000);
  expect(began).toHaveLength(2);
  expect(schedule.view().error).toBeNull();
});

test('a store that takes nothing does not stop it', async () => {
  const documents = new MemoryDocuments();
  documents.write = () => Promise.reject(new TidemarkError('STORE_FULL', 'no room'));
  const { schedule, run } = play(() => [table()], { documents });
  await run(1_000);
  expect(schedule.view().tables).toHaveLength(1);
});
