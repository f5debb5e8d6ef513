import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatPosition } from '../../../src/model/change-position.ts';
import type { Struct } from '../../../src/model/connect-schema.ts';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import { put } from '../../support/sink-harness.ts';
import type { RowValues } from '../../support/sink-records.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';
import type { SinkTarget } from '../../support/sink-target.ts';
import { describeTarget, startTargetSink } from '../../support/sink-target.ts';

const RUNS = 5;
const GUARDED = { positionGuard: true } as const;

interface Step {
  readonly kind: 'write' | 'part' | 'delete' | 'rekey' | 'carry' | 'truncate';
  readonly id: number;
  readonly to: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { weight: 8, arbitrary: fc.constant('write' as const) },
    { weight: 6, arbitrary: fc.constant('part' as const) },
    { weight: 4, arbitrary: fc.constant('delete' as const) },
    { weight: 3, arbitrary: fc.constant('rekey' as const) },
    { weight: 3, arbitrary: fc.constant('carry' as const) },
    { weight: 1, arbitrary: fc.constant('truncate' as const) },
  ),
  id: fc.integer({ min: 0, max: 3 }),
  to: fc.integer({ min: 0, max: 3 }),
});

const id = column('id', 'integer', { type: 'int32', optional: false });
const a = column('a', 'text', { type: 'string' });
const b = column('b', 'text', { type: 'string' });

/** The record as the n-th commit of its source. */
function at(record: SinkRecord, commit: number, epoch = 1): SinkRecord {
  const position = formatPosition({ epoch, commit: BigInt(commit), ordinal: 1 });
  return record.value === null ? record : { ...record, position };
}

interface Placed {
  readonly record: SinkRecord;
  /** What has to come before it, by its place in the order of the source. */
  readonly behind: readonly number[];
}

interface Played {
  /** In the source's order. */
  readonly records: readonly Placed[];
  readonly rows: RowValues[];
  /** Of each row that is gone: what may have taken it, by transaction. */
  readonly gone: ReadonlyMap<number, readonly string[]>;
}

interface PlayedRow {
  values: RowValues;
  /** Its records; a value that the first left out is where that says. */
  readonly own: number[];
}

/** A table and what its topic says of it. */
class Play implements Played {
  readonly records: Placed[] = [];
  readonly gone = new Map<number, readonly string[]>();
  readonly #topic: SinkTopic;
  readonly #rows = new Map<number, PlayedRow>();
  readonly #ends = new Map<number, readonly string[]>();
  /** By key: the create of a key change that took values along; nothing newer may come before. */
  readonly #barriers = new Map<number, number>();

