import { describe, expect, test } from 'vitest';
import type { DeadLetter } from '../../../src/model/dead-letter.ts';
import type { SinkRecord, SinkTask } from '../../../src/model/sink-record.ts';
import { createSqlSink } from '../../../src/sink/sql/sql-sink.ts';
import type { SqlSinkOptions } from '../../../src/sink/sql/sql-sink-options.ts';
import { never } from '../../support/sink-harness.ts';
import { column, positionsOf, SinkTopic } from '../../support/sink-records.ts';
import type { SinkTarget } from '../../support/sink-target.ts';
import { describeTarget } from '../../support/sink-target.ts';

const COLUMNS = [
  column('id', 'integer', { type: 'int32', optional: false }),
  column('mail', 'integer', { type: 'int32', optional: false }),
];

/** A record of that partition. */
function from(topic: SinkTopic, partition: number, make: (topic: SinkTopic) => SinkRecord) {
  topic.partition = partition;
  return make(topic);
}

async function usersOf(target: SinkTarget): Promise<string> {
  const rows = await target.query('SELECT id, mail FROM users ORDER BY id');
  return rows.map(({ id, mail }) => `${String(id)}:${String(mail)}`).join(' ');
}

/** As the runner does when the task says that the table goes on. */
async function goOn(sink: SinkTask, topic: SinkTopic, records: readonly SinkRecord[]) {
  expect(await sink.fitting?.(never)).toEqual([topic.topic]);
  const own = [...new Set(records.map(({ partition }) => partition))];
  await sink.assign(
    own.map((partition) => ({ topic: topic.topic, partition })),
    never,
  );
  await sink.put(records, positionsOf(records), never);
}

/**
 * A unique value goes from one row to another, whose keys lie in two partitions (ruling 14): nobody
 * is parked while another partition may free it, and nothing waits for ever.
 */
