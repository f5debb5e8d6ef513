import { expect, test } from 'vitest';
import { CONFLUENT_JDBC_SINK_OPTIONS } from '../../src/config/jdbc-sink-options.ts';
import { jdbcSinkRules } from '../../src/config/jdbc-sink-rules.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';

const FILE = { 'connection.url': 'jdbc:sqlite:/data/shop.db' };

function problemsOf(input: Record<string, string>): string[] {
  const { problems } = examineOptions(
    CONFLUENT_JDBC_SINK_OPTIONS,
    { name: 's', 'connector.class': 'x', ...FILE, ...input },
    {
      where: 's',
      rules: jdbcSinkRules('pk.mode'),
      providers: { environment: {}, folder: '/' },
    },
  );
  return problems.map(({ message }) => message);
}

test.each([
  {},
  { 'connection.url': 'sqlite:shop.db', 'default.schema': 'main' },
  { 'table.name.format': 'main.${topic}' },
  { 'table.name.format': '${source.schema}_${source.table}' },
  { 'table.name.format': '${source.schema}.${source.table}' },
  { 'connection.url': 'jdbc:postgresql://h/d', 'table.name.format': 'dwh.${topic}' },
])('%j is fine', (input) => {
  expect(problemsOf(input)).toEqual([]);
});

test.each([
  [{ 'connection.url': 'jdbc:sqlite:' }, 'must name a file'],
  [{ 'connection.url': 'sqlite::memory:' }, 'must name a file'],
  [{ 'offsets.schema': 'public' }, 'offsets.schema can only be main'],
  [{ 'default.schema': 'public' }, 'default.schema can only be main'],
  [{ 'table.name.format': 'dwh.${topic}' }, 'has no schemas; leave dwh out'],
])('%j: %s', (input, message) => {
  expect(problemsOf(input)).toEqual([expect.stringContaining(message)]);
});