  constructor(steps: readonly Step[], topic: SinkTopic) {
    this.#topic = topic;
    steps.forEach((one, n) => this.#step(one, n));
  }

  get rows(): RowValues[] {
    return [...this.#rows.values()].map(({ values }) => values);
  }

  #step({ kind, id: wanted, to }: Step, n: number): void {
    const topic = this.#topic;
    const row = { id: wanted, a: `${n}`, b: `${n}` };
    const found = this.#rows.get(wanted);
    if (kind === 'truncate') return this.#truncate(n);
    if (found === undefined) {
      if (kind === 'write' || kind === 'part') this.#put(n, topic.insert(row), row, []);
    } else if (kind === 'write') {
      found.values = row;
      found.own.push(this.#add(n, wanted, topic.update(row)));
    } else if (kind === 'part') {
      const [sent, left] = to % 2 === 0 ? ['a', 'b'] : ['b', 'a'];
      found.values = { ...found.values, [sent]: `${n}` };
      const update = topic.update({ ...found.values, [left]: 'absent' }, null, [left]);
      found.own.push(this.#add(n, wanted, update, found.own.slice(0, 1)));
    } else if (kind === 'delete' || this.#rows.has(to)) {
      this.#take(wanted, this.#add(n, wanted, topic.delete(found.values)));
      this.#add(n, wanted, topic.tombstone(found.values));
    } else if (kind === 'rekey') {
      const [away, tombstone, here] = topic.move(found.values, { ...row, id: to });
      this.#take(wanted, this.#add(n, wanted, away!));
      this.#add(n, wanted, tombstone!);
      this.#put(n, here!, { ...row, id: to }, []);
    } else {
      const values = { ...found.values, id: to, a: `${n}` };
      const [away, tombstone, here] = topic.move(found.values, { ...values, b: 'absent' }, ['b']);
      // It writes under the new key as well: what moved away from there has to be gone.
      const gone = this.#add(n, wanted, away!, [...found.own, ...this.#barrier(to)]);
      this.#take(wanted, gone);
      this.#add(n, wanted, tombstone!);
      this.#put(n, here!, values, [gone]);
      this.#barriers.set(wanted, this.records.length - 1);
    }
  }

  #put(n: number, record: SinkRecord, values: RowValues, behind: readonly number[]): void {
    const key = Number(values['id']);
    this.#rows.set(key, { values, own: [this.#add(n, key, record, behind)] });
    this.gone.delete(key);
  }

  #take(key: number, record: number): void {
    const by = transactionOf(this.records[record]!.record);
    this.#rows.delete(key);
    this.gone.set(key, [by]);
    this.#ends.set(key, [...(this.#ends.get(key) ?? []), by]);
  }

  #truncate(n: number): void {
    const record = this.#topic.truncate();
    this.#add(n, null, record);
    // What comes behind it of a row from before is left out: an earlier end may be the last seen.
    for (const key of [...this.#rows.keys(), ...this.gone.keys()]) {
      this.#ends.set(key, [...(this.#ends.get(key) ?? []), transactionOf(record)]);
      this.gone.set(key, this.#ends.get(key) ?? []);
    }
    this.#rows.clear();
  }

  #add(n: number, key: number | null, made: SinkRecord, behind: readonly number[] = []): number {
    // The epoch rises on the way, and commits are numbered anew.
    const epoch = n < 12 ? 1 : 2;
    const record = at(made, epoch === 1 ? n + 100 : n, epoch);
    this.records.push({ record, behind: [...behind, ...this.#barrier(key)] });
    return this.records.length - 1;
  }

  #barrier(key: number | null): number[] {
    const barrier = key === null ? undefined : this.#barriers.get(key);
    return barrier === undefined ? [] : [barrier];
  }
}

/** What `_cdc_tx_id` is to say. */
function transactionOf({ value }: SinkRecord): string {
  const block = value!.values[2] as Struct;
  const at = block.schema.fields!.findIndex(({ name }) => name === 'txId');
  return (block.values[at] as bigint).toString();
}

/** Records as a topic has them that somebody wrote anew: in any order, some of them twice. */
function rewritten(records: Played['records'], order: readonly number[]): SinkRecord[] {
  const mixed = records
    .flatMap(({ record, behind }, i) => {
      const places = [
        order[i % order.length]! + i * 7,
        ...(i % 3 === 0 ? [order[i % 5]! * i] : []),
      ];
      return places.map((place) => ({ record, i, behind, place: place % 31 }));
    })
    .toSorted((left, right) => left.place - right.place);
  const offsets = new Map<number, number>();
  return inTheirTurn(mixed).map(({ record, place }, sequence) => {
    const partition = place % 2;
    const offset = offsets.get(partition) ?? 0;
    offsets.set(partition, offset + 1);
    return { ...record, partition, offset, sequence };
  });
}

/** What needs other records waits for them, and comes right behind. */
function inTheirTurn<T extends { readonly i: number; readonly behind: readonly number[] }>(
  mixed: readonly T[],
): T[] {
  const come = new Set<number>();
  const all: T[] = [];
  let waiting: T[] = [];
  for (const one of mixed) {
    waiting.push(one);
    for (let next = ready(); next !== undefined; next = ready()) {
      waiting = waiting.filter((other) => other !== next);
      all.push(next);
      come.add(next.i);
    }
  }
  return all;

  function ready(): T | undefined {
    return waiting.find(({ behind }) => behind.every((needed) => come.has(needed)));
  }
}

function sorted(rows: readonly RowValues[]): string[] {
  return rows.map((row) => JSON.stringify([row['id'], row['a'], row['b']])).toSorted();
}

const people = (): SinkTopic => new SinkTopic({ table: 'people', columns: [id, a], key: ['id'] });

/** The newest change wins, in whatever order changes come (ruling 4). */
export const contractOfPositions = describeTarget((fresh) => {
  describe('a guarded table', () => {
    test.each(['hard', 'soft'] as const)(
      'ends like its source, shuffled, repeated, and from two topics, with %s deletes (S6)',
      async (deleteMode) => {
        await using target = await fresh();
        let run = 0;
        await fc.assert(
          fc.asyncProperty(
            fc.array(step, { minLength: 1, maxLength: 30, size: 'max' }),
            fc.array(fc.nat({ max: 30 }), { minLength: 5, maxLength: 30 }),
            fc.integer({ min: 3, max: 15 }),
            async (steps, order, size) => {
              const table = `t${run++}`;
              const topic = new SinkTopic({ table, columns: [id, a, b], key: ['id'] });
              const { records, rows, gone } = new Play(steps, topic);
              const options = { ...GUARDED, deleteMode, metadataColumns: ['tx_id'] } as const;
              for (const name of [table, `${table} again`]) {
                await using sink = await startTargetSink(target, { ...options, name });
                const mixed = rewritten(records, order.toReversed());
                for (let from = 0; from < mixed.length; from += size) {
                  await put(sink, mixed.slice(from, from + size));
                }
                expect(sink.status().parked).toEqual([]);
              }
              const found = (await target.hasTable(table)) ? await rowsOf(target, table) : [];
              expect(sorted(found.filter(({ state }) => state === 'here'))).toEqual(sorted(rows));
              for (const row of found.filter(({ state }) => state !== 'here')) {
                expect(gone.get(Number(row['id']))).toContain(row['_cdc_tx_id']);
                expect(row['state']).toBe('gone timed');
              }
            },
          ),
          { numRuns: RUNS, endOnFailure: true },
        );
        async function rowsOf(
          of: SinkTarget,
          table: string,
        ): Promise<Record<string, string | number | null>[]> {
          const state =
            deleteMode === 'hard'
              ? "'here'"
              : `CASE WHEN NOT _deleted AND _deleted_at IS NULL THEN 'here'
                WHEN _deleted_at IS NOT NULL THEN 'gone timed' ELSE 'gone' END`;
          return of.query(`SELECT id, a, b, _cdc_tx_id, ${state} AS state FROM ${table}`);
        }
      },
    );

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
        'a change without all values whose row is not there',
        (topic: SinkTopic) => [
          at(topic.insert({ id: 1 }), 1),
          at(topic.update({ id: 2 }, null, ['a']), 2),
        ],
        /leaves out unchanged large values, and the target does not have its row/,
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
