import { expect, test } from 'vitest';
import { postgresTarget } from '../../../dialects/postgres/postgres-target-dialect.ts';
import {
  historyColumns,
  historyNames,
  wantedHistory,
} from '../../../src/sink/sql/history-wanted.ts';
import type { SqlSinkOptions } from '../../../src/sink/sql/sql-sink-options.ts';
import { TableNaming } from '../../../src/sink/sql/table-naming.ts';
import { sinkOptions } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';

const mirror = { schema: 'public', table: 't' };
const options: SqlSinkOptions = sinkOptions({ url: 'postgres://h/d' }, { writeMode: 'history' });
const naming = new TableNaming(options, postgresTarget.identifierMax);
const id = column('id', 'integer', { type: 'int32', optional: false });
const n = column('n', 'integer', { type: 'int32', optional: false, default: 7 });

test('names are made of those of the mirror; a name that is too long is refused (S14)', () => {
  expect(historyNames(mirror, naming, '${table}__history')).toEqual({
    table: { schema: 'public', table: 't__history' },
    views: {
      versions: { schema: 'public', table: 't__versions' },
      current: { schema: 'public', table: 't__current' },
    },
  });
  expect(historyNames(mirror, naming, 'raw.${schema}_${table}').table).toEqual({
    schema: 'raw',
    table: 'public_t',
  });
  const long = { schema: 'public', table: 'x'.repeat(60) };
  expect(() => historyNames(long, naming, '${table}__history')).toThrow(/cannot be a name/);
});

test('nothing of the source is required, and rows have the key of their records', () => {
  const topic = new SinkTopic({ table: 't', columns: [id, n], key: ['id'] });
  for (const primaryKeyMode of ['none', 'record_key'] as const) {
    const columns = historyColumns(topic.insert({ id: 1, n: 2 }), naming, {
      ...options,
      primaryKeyMode,
    });
    const { wanted } = wantedHistory(mirror, columns, null, postgresTarget, options);
    expect(wanted.keyColumns).toEqual(['id']);
    expect(wanted.columns.slice(-2).map(({ name, schema }) => ({ name, schema }))).toMatchObject([
      { name: 'id', schema: { optional: true } },
      { name: 'n', schema: { optional: true } },
    ]);
    // In a new table no row is there that would need it.
    expect(wanted.columns.at(-1)!.schema).not.toHaveProperty('default');
  }
});

test('a column of the source that has a name of ours is refused', () => {
  for (const name of ['_cdc_pos', '_valid_from']) {
    const topic = new SinkTopic({
      table: 't',
      columns: [id, column(name, 'text', { type: 'string' })],
      key: ['id'],
    });
    const columns = historyColumns(topic.insert({ id: 1 }), naming, options);
    expect(() => wantedHistory(mirror, columns, null, postgresTarget, options)).toThrow(
      new RegExp(`column ${name}, which a history has of its own`),
    );
  }
});
