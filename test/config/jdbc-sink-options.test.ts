import { expect, test } from 'vitest';
import {
  CONFLUENT_JDBC_SINK_OPTIONS,
  DEBEZIUM_JDBC_SINK_OPTIONS,
  JDBC_SINK_OPTIONS,
} from '../../src/config/jdbc-sink-options.ts';

test.each([
  ['ours', JDBC_SINK_OPTIONS],
  ["Confluent's", CONFLUENT_JDBC_SINK_OPTIONS],
  ["Debezium's", DEBEZIUM_JDBC_SINK_OPTIONS],
])('%s: each property stands in the table once', (_, table) => {
  const names = table.map(({ name }) => name);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});
