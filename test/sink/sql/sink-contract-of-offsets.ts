import { describe, expect, test } from 'vitest';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import type { SinkPartition, SinkRecord, SinkTask } from '../../../src/model/sink-record.ts';
import { SqlSinkOffsets } from '../../../src/sink/sql/sink-offsets.ts';
import { createSqlSink } from '../../../src/sink/sql/sql-sink.ts';
import { assignNew, never, put } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';
import { describeTarget, type SinkTarget, startTargetSink } from '../../support/sink-target.ts';

const id = column('id', 'integer', { type: 'int32', optional: false });
const n = column('n', 'integer', { type: 'int32' });

function counters(table = 'counters'): SinkTopic {
  return new SinkTopic({ table, columns: [id, n], key: ['id'] });
}

/** `1:10 2:20` */
async function rows(target: SinkTarget, table = 'counters'): Promise<string> {
  const found = await target.query(`SELECT id, n FROM ${table} ORDER BY id`);
  return found.map((row) => `${String(row['id'])}:${String(row['n'])}`).join(' ');
}

function first({ topic }: SinkTopic): SinkPartition {
  return { topic, partition: 0 };
}

/** The same topic as another partition has it. */
function partitionOf(topic: SinkTopic, partition: number): SinkTopic {
  topic.partition = partition;
  return topic;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (error) {
    return error instanceof TidemarkError ? error.code : String(error);
  }
}

/** As the runtime does it: the same records again while the error is one that passes. */
async function putUntilApplied(sink: SinkTask, records: readonly SinkRecord[]): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await put(sink, records);
      return;
    } catch (error) {
      const passes = error instanceof TidemarkError && error.retry === 'backoff';
      if (!passes || attempt > 5) throw error;
    }
  }
}

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