export const contractOfUniqueWaits = describeTarget((fresh) => {
  describe('a unique index other than the key, and several partitions', () => {
    async function bench(change: Partial<SqlSinkOptions> = {}) {
      const target = await fresh();
      await target.query('CREATE TABLE users (id integer PRIMARY KEY, mail integer NOT NULL)');
      await target.query('CREATE UNIQUE INDEX users_mail ON users (mail)');
      const topic = new SinkTopic({ columns: COLUMNS, key: ['id'], table: 'users' });
      const letters: DeadLetter[] = [];
      const open = async (partitions: readonly number[]): Promise<SinkTask> => {
        const sink = createSqlSink(target.options(change), undefined, (told) => {
          letters.push(...told);
          return Promise.resolve();
        });
        await sink.start(never);
        const own = partitions.map((partition) => ({ topic: topic.topic, partition }));
        await sink.assign(own, never);
        return sink;
      };
      const put = (sink: SinkTask, records: readonly SinkRecord[]) =>
        sink.put(records, positionsOf(records), never);
      const first = from(topic, 1, (one) => one.insert({ id: 1, mail: 7 }));
      const gives = from(topic, 1, (one) => one.update({ id: 1, mail: 8 }));
      const takes = from(topic, 0, (one) => one.insert({ id: 2, mail: 7 }));
      const later = from(topic, 0, (one) => one.insert({ id: 3, mail: 9 }));
      const dispose = target[Symbol.asyncDispose].bind(target);
      const records = { first, gives, takes, later };
      return { target, topic, open, put, letters, ...records, [Symbol.asyncDispose]: dispose };
    }

    test('in one put the partition that is in the way lets the others go first', async () => {
      await using made = await bench();
      const { target, open, put, first, gives, takes, later } = made;
      await using sink = await open([0, 1]);
      await put(sink, [first]);
      // The order that the log had is not that of the source.
      const late = { ...gives, sequence: 99 };
      await put(sink, [takes, later, late]);
      expect(await usersOf(target)).toBe('1:8 2:7 3:9');
      expect(sink.status().parked).toEqual([]);
      // Each position is stored: nothing of it comes again.
      await put(sink, [takes, later, late]);
      expect(sink.status().applied).toBe(4);
    });

    test('a value that only another task can free: the table is held until then', async () => {
      await using made = await bench();
      const { target, topic, open, put, first, gives, takes, later } = made;
      await using left = await open([0]);
      await using right = await open([1]);
      await put(right, [first]);
      await put(left, [takes, later]);
      const [parked] = left.status().parked;
      expect(parked).toMatchObject({ code: 'SINK_RECORD', offset: 0, held: true });
      expect(parked?.message).toContain('errors.unique.wait.ms');
      expect(await usersOf(target)).toBe('1:7');
      await goOn(left, topic, [takes, later]);
      expect(left.status().parked).toMatchObject([{ held: true }]);
      await put(right, [gives]);
      await goOn(left, topic, [takes, later]);
      expect(left.status().parked).toEqual([]);
      expect(await usersOf(target)).toBe('1:8 2:7 3:9');
      expect([left.status().applied, right.status().applied]).toEqual([2, 2]);
    });

    test('two rows that exchange their values over two partitions stay apart', async () => {
      await using made = await bench();
      const { target, topic, open, put, first, gives } = made;
      await using sink = await open([0, 1]);
      const other = from(topic, 0, (one) => one.insert({ id: 2, mail: 9 }));
      await put(sink, [first, other]);
      const away = from(topic, 0, (one) => one.update({ id: 2, mail: 7 }));
      const back = from(topic, 1, (one) => one.update({ id: 1, mail: 9 }));
      // 1 leaves 7 for 8, 2 takes it from 9, which 1 takes then: the log has them the other way.
      const wrong = [away, { ...gives, sequence: 98 }, { ...back, sequence: 99 }];
      await put(sink, wrong);
      expect(await usersOf(target)).toBe('1:9 2:7');
    });

    test.each([
      ['table', { park: 'table' }],
      ['key', { park: 'key' }],
      ['record', { park: 'record' }],
    ] as const)('what nobody frees is parked when the time is over: %s', async (park, change) => {
      await using made = await bench({
        ...change,
        uniqueWaitMs: 1,
      });
      const { target, topic, open, put, letters, first, takes, later } = made;
      await using sink = await open([0, 1]);
      await put(sink, [first]);
      await put(sink, [takes, later]);
      expect(letters).toEqual([]);
      expect(sink.status().parked).toMatchObject([{ held: true }]);
      await expect
        .poll(async () => {
          if (sink.status().parked[0]?.held === true) await goOn(sink, topic, [takes, later]);
          return sink.status().parked[0]?.held;
        })
        .toBeUndefined();
      expect(sink.status().parked).toHaveLength(park === 'table' ? 1 : 0);
      expect(letters.map(({ record }) => record.offset)).toEqual(park === 'table' ? [] : [0]);
      expect(await usersOf(target)).toBe(park === 'table' ? '1:7' : '1:7 3:9');
    });

    test('at once where no other partition can free it, or nobody is to wait', async () => {
      await using made = await bench();
      const { open, put, topic, first, takes } = made;
      await using sink = await open([0]);
      const alone = from(topic, 0, (one) => one.insert({ id: 4, mail: 5 }));
      const same = from(topic, 0, (one) => one.insert({ id: 5, mail: 5 }));
      await put(sink, [takes, alone, same]);
      expect(sink.status().parked[0]).toMatchObject({ code: 'SINK_RECORD' });
      expect(sink.status().parked[0]?.held).toBeUndefined();
      await using impatient = await bench({ uniqueWaitMs: 0 });
      await using other = await impatient.open([0, 1]);
      await impatient.put(other, [first]);
      await impatient.put(other, [takes]);
      expect(other.status().parked[0]?.held).toBeUndefined();
      expect(other.status().parked).toHaveLength(1);
    });
  });
});
