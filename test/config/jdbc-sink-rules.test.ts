import { expect, test } from 'vitest';
import { CONFLUENT_JDBC_SINK_OPTIONS } from '../../src/config/jdbc-sink-options.ts';
import { jdbcSinkRules } from '../../src/config/jdbc-sink-rules.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';

function problemsOf(input: Record<string, string>): string[] {
  const { problems } = examineOptions(
    CONFLUENT_JDBC_SINK_OPTIONS,
    { name: 's', 'connector.class': 'x', 'connection.url': 'jdbc:postgresql://h/d', ...input },
    {
      where: 's',
      rules: jdbcSinkRules('pk.mode'),
      providers: { environment: {}, folder: '/' },
    },
  );
  return problems.map(({ message }) => message);
}

test("Confluent's defaults are well-formed", () => {
  expect(problemsOf({})).toEqual([]);
});

test.each([
  [{ 'pk.mode': 'kafka' }],
  [{ 'pk.mode': 'kafka', 'insert.mode': 'upsert', 'pk.fields': 't,p,o' }],
  [{ 'pk.mode': 'record_header', 'insert.mode': 'update', 'delete.enabled': 'true' }],
])('%j is well-formed', (input) => {
  expect(problemsOf(input)).toEqual([]);
});

test.each([
  [{ 'insert.mode': 'upsert' }, 'upsert needs a key: set pk.mode to record_key'],
  [{ 'delete.enabled': 'true' }, 'delete.enabled needs pk.mode record_key'],
  [{ topics: 'a', 'topics.regex': 'b' }, 'topics and topics.regex exclude each other'],
  [{ 'connection.url': 'jdbc:oracle://u:pw@h/d' }, 'oracle is not supported yet'],
  [{ 'connection.url': 'mysql://u:pw@h' }, 'must name the database'],
  [{ 'connection.url': 'localhost' }, 'no scheme is not supported'],
  [{ 'pk.mode': 'kafka', 'insert.mode': 'update' }, 'update finds no row by the place'],
  [{ 'pk.mode': 'kafka', 'delete.enabled': 'true' }, 'delete.enabled needs pk.mode record_key'],
  [{ 'pk.mode': 'kafka', 'pk.fields': 't,p' }, 'pk.fields must name three columns'],
  [{ 'pk.mode': 'kafka', 'pk.fields': 't,p,p' }, 'pk.fields must name three columns'],
  [{ 'delete.mode': 'soft' }, 'soft needs delete.enabled true'],
  [
    { 'delete.mode': 'soft', 'delete.enabled': 'true', 'pk.mode': 'record_key' },
    'soft needs insert.mode upsert',
  ],
  [{ 'metadata.columns': 'op,when' }, 'does not know when; there are op, source_ts'],
])('%j', (input, message) => {
  const problems = problemsOf(input);
  expect(problems).toEqual([expect.stringContaining(message)]);
  expect(problems.join()).not.toContain('pw');
});
