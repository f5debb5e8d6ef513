import { expect, test } from 'vitest';
import { beatUntilAborted } from '../../../../src/source/postgres/stream/replication-heartbeat.ts';
import type { QueryResult } from '../../../../src/source/postgres/wire/wire-operation.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const END: readonly QueryResult[] = [{ columns: ['e'], rows: [['0/AB']], command: 'SELECT 1' }];

/** Lets everything run that waits for nothing but promises. */
async function drain(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

test('beats at its interval, asks for the WAL end at its own, notes a failure once', async () => {
  const clock = new FakeClock();
  const abort = new AbortController();
  const asked: string[] = [];
  const ends: bigint[] = [];
  const notes: string[] = [];
  let broken = false;
  const querier = {
    async query(sql: string): Promise<readonly QueryResult[]> {
      await Promise.resolve();
      if (broken) throw new Error('no');
      asked.push(sql.startsWith('SELECT CASE') ? 'end' : sql);
      return END;
    },
  };
  const done = beatUntilAborted(
    querier,
    { heartbeatIntervalMs: 1000, heartbeatActionQuery: 'BEAT', walEndIntervalMs: 500 },
    {
      clock,
      walEnd: (lsn) => ends.push(lsn),
      note: (text) => notes.push(text),
    },
    abort.signal,
  );
  const step = async (): Promise<void> => {
    await drain();
    clock.advance(500);
    await drain();
  };
  await step();
  await step();
  expect(asked).toEqual(['BEAT', 'end', 'end', 'BEAT', 'end']);
  expect(ends).toEqual([0xabn, 0xabn, 0xabn]);
  broken = true;
  await step();
  await step();
  expect(notes).toEqual(['heartbeat failed: no']);
  broken = false;
  await step();
  broken = true;
  await step();
  expect(notes).toHaveLength(2);
  abort.abort();
  await done;
});
