import { expect, test } from 'vitest';
import { CONFLUENT_JDBC_SINK_OPTIONS, jdbcSinkRules } from '../../src/config/jdbc-sink-options.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';

function problemsOf(input: Record<string, string>): string[] {
  const { problems } = examineOptions(
    CONFLUENT_JDBC_SINK_OPTIONS,
    { name: 's', 'connector.class': 'x', ...input },
    {
      where: 's',
      rules: jdbcSinkRules('pk.mode'),
      providers: { environment: {}, folder: '/' },
    },
  );
  return problems.map(({ message }) => message);
}

test.each([
  { 'connection.url': 'duckdb:shop.db', 'default.schema': 'dwh' },
  { 'connection.url': 'jdbc:duckdb:/data/shop.db?threads=2&memory_limit=1GB' },
  { 'connection.url': 'duckdb:/data/shop.db', 'table.name.format': 'dwh.${topic}' },
])('%j is fine', (input) => {
  expect(problemsOf(input)).toEqual([]);
});

test.each([
  ['jdbc:duckdb:', 'must name a file'],
  ['duckdb::memory:', 'is gone with the daemon'],
  ['duckdb:md:shop', 'MotherDuck'],
  ['jdbc:duckdb:/data/shop.db;duckdb.read_only=true', 'the sink writes to it'],
  ['duckdb:/data/shop.db?access_mode=READ_ONLY', 'the sink writes to it'],
])('%s: %s', (url, message) => {
  expect(problemsOf({ 'connection.url': url })).toEqual([expect.stringContaining(message)]);
});
