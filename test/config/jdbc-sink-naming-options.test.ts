import { expect, test } from 'vitest';
import { NAMING_STRATEGY_RULES } from '../../src/config/jdbc-sink-naming-options.ts';
import { DEBEZIUM_JDBC_SINK_OPTIONS } from '../../src/config/jdbc-sink-options.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';

function problemsOf(input: Record<string, string>): string[] {
  const { problems } = examineOptions(
    DEBEZIUM_JDBC_SINK_OPTIONS,
    { name: 's', 'connector.class': 'x', 'connection.url': 'jdbc:postgresql://h/d', ...input },
    { where: 's', rules: NAMING_STRATEGY_RULES, providers: { environment: {}, folder: '/' } },
  );
  return problems.map(({ message }) => message);
}

test.each([
  [{ 'collection.naming.strategy': 'passthrough', 'collection.name.format': 'a_${topic}' }],
  [{ 'collection.name.format': '${source.table}' }],
  [{ 'column.naming.strategy': 'io.debezium.sink.naming.DefaultColumnNamingStrategy' }],
])('%j is well-formed', (input) => {
  expect(problemsOf(input)).toEqual([]);
});

test.each([
  [
    { 'collection.naming.strategy': 'passthrough', 'collection.name.format': '${source.table}' },
    'passthrough knows no ${source.…}',
  ],
  [{ 'collection.naming.strategy': 'com.example.Own' }, 'must be one of default, passthrough'],
  [{ 'column.naming.strategy': 'com.example.Own' }, 'must be one of default'],
  [{ 'column.naming.strategy.style': 'x' }, 'Java classes cannot be loaded'],
  [{ 'table.name.format': 'x' }, 'its name is collection.name.format today'],
])('%j is refused', (input, message) => {
  expect(problemsOf(input)).toEqual([expect.stringContaining(message)]);
});
