import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SqlText, TargetTable } from '../../../dialects/dialect.ts';
import { duckdbTarget } from '../../../dialects/duckdb/duckdb-target-dialect.ts';
import type { ConnectValue } from '../../../src/model/connect-schema.ts';
import { DECIMAL } from '../../../src/model/connect-schema.ts';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import { RangeApplier } from '../../../src/sink/sql/range-applier.ts';
import { AbsentValues, planRow, type RowPlan } from '../../../src/sink/sql/row-plan.ts';
import { SQL_SINK_DEFAULTS } from '../../../src/sink/sql/sql-sink-options.ts';
import { TableModel } from '../../../src/sink/sql/table-model.ts';
import type { TargetSession } from '../../../src/sink/sql/target-session.ts';
import { duckdbMemory, type DuckdbMemory } from '../../support/duckdb-memory.ts';
import { column, type RowValues, SinkTopic } from '../../support/sink-records.ts';

const STAND_IN = '__stand_in__';
const COLUMNS = [
  column('id', null, { type: 'int64', optional: false }),
  column('n', null, { type: 'int32' }),
  column('amount', null, {
    type: 'bytes',
    name: DECIMAL,
    parameters: { scale: '2', 'connect.decimal.precision': '12' },
  }),
  column('weight', null, { type: 'float64' }),
  column('paid', null, { type: 'boolean' }),
  column('note', null, { type: 'string' }),
  column('made', null, { type: 'int64', name: 'io.debezium.time.MicroTimestamp' }),
  column('due', null, { type: 'int32', name: 'io.debezium.time.Date' }),
];
const TYPES = ['BIGINT', 'INTEGER', 'DECIMAL(12,2)', 'DOUBLE', 'BOOLEAN', 'VARCHAR', 'TIMESTAMP'];
const NAMES = COLUMNS.map(({ name }) => name);

const TABLE: TargetTable = {
  name: { schema: 'main', table: 't' },
  columns: NAMES.map((name, i) => ({
    name,
    type: TYPES[i] ?? 'DATE',
    castType: TYPES[i] ?? 'DATE',
    isArray: false,
    notNull: i === 0,
    hasDefault: false,
    generated: false,
    identityAlways: false,
  })),
  primaryKey: ['id'],
  primaryKeyName: null,
  uniqueKeys: [['id']],
  referenced: false,
};

/** A table that records are applied to; `typed` counts statements that took values, not texts. */
class Applied implements Disposable {
  typed = 0;
  readonly #database: DuckdbMemory;
  readonly #model = new TableModel(duckdbTarget, TABLE, ['id']);
  readonly #plans = new Map<unknown, RowPlan>();
  readonly #applier = new RangeApplier(
    duckdbTarget,
    SQL_SINK_DEFAULTS,
    [],
    new AbsentValues(STAND_IN),
    null,
  );

  constructor(database: DuckdbMemory) {
    this.#database = database;
  }

  static async open(): Promise<Applied> {
    const database = await duckdbMemory();
    const columns = TABLE.columns.map(({ name, type }) => `${name} ${type}`).join(', ');
    await database.rows(`CREATE TABLE t (${columns}, PRIMARY KEY (id))`);
    return new Applied(database);
  }

  /** So many records at once: below 200 they all go the general way. */
  async apply(records: readonly SinkRecord[], atOnce: number): Promise<void> {
    const query = async (sql: SqlText | string) => {
      if (typeof sql === 'string') {
        await this.#database.rows(sql);
        return { rows: [], rowCount: 0 };
      }
      if (sql.staged?.columns.some((cells) => 'typed' in cells) === true) this.typed++;
      return { rows: [], rowCount: await this.#database.changed(sql) };
    };
    const addFresh = async (_name: string, sql: SqlText) => {
      await query(sql);
      return true;
    };
    const session = { query, addFresh, mayAdd: () => true, statementBytesMax: Infinity };
    const work = {
      model: this.#model,
      records,
      planOf: (record: SinkRecord) => this.#planOf(record),
      shared: false,
      history: null,
    };
    for (let from = 0; from < records.length; from += atOnce) {
      const to = Math.min(from + atOnce, records.length);
      await this.#applier.apply(session as unknown as TargetSession, work, from, to);
    }
  }

  #planOf({ key, value }: SinkRecord): RowPlan {
    const of = value?.schema ?? key?.schema;
    let plan = this.#plans.get(of);
    if (plan === undefined) {
      if (key === null) throw new Error('the record has no key');
      const row = value?.schema.fields?.[1]?.schema;
      const names = NAMES.map((name) => ({ field: name, column: name }));
      plan = planRow(
        this.#model,
        row === undefined ? null : { schema: row, names },
        { schema: key.schema, names: names.slice(0, 1) },
        SQL_SINK_DEFAULTS,
        { columns: [], value: value?.schema ?? null },
      );
      this.#plans.set(of, plan);
    }
    return plan;
  }

  rows(): Promise<readonly string[]> {
    return this.#database.texts('SELECT * FROM t ORDER BY id');
  }

  [Symbol.dispose](): void {
    this.#database[Symbol.dispose]();
  }
}

