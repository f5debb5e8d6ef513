import { describe, expect, test } from 'vitest';
import type { TargetColumn } from '../../../dialects/dialect.ts';
import { sqliteTarget } from '../../../dialects/sqlite/sqlite-target-dialect.ts';
import type { SinkTask } from '../../../src/model/sink-record.ts';
import { put } from '../../support/sink-harness.ts';
import { column, SinkLog, SinkTopic } from '../../support/sink-records.ts';
import { sqliteSinkTarget, startTargetSink } from '../../support/sink-target.ts';

const id = column('id', 'integer', { type: 'int32', optional: false });
const n = column('n', 'integer', { type: 'int32' });
const word = column('word', 'text', { type: 'string' });
const decimal = (scale: number, more = {}) =>
  ({
    type: 'bytes',
    name: 'org.apache.kafka.connect.data.Decimal',
    parameters: { scale: String(scale), 'connect.decimal.precision': '20' },
    ...more,
  }) as const;

const messages = (sink: SinkTask): string[] =>
  sink.status().parked.map(({ code, message }) => `${code} ${message}`);

test('texts of keys that differ by case, blanks or a NUL are different keys (S19)', async () => {
  await using target = await sqliteSinkTarget();
  await using sink = await startTargetSink(target);
  const key = column('k', 'text', { type: 'string', optional: false });
  const topic = new SinkTopic({ table: 't', columns: [key, n], key: ['k'] });
  const keys = ['a', 'A', 'a ', '', 'ä', '1', '01', 'a\0', 'a\0b'];
  await put(
    sink,
    keys.map((k, i) => topic.insert({ k, n: i })),
  );
  await put(sink, [topic.update({ k: 'A', n: 99 }), topic.delete({ k: 'a\0' })]);
  expect(messages(sink)).toEqual([]);
  const rows = await target.query('SELECT hex(k) AS k, n FROM t ORDER BY n');
  const hex = (text: string): string => Buffer.from(text).toString('hex').toUpperCase();
  expect(rows).toEqual(
    keys
      .map((k, i) => ({ k: hex(k), n: k === 'A' ? 99 : i }))
      .filter(({ n: number }) => number !== 7)
      .toSorted((left, right) => left.n - right.n),
  );
});

test('a decimal key stays one key when the source gives it more digits', async () => {
  await using target = await sqliteSinkTarget();
  await using sink = await startTargetSink(target);
  const of = (scale: number) => column('amount', null, decimal(scale, { optional: false }));
  const topic = new SinkTopic({ table: 't', columns: [of(2), n], key: ['amount'] });
  const amount = (unscaled: bigint, scale: number) => ({ unscaled, scale });
  await put(sink, [topic.insert({ amount: amount(150n, 2), n: 1 })]);
  topic.alter({ columns: [of(4), n] });
  await put(sink, [topic.update({ amount: amount(15_000n, 4), n: 2 })]);
  expect(await target.query('SELECT * FROM t')).toEqual([{ amount: '1.5', n: 2 }]);
});

