import { expect, test } from 'vitest';
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
  const naming = new TableNaming({ ...SQL_SINK_DEFAULTS, ...change }, 63);
  expect(naming.target(record)).toEqual({ schema, table });
});

test('a topic that transforms gave it names the table', () => {
  const naming = new TableNaming({ ...SQL_SINK_DEFAULTS, tableNameFormat: '${topic}' }, 63);
  expect(naming.target({ ...record, destination: 'other.t' })?.table).toBe('other_t');
});

test('a tombstone names a table only by its topic', () => {
  const tombstone = topic.tombstone({ id: 1 });
  expect(new TableNaming(SQL_SINK_DEFAULTS, 63).target(tombstone)).toBeNull();
  const byTopic = new TableNaming({ ...SQL_SINK_DEFAULTS, tableNameFormat: '${topic}' }, 63);
  expect(byTopic.target(tombstone)?.table).toBe('shop_My_Schema_T_1');
});

test('a flat record has no source to be named by; unknown placeholders are refused', () => {
  expect(() => new TableNaming(SQL_SINK_DEFAULTS, 63).target(topic.flat({ id: 1 }))).toThrow(
    /source block/,
  );
  const unknown = new TableNaming({ ...SQL_SINK_DEFAULTS, tableNameFormat: '${nothing}' }, 63);
  expect(() => unknown.target(record)).toThrow(/unknown placeholder/);
  expect(() => new TableNaming({ ...SQL_SINK_DEFAULTS, tableNameFormat: 'a.b.c' }, 63)).toThrow(
    /table\.name\.format/,
  );
});

test('names are folded without quotes, and their length is counted in bytes (S14)', () => {
  const unquoted = new TableNaming({ ...SQL_SINK_DEFAULTS, quoteIdentifiers: false }, 63);
  expect(unquoted.identifier('MyTable')).toBe('mytable');
  expect(unquoted.identifier('My Table')).toBe('My Table');
  const quoted = new TableNaming(SQL_SINK_DEFAULTS, 63);
  expect(quoted.identifier('é'.repeat(31))).toHaveLength(31);
  for (const name of ['', 'é'.repeat(32), 'a\0']) {
    expect(() => quoted.identifier(name)).toThrow(/cannot be a name/);
  }
});
