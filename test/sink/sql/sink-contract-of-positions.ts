import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatPosition } from '../../../src/model/change-position.ts';
import type { Struct } from '../../../src/model/connect-schema.ts';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import { put } from '../../support/sink-harness.ts';
import type { RowValues } from '../../support/sink-records.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';
import { describeTarget, startTargetSink } from '../../support/sink-target.ts';

const RUNS = 12;
const GUARDED = { positionGuard: true } as const;

interface Step {
  readonly kind: 'write' | 'delete' | 'rekey' | 'truncate';
  readonly id: number;
  readonly to: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { weight: 8, arbitrary: fc.constant('write' as const) },
    { weight: 4, arbitrary: fc.constant('delete' as const) },
    { weight: 3, arbitrary: fc.constant('rekey' as const) },
    { weight: 1, arbitrary: fc.constant('truncate' as const) },
  ),
  id: fc.integer({ min: 0, max: 5 }),
  to: fc.integer({ min: 0, max: 5 }),
});

const id = column('id', 'integer', { type: 'int32', optional: false });
const a = column('a', 'text', { type: 'string' });

function at(record: SinkRecord, commit: number, epoch = 1): SinkRecord {
  const position = formatPosition({ epoch, commit: BigInt(commit), ordinal: 1 });
  return record.value === null ? record : { ...record, position };
}

/** The records of a table's changes, and its rows behind the last. */
function play(
  steps: readonly Step[],
  topic: SinkTopic,
): { records: SinkRecord[]; rows: RowValues[] } {
  const rows = new Map<number, RowValues>();
  const records: SinkRecord[] = [];
  steps.forEach(({ kind, id: wanted, to }, n) => {
    const add = (...made: SinkRecord[]): void => {
      // The epoch rises on the way, and commits are numbered anew.
      const epoch = n < 12 ? 1 : 2;
      records.push(...made.map((record) => at(record, epoch === 1 ? n + 100 : n, epoch)));
    };
    const found = rows.get(wanted);
    if (kind === 'truncate') {
      rows.clear();
      add(topic.truncate());
    } else if (kind === 'write') {
      const row = { id: wanted, a: `${n}` };
      rows.set(wanted, row);
      add(found === undefined ? topic.insert(row) : topic.update(row));
    } else if (found !== undefined && (kind === 'delete' || rows.has(to))) {
      rows.delete(wanted);
      add(topic.delete(found), topic.tombstone(found));
    } else if (found !== undefined) {
      const row = { id: to, a: `${n}` };
      rows.delete(wanted);
      rows.set(to, row);
      add(...topic.move(found, row));
    }
  });
  return { records, rows: [...rows.values()] };
}

/** Records as a topic has them that somebody wrote anew: in any order, some of them twice. */
function rewritten(records: readonly SinkRecord[], order: readonly number[]): SinkRecord[] {
  const mixed = records
    .flatMap((record, i) => {
      const places = [
        order[i % order.length]! + i * 7,
        ...(i % 3 === 0 ? [order[i % 5]! * i] : []),
      ];
      return places.map((place) => ({ record, place: place % 31 }));
    })
    .toSorted((left, right) => left.place - right.place);
  const offsets = new Map<number, number>();
  return mixed.map(({ record, place }, sequence) => {
    const partition = place % 2;
    const offset = offsets.get(partition) ?? 0;
    offsets.set(partition, offset + 1);
    return { ...record, partition, offset, sequence };
  });
}

function sorted(rows: readonly RowValues[]): string[] {
  return rows.map((row) => JSON.stringify([row['id'], row['a']])).toSorted();
}

const people = (): SinkTopic => new SinkTopic({ table: 'people', columns: [id, a], key: ['id'] });

