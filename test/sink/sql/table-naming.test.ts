import { expect, test } from 'vitest';
import { mysqlTarget } from '../../../dialects/mysql/mysql-target-dialect.ts';
import { postgresTarget } from '../../../dialects/postgres/postgres-target-dialect.ts';
import type { Struct } from '../../../src/model/connect-schema.ts';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import { SQL_SINK_DEFAULTS } from '../../../src/sink/sql/sql-sink-options.ts';
import { TableNaming } from '../../../src/sink/sql/table-naming.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';

const topic = new SinkTopic({
  schema: 'My.Schema',
  table: 'T.1',
  columns: [column('id', null, { type: 'int32' })],
  key: ['id'],
});
const record = topic.insert({ id: 1 });

test.each([
  [{}, 'My.Schema', 'T.1'],
  [{ tableNameFormat: '${source.table}' }, 'public', 'T.1'],
  [{ tableNameFormat: '${topic}' }, 'public', 'shop_My_Schema_T_1'],
  [{ tableNameFormat: '${topic}', topicDots: 'qualify' as const }, 'T', '1'],
  [{ tableNameFormat: 'raw.x_${source.table}_y', defaultSchema: 'd' }, 'raw', 'x_T.1_y'],
])('%j', (change, schema, table) => {
  const naming = new TableNaming({ ...SQL_SINK_DEFAULTS, ...change }, postgresTarget.identifierMax);
  expect(naming.target(record)).toEqual({ schema, table });
});

test('a topic that transforms gave it names the table', () => {
  const naming = new TableNaming(
    { ...SQL_SINK_DEFAULTS, tableNameFormat: '${topic}' },
    postgresTarget.identifierMax,
  );
  expect(naming.target({ ...record, destination: 'other.t' })?.table).toBe('other_t');
});

test('a tombstone names a table only by its topic', () => {
  const tombstone = topic.tombstone({ id: 1 });
  expect(
    new TableNaming(SQL_SINK_DEFAULTS, postgresTarget.identifierMax).target(tombstone),
  ).toBeNull();
  const byTopic = new TableNaming(
    { ...SQL_SINK_DEFAULTS, tableNameFormat: '${topic}' },
    postgresTarget.identifierMax,
  );
  expect(byTopic.target(tombstone)?.table).toBe('shop_My_Schema_T_1');
});

test('a flat record has no source to be named by; unknown placeholders are refused', () => {
  expect(() =>
    new TableNaming(SQL_SINK_DEFAULTS, postgresTarget.identifierMax).target(topic.flat({ id: 1 })),
  ).toThrow(/source block/);
  const unknown = new TableNaming(
    { ...SQL_SINK_DEFAULTS, tableNameFormat: '${nothing}' },
    postgresTarget.identifierMax,
  );
  expect(() => unknown.target(record)).toThrow(/unknown placeholder/);
  expect(
    () =>
      new TableNaming(
        { ...SQL_SINK_DEFAULTS, tableNameFormat: 'a.b.c' },
        postgresTarget.identifierMax,
      ),
  ).toThrow(/table\.name\.format/);
});

test('names are folded without quotes, and their length is counted in bytes (S14)', () => {
  const unquoted = new TableNaming(
    { ...SQL_SINK_DEFAULTS, quoteIdentifiers: false },
    postgresTarget.identifierMax,
  );
  expect(unquoted.identifier('MyTable')).toBe('mytable');
  expect(unquoted.identifier('My Table')).toBe('My Table');
  const quoted = new TableNaming(SQL_SINK_DEFAULTS, postgresTarget.identifierMax);
  expect(quoted.identifier('é'.repeat(31))).toHaveLength(31);
  for (const name of ['', 'é'.repeat(32), 'a\0']) {
    expect(() => quoted.identifier(name)).toThrow(/cannot be a name/);
  }
});

test('where a schema is a database the source block has only that', () => {
  const source = {
    type: 'struct',
    optional: false,
    fields: ['db', 'table'].map((name) => ({ name, schema: { type: 'string', optional: false } })),
  } as const;
  const { value } = record;
  const fields = value!.schema.fields!.map((field) =>
    field.name === 'source' ? { name: 'source', schema: source } : field,
  );
  const values = value!.values.map((one, i) =>
    fields[i]?.name === 'source' ? { schema: source, values: ['shop', 'orders'] } : one,
  );
  const changed = { schema: { ...value!.schema, fields }, values } as Struct;
  const ofMysql: SinkRecord = { ...record, value: changed };
  expect(new TableNaming(SQL_SINK_DEFAULTS, postgresTarget.identifierMax).target(ofMysql)).toEqual({
    schema: 'shop',
    table: 'orders',
  });
});

test('limits are in the unit of the product (S14)', () => {
  const naming = new TableNaming(SQL_SINK_DEFAULTS, mysqlTarget.identifierMax);
  expect(naming.identifier('ä'.repeat(64))).toHaveLength(64);
  expect(() => naming.identifier('ä'.repeat(65))).toThrow(/1 to 64 characters/);
});
