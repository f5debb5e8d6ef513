import { expect, test } from 'vitest';
import { driverProperties } from '../../src/config/jdbc-sink-connection-options.ts';
import { CONFLUENT_JDBC_SINK_OPTIONS } from '../../src/config/jdbc-sink-options.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';

test('what of connection.… the sink has no name for goes to the driver', () => {
  const { options, problems } = examineOptions(
    CONFLUENT_JDBC_SINK_OPTIONS,
    {
      name: 's',
      'connector.class': 'x',
      'connection.url': 'jdbc:postgresql://h/d',
      'connection.user': 'u',
      'connection.password': 'p',
      'connection.attempts': '3',
      'connection.backoff.ms': '7',
      'connection.sslmode': 'require',
      'connection.oracle.jdbc.ReadTimeout': '45000',
    },
    { where: 's', rules: [], providers: { environment: {}, folder: '/' } },
  );
  expect(problems).toEqual([]);
  expect(driverProperties(options)).toEqual([
    ['sslmode', 'require'],
    ['oracle.jdbc.ReadTimeout', '45000'],
  ]);
});
