import { expect, test } from 'vitest';
import { CONFLUENT_JDBC_SINK_OPTIONS } from '../../src/config/jdbc-sink-options.ts';
import { jdbcSinkRules } from '../../src/config/jdbc-sink-rules.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';

function problemsOf(input: Record<string, string>): string[] {
  const { problems } = examineOptions(
    CONFLUENT_JDBC_SINK_OPTIONS,
    { name: 's', 'connector.class': 'x', 'connection.url': 'jdbc:postgresql://h/d', ...input },
    { where: 's', rules: jdbcSinkRules('pk.mode'), providers: { environment: {}, folder: '/' } },
  );
  return problems.map(({ message }) => message);
}

const GUARDED = { 'position.guard': 'true', 'pk.mode': 'record_key', 'insert.mode': 'upsert' };

test.each([
  [{ 'write.mode': 'history' }],
  [{ 'write.mode': 'both', 'history.name.format': 'raw.${schema}_${table}' }],
  [GUARDED],
  [{ ...GUARDED, 'delete.mode': 'soft', 'delete.enabled': 'true' }],
])('%j is well-formed', (input) => {
  expect(problemsOf(input)).toEqual([]);
});

test.each([
  [{ 'write.mode': 'history', 'pk.mode': 'kafka' }, 'with pk.mode kafka use mirror'],
  [{ 'history.name.format': '${topic}_h' }, 'does not know ${topic}'],
  [{ 'history.name.format': 'a.b.${table}' }, 'more than schema and table'],
  [{ 'history.name.format': 'history' }, 'must have ${table}'],
  [{ 'history.name.format': '${table}' }, 'the name of the mirror'],
  [{ 'position.guard': 'true' }, 'set pk.mode to record_key'],
  [{ 'position.guard': 'true', 'pk.mode': 'record_key' }, 'needs insert.mode upsert'],
  [{ ...GUARDED, 'write.mode': 'history' }, 'takes changes in any order'],
])('%j is refused', (input, message) => {
  expect(problemsOf(input).join('\n')).toContain(message);
});
