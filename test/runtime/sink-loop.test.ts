import { expect, test } from 'vitest';
import { sinkLoops } from '../../src/runtime/sink-loop.ts';
import { sinkOptionsOf } from '../../src/runtime/sink-options.ts';
import { INTEGER, keyedTable } from '../support/keyed-table.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

function problems(
  family: 'postgres' | 'mysql',
  sink: Readonly<Record<string, string>>,
  included: string | undefined = 'shop',
): readonly string[] {
  const source = {
    ...(family === 'mysql' ? { 'database.include.list': included } : {}),
    'connector.class': family,
    'database.dbname': family === 'postgres' ? 'shop' : undefined,
  };
  const config = parsedPipeline({
    source,
    sinks: [{ name: 'w', 'connector.class': 'jdbc', 'connection.user': 'me', ...sink }],
  });
  const id = { catalog: 'shop', schema: 'shop', table: 'orders' };
  const found = sinkLoops(config, config.sinks.map(sinkOptionsOf), [keyedTable(INTEGER, { id })]);
  return found.map(({ code, message }) => `${code} ${message}`);
}

const FOUND = ['CONFIG_INVALID sink w: the rows of shop.orders would go into a captured table'];

test.each([
  // The table's own name, whatever database the URL names.
  { 'connection.url': 'mysql://127.0.0.1:3306/copy' },
  { 'connection.url': 'jdbc:mariadb://localhost/copy' },
  { 'connection.url': 'mysql://localhost/shop', 'table.name.format': '${source.table}' },
])('MySQL into itself: %j', (sink) => {
  expect(problems('mysql', sink)).toEqual(FOUND);
});

test.each([
  { 'connection.url': 'mysql://localhost/copy', 'table.name.format': '${source.table}' },
  { 'connection.url': 'mysql://localhost/copy', 'table.name.format': '${topic}' },
  { 'connection.url': 'mysql://localhost:3307/copy' },
  { 'connection.url': 'mysql://elsewhere/copy' },
  { 'connection.url': 'postgres://localhost:3306/shop' },
  { 'connection.url': 'sqlite:/data/shop.db' },
  { 'connection.url': 'duckdb:/data/shop.db' },
])('other tables, servers and products: %j', (sink) => {
  expect(problems('mysql', sink)).toEqual([]);
});

test('a table that is not there yet will be captured, if all databases are', () => {
  const sink = { 'connection.url': 'mysql://localhost/copy', 'table.name.format': '${topic}' };
  expect(problems('mysql', sink, '.*')).toEqual(FOUND);
});

test('PostgreSQL into itself is told by the database', () => {
  const into = (database: string): readonly string[] =>
    problems('postgres', { 'connection.url': `postgres://localhost/${database}` });
  expect(into('shop')).toEqual(FOUND);
  expect(into('warehouse')).toEqual([]);
});