/** How a sink keeps its place, whatever the product. */
export const contractOfOffsets = describeTarget((fresh) => {
  describe('offsets in the target (ruling 10, S7)', () => {
    test('a restart goes on at the stored offset, and a replay is skipped', async () => {
      await using target = await fresh();
      const topic = new SinkTopic({ table: 'log', columns: [n], key: [] });
      const records = [1, 2, 3].map((value) => topic.insert({ n: value }));
      {
        await using sink = await startTargetSink(target);
        await put(sink, records.slice(0, 2));
      }
      await using sink = await startTargetSink(target);
      expect(await sink.assign([first(topic)], never)).toMatchObject([
        { topic: topic.topic, partition: 0, generation: 1, offset: 2 },
      ]);
      await put(sink, records);
      await put(sink, records);
      const found = await target.query('SELECT n FROM log ORDER BY n');
      expect(found).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
      expect(sink.status().applied).toBe(1);
    });

    test('of two tasks with one partition the older is fenced and writes nothing', async () => {
      await using target = await fresh();
      await using older = await startTargetSink(target);
      const topic = counters();
      await put(older, [topic.insert({ id: 1, n: 1 })]);
      await using newer = await startTargetSink(target);
      await assignNew(newer, [first(topic)]);
      expect(await put(older, [topic.insert({ id: 2, n: 2 })])).toEqual([first(topic)]);
      await put(newer, [topic.insert({ id: 3, n: 3 })]);
      expect(await rows(target)).toBe('1:1 3:3');
      await using stranger = await startTargetSink(target, { name: 'stranger' });
      expect(await stranger.assign([first(topic)], never)).toEqual([]);
    });

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

  describe('moving a sink', () => {
    test('what is moved back is applied again; a task that still runs is fenced', async () => {
      await using target = await fresh();
      const topic = counters();
      const place = first(topic);
      await using offsets = await SqlSinkOffsets.open(target.options(), never);
      expect(await offsets.read()).toEqual([]);
      await using zombie = await startTargetSink(target);
      const records = [1, 2, 3].map((value) => topic.insert({ id: value, n: value }));
      await put(zombie, records);
      expect(await offsets.read()).toMatchObject([{ ...place, generation: 1, offset: 3 }]);
      await target.query('DELETE FROM counters WHERE id > 1');
      await offsets.move([{ ...place, generation: 1, offset: 1 }]);
      expect(await put(zombie, [topic.insert({ id: 4, n: 4 })])).toEqual([place]);
      await using sink = await startTargetSink(target);
      await put(sink, records);
      expect(await rows(target)).toBe('1:1 2:2 3:3');
    });
  });

  describe('generations (ruling 3)', () => {
    test('a new generation empties the table first, and once for all members', async () => {
      await using target = await fresh();
      await using one = await startTargetSink(target);
      await using two = await startTargetSink(target);
      const topic = counters();
      await put(one, [partitionOf(topic, 0).read({ id: 1, n: 1 }), topic.read({ id: 2, n: 2 })]);
      await put(two, [partitionOf(topic, 1).read({ id: 9, n: 9 })]);
      const stale = partitionOf(topic, 0).read({ id: 8, n: 8 });
      topic.generation = 2;
      const ofOne = [stale, topic.read({ id: 2, n: 20 })];
      const ofTwo = [partitionOf(topic, 1).read({ id: 3, n: 30 })];
      await Promise.all([putUntilApplied(one, ofOne), putUntilApplied(two, ofTwo)]);
      expect(await rows(target)).toBe('2:20 3:30');
      // What the old generation still has under way is not for this table.
      await put(one, [{ ...stale, offset: 100 }]);
      expect(await rows(target)).toBe('2:20 3:30');
    });

    test('also without any record, and after a restart of the sink', async () => {
      await using target = await fresh();
      const topic = counters();
      {
        await using sink = await startTargetSink(target);
        await put(sink, [topic.read({ id: 1, n: 1 })]);
      }
      await using sink = await startTargetSink(target);
      const position = { ...first(topic), generation: 2, offset: 1 };
      await assignNew(sink, [position]);
      await sink.put([], [position], never);
      expect(await rows(target)).toBe('');
    });
  });

  describe('errors (S10)', () => {
    test('a poison record parks its topic there; others go on; a restart tries again', async () => {
      await using target = await fresh();
      const topic = counters();
      const other = new SinkTopic({ table: 'other', columns: [id, n], key: ['id'] }, topic.log);
      const records = Array.from({ length: 20 }, (_, i) => [
        topic.insert({ id: i, n: i }),
        other.insert({ id: i, n: i }),
      ]).flat();
      {
        await using sink = await startTargetSink(target);
        await put(sink, records.slice(0, 10));
        await target.query('INSERT INTO counters VALUES (1000, 13)');
        await target.query('CREATE UNIQUE INDEX one_n ON counters (n)');
        await put(sink, records.slice(10));
        expect(sink.status().parked).toMatchObject([
          { topic: topic.topic, offset: 13, code: 'SINK_RECORD' },
        ]);
        expect(sink.status().parked[0]?.message).toContain('unique');
        const kept = Array.from({ length: 13 }, (_, i) => `${i}:${i}`).join(' ');
        expect(await rows(target)).toBe(`${kept} 1000:13`);
        expect(await target.query('SELECT id FROM other')).toHaveLength(20);
      }
      await using sink = await startTargetSink(target);
      expect(await sink.assign([first(topic)], never)).toMatchObject([{ offset: 13 }]);
      await target.query('DELETE FROM counters WHERE id = 1000');
      await put(sink, records);
      expect(sink.status().parked).toEqual([]);
      expect(await target.query('SELECT id FROM counters')).toHaveLength(20);
    });

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
        const made =
          "SELECT 1 AS one FROM information_schema.tables WHERE table_name = 'counters' AND " +
          `table_schema = '${target.schema}'`;
        await expect.poll(() => target.query(made)).toHaveLength(1);
        expect(await isWaiting(running, target)).toBe(true);
        await target.cutSinks();
        expect(['SINK_CONNECT', 'SINK_SERVER']).toContain(await running);
      }
      await using next = await startTargetSink(target);
      await put(next, records);
      expect(await rows(target)).toBe('1:1');
    });

    test('two tasks may add the same columns at once (S20)', async () => {
      await using target = await fresh();
      const topic = counters();
      await using one = await startTargetSink(target);
      await using two = await startTargetSink(target);
      await put(one, [partitionOf(topic, 0).insert({ id: 1, n: 1 })]);
      await put(two, [partitionOf(topic, 1).insert({ id: 2, n: 2 })]);
      const more = ['a', 'b', 'c'].map((name) => column(name, 'text', { type: 'string' }));
      topic.alter({ columns: [id, n, ...more] });
      const ofOne = [partitionOf(topic, 0).insert({ id: 3, n: 3, a: 'x' })];
      const ofTwo = [partitionOf(topic, 1).insert({ id: 4, n: 4, c: 'y' })];
      await Promise.all([putUntilApplied(one, ofOne), putUntilApplied(two, ofTwo)]);
      expect([one, two].flatMap((sink) => sink.status().parked)).toEqual([]);
      expect(await rows(target)).toBe('1:1 2:2 3:3 4:4');
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
