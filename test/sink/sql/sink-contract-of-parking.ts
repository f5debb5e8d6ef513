import { describe, expect, test } from 'vitest';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import { createSqlSink } from '../../../src/sink/sql/sql-sink.ts';
import { mend, offsetsOf, parkingSink, poison, replay } from '../../support/parking-sink.ts';
import { codeOf, counters, rows } from '../../support/sink-counters.ts';
import { never, put } from '../../support/sink-harness.ts';
import { describeTarget } from '../../support/sink-target.ts';

/** How a sink goes on past records that it cannot apply, and how they come to their rows later. */
export const contractOfParking = describeTarget((fresh) => {
  describe('errors.park key', () => {
    test('a key waits, others flow, and its later records wait behind (S11)', async () => {
      await using target = await fresh();
      await using parking = await parkingSink(target);
      const { sink, letters } = parking;
      const topic = counters();
      await put(sink, [
        topic.insert({ id: 1, n: 1 }),
        poison(topic, 2),
        topic.insert({ id: 3, n: 3 }),
        poison(topic, 2),
        topic.update({ id: 1, n: 10 }),
      ]);
      await put(sink, [topic.update({ id: 3, n: 30 }), topic.update({ id: 2, n: 21 })]);
      expect(await rows(target)).toBe('1:10 3:30');
      expect(offsetsOf(letters)).toBe('0/1 0/3 0/6');
      const codes = letters.map(({ error }) => error.code);
      expect(codes).toEqual(['SINK_RECORD', 'SINK_KEY_PARKED', 'SINK_KEY_PARKED']);
      const [position] = await target.query('SELECT next_offset AS o FROM tidemark_offsets');
      expect(Number(position?.['o'])).toBe(7);
      expect(sink.status()).toMatchObject({
        applied: 4,
        parked: [],
        parkedKeys: { count: 1, first: [{ key: '{"id":2}', offset: 1, letters: 3 }] },
      });
    });

    test('after a restart they wait on, and are counted once however often they come', async () => {
      await using target = await fresh();
      const topic = counters();
      const records = [poison(topic, 2), topic.insert({ id: 1, n: 1 })];
      const later = [topic.update({ id: 2, n: 2 }), topic.update({ id: 1, n: 2 })];
      {
        await using first = await parkingSink(target);
        await put(first.sink, records);
      }
      await using second = await parkingSink(target);
      await put(second.sink, [...records, ...later]);
      // As after `offsets set --to-earliest`.
      await target.query('SELECT 1 AS one');
      expect(offsetsOf(second.letters)).toBe('0/2');
      expect(second.sink.status().parkedKeys).toMatchObject({ count: 1, first: [{ letters: 2 }] });
      expect(await rows(target)).toBe('1:2');
    });

    test('the key that a row moves to from a parked one waits, too', async () => {
      await using target = await fresh();
      await using parking = await parkingSink(target);
      const { sink, letters } = parking;
      const topic = counters();
      await put(sink, [poison(topic, 2)]);
      const [away, tombstone, here] = topic.move({ id: 2, n: 2 }, { id: 5, n: 2 });
      const moved = { ...(here as SinkRecord), movedFrom: (away as SinkRecord).key as never };
      await put(sink, [away as SinkRecord, tombstone as SinkRecord, moved]);
      await put(sink, [topic.update({ id: 5, n: 50 }), topic.insert({ id: 6, n: 6 })]);
      expect(await rows(target)).toBe('6:6');
      expect(offsetsOf(letters)).toBe('0/0 0/1 0/2 0/3 0/4');
      await mend(target, 2);
      expect(await replay(target, letters)).toEqual({ applied: 5, failed: [], left: [] });
      expect(await rows(target)).toBe('5:50 6:6');
    });

    test('a truncate and a new generation free the keys of their table', async () => {
      await using target = await fresh();
      await using parking = await parkingSink(target);
      const { sink } = parking;
      const topic = counters();
      await put(sink, [poison(topic, 1), topic.truncate(), topic.insert({ id: 1, n: 7 })]);
      expect(await rows(target)).toBe('1:7');
      await put(sink, [poison(topic, 2), topic.insert({ id: 3, n: 3 })]);
      expect(sink.status().parkedKeys?.count).toBe(1);
      await put(sink, [topic.truncate(), topic.insert({ id: 2, n: 8 })]);
      expect(await rows(target)).toBe('2:8');
      await put(sink, [poison(topic, 4)]);
      topic.generation = 2;
      await put(sink, [topic.read({ id: 4, n: 4 })]);
      expect(await rows(target)).toBe('4:4');
      expect(sink.status().parkedKeys?.count).toBe(0);
      expect(await target.query('SELECT topic FROM tidemark_parked')).toEqual([]);
    });

    test('ten thousand good rows around poison are few statements', async () => {
      await using target = await fresh();
      await using parking = await parkingSink(target);
      const topic = counters();
      const good = Array.from({ length: 10_000 }, (_, i) => topic.insert({ id: i + 10, n: i }));
      const records = [...good.slice(0, 5_000), poison(topic, 1), ...good.slice(5_000)].map(
        (record, offset) => ({ ...record, offset, sequence: offset }),
      );
      const before = parking.statements();
      await put(parking.sink, records);
      // 122 to 140 were needed, by product; a statement a row would be ten thousand.
      expect(parking.statements() - before).toBeLessThan(250);
      const [counted] = await target.query('SELECT count(*) AS c FROM counters');
      expect(Number(counted?.['c'])).toBe(10_000);
      expect(offsetsOf(parking.letters)).toBe('0/5000');
    });

    test('a flood is bounded: past so many keys their table waits', async () => {
      await using target = await fresh();
      await using parking = await parkingSink(target, { parkedKeysMax: 3 });
      const topic = counters();
      const good = topic.insert({ id: 100, n: 1 });
      const bad = Array.from({ length: 50 }, (_, i) => poison(topic, i + 1));
      await put(parking.sink, [good, ...bad]);
      const status = parking.sink.status();
      expect(status.parkedKeys?.count).toBe(3);
      expect(status.parked).toMatchObject([{ code: 'SINK_KEY_PARKED', offset: 4 }]);
      expect(parking.letters).toHaveLength(3);
      expect(await rows(target)).toBe('100:1');
    });

    test('nothing goes on when the letters cannot be written', async () => {
      await using target = await fresh();
      const failure = new TidemarkError('STORE_FULL', 'no room');
      const sink = createSqlSink(target.options({ park: 'key' }), undefined, () =>
        Promise.reject(failure),
      );
      await sink.start(never);
      const topic = counters();
      const records = [topic.insert({ id: 1, n: 1 }), poison(topic, 2)];
      expect(await codeOf(put(sink, records))).toBe('STORE_FULL');
      await sink[Symbol.asyncDispose]();
      await using parking = await parkingSink(target);
      await put(parking.sink, records);
      expect(await rows(target)).toBe('1:1');
      expect(offsetsOf(parking.letters)).toBe('0/1');
    });

    test('another way of errors.park is refused while keys wait', async () => {
      await using target = await fresh();
      const topic = counters();
      {
        await using parking = await parkingSink(target);
        await put(parking.sink, [poison(topic, 2)]);
      }
      await using table = createSqlSink(target.options());
      expect(await codeOf(table.start(never))).toBe('SINK_KEY_PARKED');
    });

    test('a record without a key that cannot be applied parks its table', async () => {
      await using target = await fresh();
      await using parking = await parkingSink(target);
      const topic = counters();
      const error = new TidemarkError('RECORD_FORMAT', 'not what it should be');
      const bare = { ...topic.insert({ id: 1, n: 1 }), key: null };
      const broken = { ...bare, failure: { stage: 'KEY_CONVERTER', error } } as const;
      await put(parking.sink, [
        topic.insert({ id: 1, n: 1 }),
        { ...broken, offset: 5, sequence: 5 },
      ]);
      expect(parking.letters).toEqual([]);
      expect(parking.sink.status().parked).toMatchObject([{ offset: 5, code: 'RECORD_FORMAT' }]);
    });
  });

  describe('a record that could not be read', () => {
    const failure = {
      stage: 'VALUE_CONVERTER',
      error: new TidemarkError('RECORD_FORMAT', 'not what it should be'),
    } as const;

    test('parks its key, or its table, where the records of a task stop', async () => {
      await using target = await fresh();
      const topic = counters();
      const records = [topic.insert({ id: 1, n: 1 }), topic.insert({ id: 2, n: 2 })];
      const broken = { ...topic.update({ id: 1, n: 9 }), value: null, failure };
      const all = [...records, broken, topic.update({ id: 2, n: 3 })];
      await using parking = await parkingSink(target);
      await put(parking.sink, all);
      expect(await rows(target)).toBe('1:1 2:3');
      expect(parking.letters).toMatchObject([{ stage: 'VALUE_CONVERTER' }]);
      await using other = createSqlSink(target.options({ name: 'other', park: 'table' }));
      await other.start(never);
      await put(other, all);
      expect(other.status().parked).toMatchObject([{ offset: 2, code: 'RECORD_FORMAT' }]);
    });

    test('fails the task where errors.park is task, behind what could be applied', async () => {
      await using target = await fresh();
      const topic = counters();
      await using sink = createSqlSink(target.options({ park: 'task' }));
      await sink.start(never);
      const records = [topic.insert({ id: 1, n: 1 }), poison(topic, 2)];
      expect(await codeOf(put(sink, records))).toBe('SINK_RECORD');
      expect(await rows(target)).toBe('1:1');
    });

    test('is left out alone where errors.park is record', async () => {
      await using target = await fresh();
      await using parking = await parkingSink(target, { park: 'record' });
      const topic = counters();
      const broken = { ...topic.insert({ id: 1, n: 9 }), failure };
      await put(parking.sink, [broken, poison(topic, 2), topic.insert({ id: 1, n: 2 })]);
      await put(parking.sink, [topic.insert({ id: 2, n: 2 })]);
      expect(await rows(target)).toBe('1:2 2:2');
      expect(offsetsOf(parking.letters)).toBe('0/0 0/1');
      expect(await target.hasTable('tidemark_parked')).toBe(false);
    });
  });
});
