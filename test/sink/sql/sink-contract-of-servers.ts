import { describe, expect, test } from 'vitest';
import { createSqlSink } from '../../../src/sink/sql/sql-sink.ts';
import {
  codeOf,
  counters,
  first,
  id,
  n,
  partitionOf,
  putUntilApplied,
  rows,
} from '../../support/sink-counters.ts';
import { assignNew, never, put } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';
import type { ServerTarget, SinkTarget } from '../../support/sink-target.ts';
import { describeTarget, startTargetSink } from '../../support/sink-target.ts';

/** Holds rows of a table in a transaction of its own. */
async function holdRows(target: SinkTarget, table: string, where: string) {
  const session = await target.open();
  const qualified = target.dialect.qualify({ schema: target.schema, table });
  await session.begin();
  await session.query(`SELECT 1 FROM ${qualified} WHERE ${where} FOR UPDATE`);
  return {
    async [Symbol.asyncDispose]() {
      if (!session.broken) await session.rollback().catch(() => undefined);
      await session.close();
    },
  };
}

/** Whether the work waits: others get their turn meanwhile. */
async function isWaiting(work: Promise<unknown>, target: SinkTarget): Promise<boolean> {
  const state = { done: false };
  const finish = (): void => {
    state.done = true;
  };
  work.then(finish, finish);
  for (let i = 0; i < 20 && !state.done; i++) await target.query('SELECT 1 AS one');
  // What failed tells why.
  if (state.done) await work;
  return !state.done;
}

/** What holds of targets with rows that are locked one by one, and connections that may be cut. */
export const contractOfServers = describeTarget<ServerTarget>((fresh) => {
  describe('locks', () => {
    test('a newer task waits for the older one; tasks of other partitions do not', async () => {
      await using target = await fresh();
      await using older = await startTargetSink(target);
      await using member = await startTargetSink(target);
      await using newer = await startTargetSink(target);
      const topic = counters();
      await put(older, [partitionOf(topic, 0).insert({ id: 1, n: 1 })]);
      await put(member, [partitionOf(topic, 1).insert({ id: 2, n: 1 })]);
      let applying: Promise<unknown>;
      let claiming: Promise<unknown>;
      {
        await using _held = await holdRows(target, 'counters', 'id = 1');
        applying = put(older, [partitionOf(topic, 0).update({ id: 1, n: 2 })]);
        expect(await isWaiting(applying, target)).toBe(true);
        await put(member, [partitionOf(topic, 1).update({ id: 2, n: 2 })]);
        claiming = newer.assign([first(topic)], never);
        expect(await isWaiting(claiming, target)).toBe(true);
      }
      expect(await claiming).toMatchObject([{ offset: 2 }]);
      await applying;
      expect(await rows(target)).toBe('1:2 2:2');
    });
  });

  describe('errors of a server (S10)', () => {
    test('messages of parked tables hold no values of rows', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target);
      await target.query('CREATE TABLE counters (id integer PRIMARY KEY, day date)');
      const columns = [id, column('day', null, { type: 'string' })];
      const topic = new SinkTopic({ table: 'counters', columns, key: ['id'] });
      await put(sink, [topic.insert({ id: 1, day: 'XYZZY' })]);
      const [parked] = sink.status().parked;
      expect(parked?.message).toMatch(/SQLSTATE 22|would change a value/);
      expect(JSON.stringify(parked)).not.toContain('XYZZY');
    });

    test('after a reconnect the target says where we are, not our memory', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target);
      const topic = new SinkTopic({ table: 'log', columns: [n], key: [] });
      const records = [1, 2].map((value) => topic.insert({ n: value }));
      await put(sink, records.slice(0, 1));
      // As if the answer to the COMMIT of the second record had been lost.
      await target.query('INSERT INTO log VALUES (2)');
      await target.query('UPDATE tidemark_offsets SET next_offset = 2');
      await target.cutSinks();
      await putUntilApplied(sink, records);
      expect(await target.query('SELECT n FROM log ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }]);
    });

    test('a process that dies between DDL and rows leaves nothing in the way', async () => {
      await using target = await fresh();
      const topic = counters();
      const records = [topic.insert({ id: 1, n: 1 })];
      await using dying = await startTargetSink(target);
      await assignNew(dying, [first(topic)]);
      {
        await using _held = await holdRows(target, 'tidemark_offsets', '1 = 1');
        const running = codeOf(put(dying, records));
        await expect.poll(() => target.hasTable('counters')).toBe(true);
        expect(await isWaiting(running, target)).toBe(true);
        await target.cutSinks();
        expect(['SINK_CONNECT', 'SINK_SERVER']).toContain(await running);
      }
      await using next = await startTargetSink(target);
      await put(next, records);
      expect(await rows(target)).toBe('1:1');
    });

    test('connect and database: each has its code', async () => {
      await using target = await fresh();
      const start = async (change: Parameters<SinkTarget['options']>[0]): Promise<string> => {
        await using sink = createSqlSink(target.options(change));
        return await codeOf(sink.start(never));
      };
      const url = target.options().connectionUrl;
      const closed = url.replace(/@.*?:\d+\//, '@127.0.0.1:1/');
      expect(await start({ connectionUrl: closed })).toBe('SINK_CONNECT');
      expect(await start({ connectionUrl: url.replace(/\/\w+$/, '/nowhere') })).toBe('SINK_SCHEMA');
    });
  });
});