/** The newest change wins, in whatever order changes come (ruling 4). */
export const contractOfPositions = describeTarget((fresh) => {
  describe('a guarded table', () => {
    test('ends like its source, shuffled, repeated, and from two topics', async () => {
      await using target = await fresh();
      let run = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 1, maxLength: 30 }),
          fc.array(fc.nat({ max: 30 }), { minLength: 5, maxLength: 30 }),
          fc.integer({ min: 1, max: 9 }),
          async (steps, order, size) => {
            const table = `t${run++}`;
            const topic = new SinkTopic({ table, columns: [id, a], key: ['id'] });
            const { records, rows } = play(steps, topic);
            for (const name of [table, `${table} again`]) {
              await using sink = await startTargetSink(target, { ...GUARDED, name });
              const mixed = rewritten(records, order.toReversed());
              for (let from = 0; from < mixed.length; from += size) {
                await put(sink, mixed.slice(from, from + size));
              }
              expect(sink.status().parked).toEqual([]);
            }
            const found = (await target.hasTable(table))
              ? await target.query<Record<string, string | number | null>>(
                  `SELECT id, a FROM ${table}`,
                )
              : [];
            expect(sorted(found)).toEqual(sorted(rows));
          },
        ),
        { numRuns: RUNS },
      );
    });

    test('does not take back what a new generation has left out (ruling 3)', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target, GUARDED);
      const topic = people();
      const ghost = at(topic.insert({ id: 1, a: 'ghost' }), 5);
      await put(sink, [ghost]);
      topic.generation = 2;
      await put(sink, [at(topic.read({ id: 2, a: 'new' }), 9)]);
      // A replay of the older ones.
      const { offset, sequence } = topic.log.next(topic.topic, 0);
      await put(sink, [{ ...ghost, generation: 2, offset, sequence }]);
      expect(sink.status().parked).toEqual([]);
      expect(await target.query('SELECT id FROM people')).toEqual([{ id: 2 }]);
    });

    test('takes a row that was there before it was guarded for an older one', async () => {
      await using target = await fresh();
      const topic = people();
      {
        await using sink = await startTargetSink(target);
        await put(sink, [topic.insert({ id: 1, a: 'x' })]);
      }
      await using sink = await startTargetSink(target, GUARDED);
      await put(sink, [
        at(topic.update({ id: 1, a: 'y' }), 5),
        at(topic.update({ id: 1, a: 'z' }), 4),
      ]);
      expect(await target.query('SELECT a FROM people')).toEqual([{ a: 'y' }]);
    });

    test.each([
      ['a flat record', (topic: SinkTopic) => [topic.flat({ id: 1 })], /says nowhere/],
      [
        'a change without all values',
        (topic: SinkTopic) => [
          at(topic.insert({ id: 1 }), 1),
          at(topic.update({ id: 1 }, null, ['a']), 2),
        ],
        /leaves values out/,
      ],
      [
        'another source',
        (topic: SinkTopic) =>
          [at(topic.insert({ id: 1 }), 1), at(topic.insert({ id: 2 }), 2)].map((record, i) =>
            i === 0 ? record : renamed(record),
          ),
        /has the changes of the source "", these are of "other"/,
      ],
    ] as const)('parks for %s', async (_, make, message) => {
      await using target = await fresh();
      const options = { ...GUARDED, tableNameFormat: 'people' };
      await using sink = await startTargetSink(target, options);
      await put(sink, make(people()));
      expect(sink.status().parked).toMatchObject([
        { message: expect.stringMatching(message) as string },
      ]);
    });

    test('forgets deletes in time, a portion at once', async () => {
      await using target = await fresh();
      const options = { ...GUARDED, tombstoneRetentionMs: 1 };
      const topic = people();
      const count = async (): Promise<number> => {
        const rows = await target.query(
          "SELECT count(*) AS n FROM tidemark_tombstones WHERE row_key <> ''",
        );
        return Number(rows[0]?.['n']);
      };
      const first = await startTargetSink(target, options);
      await put(first, [at(topic.insert({ id: 1 }), 1), at(topic.delete({ id: 1 }), 2)]);
      await first[Symbol.asyncDispose]();
      expect(await count()).toBe(1);
      await expect
        .poll(async () => {
          // Another task looks when it first deletes something itself.
          await using later = await startTargetSink(target, options);
          await put(later, [at(topic.delete({ id: 2 }), 3)]);
          return await target.query(
            "SELECT row_key FROM tidemark_tombstones WHERE last_position LIKE '%2-00000001'",
          );
        })
        .toEqual([]);
    });
  });
});

/** The same record of a source with another name. */
function renamed(record: SinkRecord): SinkRecord {
  const { schema, values } = record.value!;
  const block = values[2] as Struct;
  const name = { name: 'name', schema: { type: 'string', optional: false } } as const;
  const source = { ...block.schema, fields: [...block.schema.fields!, name] };
  const fields = schema.fields!.map((field) =>
    field.name === 'source' ? { ...field, schema: source } : field,
  );
  const own: Struct = { schema: source, values: [...block.values, 'other'] };
  return { ...record, value: { schema: { ...schema, fields }, values: values.with(2, own) } };
}