describe('evolution (S20)', () => {
  test('a whole number becomes a decimal; of another kind the table is parked', async () => {
    await using target = await sqliteSinkTarget();
    await using sink = await startTargetSink(target);
    const topic = new SinkTopic({ table: 't', columns: [id, n, word], key: ['id'] });
    await put(sink, [topic.insert({ id: 1, n: 7, word: 'a' })]);
    topic.alter({ columns: [id, column('n', null, decimal(2)), word] });
    await put(sink, [topic.insert({ id: 2, n: { unscaled: 2n ** 64n, scale: 2 } })]);
    expect(messages(sink)).toEqual([]);
    expect(await target.query('SELECT id, n, word FROM t')).toEqual([
      { id: 1, n: '7', word: 'a' },
      { id: 2, n: '184467440737095516.16', word: null },
    ]);
    topic.alter({
      columns: [id, column('n', null, decimal(2)), column('word', null, { type: 'bytes' })],
    });
    await put(sink, [topic.insert({ id: 3, word: Buffer.from('x') })]);
    expect(messages(sink)).toEqual([expect.stringMatching(/^SINK_SCHEMA .*RENAME COLUMN/s)]);
  });

  test('without auto.create and auto.evolve the statements are told, not run', async () => {
    await using target = await sqliteSinkTarget();
    const own = { schemaEvolution: { create: false, evolve: false } };
    const topic = new SinkTopic({ table: 't', columns: [id, n], key: ['id'] });
    const records = [topic.insert({ id: 1, n: 1 })];
    {
      await using sink = await startTargetSink(target, own);
      await put(sink, records);
      const [message = ''] = messages(sink);
      await target.query(message.slice(message.indexOf('CREATE')));
    }
    await using sink = await startTargetSink(target, own);
    await put(sink, records);
    topic.alter({ columns: [id, n, word] });
    await put(sink, [topic.insert({ id: 2, word: 'x' })]);
    expect(messages(sink)).toEqual([expect.stringContaining('ADD COLUMN "word" TEXT;')]);
    expect(await target.query('SELECT * FROM t')).toEqual([{ id: 1, n: 1 }]);
  });

  test('a column that vanished from the target is made again', async () => {
    await using target = await sqliteSinkTarget();
    await using sink = await startTargetSink(target);
    const topic = new SinkTopic({ table: 't', columns: [id, n, word], key: ['id'] });
    await put(sink, [topic.insert({ id: 1, n: 1, word: 'a' })]);
    await target.query('ALTER TABLE t DROP COLUMN n');
    await put(sink, [topic.insert({ id: 2, n: 2, word: 'b' })]);
    expect(messages(sink)).toEqual([]);
    expect(await target.query('SELECT id, n, word FROM t')).toEqual([
      { id: 1, n: null, word: 'a' },
      { id: 2, n: 2, word: 'b' },
    ]);
  });

  test("a column of somebody's own takes null when the source lets it", async () => {
    await using target = await sqliteSinkTarget();
    await target.query('CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)');
    await using sink = await startTargetSink(target);
    const topic = new SinkTopic({ table: 't', columns: [id, n], key: ['id'] });
    await put(sink, [topic.insert({ id: 1, n: null })]);
    expect(messages(sink)).toEqual([]);
    expect(await target.query('SELECT * FROM t')).toEqual([{ id: 1, n: null }]);
  });

  test('names that SQLite holds equal are refused, of columns and of tables (S14)', async () => {
    await using target = await sqliteSinkTarget();
    await using sink = await startTargetSink(target);
    const log = new SinkLog();
    const both = [
      id,
      column('Name', null, { type: 'string' }),
      column('name', null, { type: 'string' }),
    ];
    const one = new SinkTopic({ table: 'columns', columns: both, key: ['id'] }, log);
    const upper = new SinkTopic({ table: 'Orders', columns: [id, n], key: ['id'] }, log);
    const lower = new SinkTopic({ table: 'orders', columns: [id, n], key: ['id'] }, log);
    const later = new SinkTopic({ table: 'later', columns: [id, n], key: ['id'] }, log);
    await put(sink, [
      one.insert({ id: 1 }),
      upper.insert({ id: 1 }),
      lower.insert({ id: 1 }),
      later.insert({ id: 1 }),
    ]);
    later.alter({ columns: [id, n, column('N', null, { type: 'string' })] });
    await put(sink, [later.insert({ id: 2 })]);
    expect(messages(sink)).toEqual([
      expect.stringMatching(/^SINK_SCHEMA .*Name and name .* differ only by upper and lower case/),
      expect.stringMatching(/^SINK_SCHEMA .*orders.*Orders.* does not tell upper from lower case/s),
      expect.stringMatching(/^SINK_SCHEMA .*another column differs from N/),
    ]);
    expect(await target.query('SELECT * FROM Orders')).toEqual([{ id: 1, n: null }]);
  });

  test('a second topic into one table, where nobody asked for that, is refused', async () => {
    await using target = await sqliteSinkTarget();
    const own = { tableNameFormat: '${source.table}', tablePerTopic: true };
    const topic = (schema: string, log?: SinkLog) =>
      new SinkTopic({ schema, table: 't', columns: [id, n], key: ['id'] }, log);
    const first = topic('a');
    const second = topic('b', first.log);
    for (const records of [[first.insert({ id: 1, n: 1 }), second.insert({ id: 1, n: 2 })], []]) {
      await using sink = await startTargetSink(target, own);
      await put(sink, [...records, second.insert({ id: 1, n: 3 }), first.insert({ id: 2, n: 1 })]);
      expect(messages(sink)).toEqual([
        expect.stringMatching(/SINK_SCHEMA .*another topic.*source\.schema.*_/s),
      ]);
    }
    expect(await target.query('SELECT * FROM t')).toEqual([
      { id: 1, n: 1 },
      { id: 2, n: 1 },
    ]);
  });
});