const rarely = <T>(usual: fc.Arbitrary<T>, rare: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 4000, arbitrary: usual }, { weight: 1, arbitrary: rare });
const INFINITE = 2n ** 63n - 1n;

/** Mostly values in their usual form. */
const values = fc.record({
  n: rarely<number | null>(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.constant(null)),
  amount: rarely(fc.bigInt({ min: -(10n ** 12n) + 1n, max: 10n ** 12n - 1n }), fc.constant(5n)).map(
    (unscaled) => ({ unscaled, scale: 2 }),
  ),
  weight: rarely<number | null>(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(null, Infinity, NaN),
  ),
  paid: fc.option(fc.boolean()),
  note: fc.option(fc.string({ unit: 'grapheme', maxLength: 12 })),
  made: rarely(
    fc.bigInt(-30_610_224_000_000_000n, 253_402_300_799_999_999n),
    fc.constant(INFINITE),
  ),
  due: rarely<number | null>(fc.integer({ min: -300_000, max: 2_900_000 }), fc.constant(null)),
});

const steps = fc.array(
  fc.tuple(
    fc.integer({ min: 0, max: 500 }),
    fc.constantFrom('write', 'write', 'write', 'delete', 'read', 'absent'),
    values,
  ),
  { minLength: 700, maxLength: 1000, size: 'max' },
);

type Step = readonly [id: number, kind: string, values: RowValues];

/** The changes of a source: what is not there is not updated. */
function recordsOf(topic: SinkTopic, all: readonly Step[]): readonly SinkRecord[] {
  const there = new Set<bigint>();
  return all.flatMap(([number, kind, rest]) => {
    const id = BigInt(number) * 10_000_000_000_000n;
    const row = { id, ...rest };
    const isThere = there.has(id);
    if (kind === 'delete') {
      there.delete(id);
      return isThere ? [topic.delete(row), topic.tombstone(row)] : [];
    }
    there.add(id);
    if (!isThere) return kind === 'read' ? topic.read(row) : topic.insert(row);
    if (kind !== 'absent' || number % 250 !== 0) return topic.update(row);
    // As our source says it, and as others do.
    const lacking = { ...row, note: STAND_IN };
    return topic.update(lacking, null, number === 250 ? ['note'] : []);
  });
}

describe('rows as columns (S22)', () => {
  const plain = (id: number, made: ConnectValue = 1n): RowValues => ({
    id: BigInt(id),
    amount: { unscaled: 7n, scale: 2 },
    weight: -0,
    made,
  });

  test('any changes leave the table that they leave row by row', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        using columns = await Applied.open();
        using rows = await Applied.open();
        const topic = new SinkTopic({ columns: COLUMNS, key: ['id'], table: 't' });
        // Enough for columns, wherever the first special record is.
        const first = Array.from({ length: 250 }, (_, i) => topic.read(plain(1 + i)));
        const records = [...first, ...recordsOf(topic, all)];
        await columns.apply(records, records.length);
        await rows.apply(records, 150);
        expect([columns.typed > 0, rows.typed]).toEqual([true, 0]);
        expect(await columns.rows()).toEqual(await rows.rows());
      }),
      { numRuns: 4, endOnFailure: true },
    );
  });

  test('a value that only its text says costs its column the short way, no other', async () => {
    using columns = await Applied.open();
    const topic = new SinkTopic({ columns: COLUMNS, key: ['id'], table: 't' });
    const first = Array.from({ length: 600 }, (_, i) =>
      topic.insert(plain(i, i === 300 ? INFINITE : 1n)),
    );
    await columns.apply(first, 600);
    // Up to the infinite time; what is behind it went as texts.
    expect(columns.typed).toBe(1);
    const more = Array.from({ length: 300 }, (_, i) => topic.insert(plain(600 + i)));
    await columns.apply(more, 300);
    expect(columns.typed).toBe(2);
    const found = await columns.rows();
    expect([found.length, found[300], found[899]]).toEqual([
      900,
      '300 null 0.07 -0.0 null null infinity null',
      '899 null 0.07 -0.0 null null 1970-01-01 00:00:00.000001 null',
    ]);
  });

  test('a value that its column refuses fails, also where a later one replaces it', async () => {
    using columns = await Applied.open();
    const topic = new SinkTopic({ columns: COLUMNS, key: ['id'], table: 't' });
    const refused = topic.insert({ ...plain(7), note: true });
    const rows = Array.from({ length: 300 }, (_, i) => topic.insert(plain(i)));
    await expect(columns.apply([refused, ...rows], 301)).rejects.toThrow(/column note: .*string/);
    expect(await columns.rows()).toEqual([]);
  });

  test('a key without a value is refused', async () => {
    using columns = await Applied.open();
    const topic = new SinkTopic({ columns: COLUMNS, key: ['id'], table: 't' });
    const rows = Array.from({ length: 300 }, (_, i) => topic.insert(plain(i)));
    const without = topic.insert({ ...plain(1), id: null });
    await expect(columns.apply([...rows, without], 301)).rejects.toThrow(/key column id is null/);
  });
});