describe("tables of somebody's own", () => {
  test('no row is taken for one of another key, whatever the table says', async () => {
    await using target = await sqliteSinkTarget();
    await target.query(
      `CREATE TABLE t (id INTEGER PRIMARY KEY ON CONFLICT IGNORE,
         word TEXT UNIQUE ON CONFLICT REPLACE)`,
    );
    await target.query("INSERT INTO t VALUES (1, 'a')");
    await using sink = await startTargetSink(target);
    const topic = new SinkTopic({ table: 't', columns: [id, word], key: ['id'] });
    await put(sink, [topic.update({ id: 1, word: 'b' }), topic.insert({ id: 2, word: 'b' })]);
    expect(await target.query('SELECT * FROM t')).toEqual([{ id: 1, word: 'b' }]);
    expect(messages(sink)).toEqual([expect.stringMatching(/^SINK_RECORD .*unique index.*t\.word/)]);
  });

  test('a key that does not tell texts apart parks the table', async () => {
    await using target = await sqliteSinkTarget();
    await target.query('CREATE TABLE t (k TEXT COLLATE NOCASE PRIMARY KEY, n INTEGER)');
    await using sink = await startTargetSink(target);
    const key = column('k', 'text', { type: 'string', optional: false });
    const topic = new SinkTopic({ table: 't', columns: [key, n], key: ['k'] });
    await put(sink, [topic.insert({ k: 'a', n: 1 })]);
    expect(messages(sink)).toEqual([expect.stringMatching(/^SINK_SCHEMA .*NOCASE/)]);
  });

  test('rows without a key are found by their bytes, and by another rowid', async () => {
    await using target = await sqliteSinkTarget();
    await target.query('CREATE TABLE t (rowid TEXT COLLATE NOCASE, n REAL)');
    await using sink = await startTargetSink(target);
    const name = column('rowid', 'text', { type: 'string' });
    const x = column('n', 'double precision', { type: 'float64' });
    const topic = new SinkTopic({ table: 't', columns: [name, x], key: [] });
    const rows = [
      { rowid: 'a', n: 0.1 },
      { rowid: 'A', n: 0.1 },
      { rowid: null, n: null },
      { rowid: null, n: null },
    ];
    await put(
      sink,
      rows.map((row) => topic.insert(row)),
    );
    await put(sink, [topic.delete({ rowid: 'A', n: 0.1 }), topic.delete(rows[2]!)]);
    expect(messages(sink)).toEqual([]);
    expect(await target.query('SELECT * FROM t')).toEqual([rows[0], rows[2]]);
  });

  test('columns that the table computes are left to it', async () => {
    await using target = await sqliteSinkTarget();
    await target.query('CREATE TABLE t (id INTEGER PRIMARY KEY, n AS (id * 2) STORED)');
    await using sink = await startTargetSink(target);
    const topic = new SinkTopic({ table: 't', columns: [id, n], key: ['id'] });
    await put(sink, [topic.insert({ id: 4, n: 1 })]);
    expect(await target.query('SELECT * FROM t')).toEqual([{ id: 4, n: 8 }]);
  });
});

test('a key of whole numbers that becomes one of decimals parks the table, unchanged', async () => {
  await using target = await sqliteSinkTarget();
  await using sink = await startTargetSink(target);
  const topic = new SinkTopic({ table: 't', columns: [id, n], key: ['id'] });
  await put(sink, [topic.insert({ id: 1, n: 1 })]);
  topic.alter({ columns: [column('id', null, decimal(2, { optional: false })), n] });
  await put(sink, [topic.insert({ id: { unscaled: 250n, scale: 2 }, n: 2 })]);
  expect(messages(sink)).toEqual([expect.stringMatching(/^SINK_SCHEMA .*snapshot it anew/)]);
  expect(await target.query('SELECT * FROM t')).toEqual([{ id: 1, n: 1 }]);
});

test('insert.mode: rows that are there, rows that are not', async () => {
  await using target = await sqliteSinkTarget();
  const topic = new SinkTopic({ table: 't', columns: [id, n], key: ['id'] });
  {
    await using sink = await startTargetSink(target, { insertMode: 'insert' });
    await put(sink, [topic.insert({ id: 1, n: 1 })]);
    await put(sink, [topic.delete({ id: 1 }), topic.insert({ id: 1, n: 2 })]);
    expect(messages(sink)).toEqual([]);
    await put(sink, [topic.insert({ id: 1, n: 3 })]);
    expect(messages(sink)).toEqual([expect.stringMatching(/^SINK_RECORD .*the primary key/)]);
  }
  await using sink = await startTargetSink(target, { name: 'updates', insertMode: 'update' });
  await put(sink, [topic.update({ id: 1, n: 4 }), topic.update({ id: 9, n: 4 })]);
  expect(messages(sink)).toEqual([]);
  expect(await target.query('SELECT * FROM t')).toEqual([{ id: 1, n: 4 }]);
});

test('the offsets of the sink are whole numbers in the file', () => {
  const text = { name: 't', castType: 'text' } as TargetColumn;
  const encoder = sqliteTarget.encoder({ type: 'string', optional: false }, text);
  expect(encoder.encode('007')).toBe("'007");
});
