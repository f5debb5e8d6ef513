import { expect, test } from 'vitest';
import { mysqlSourceOptionsOf } from '../../src/runtime/mysql-source-options.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

function resolved(
  connectorClass: string,
  overrides: Readonly<Record<string, unknown>> = {},
): ReturnType<typeof mysqlSourceOptionsOf> {
  const source = {
    'connector.class': connectorClass,
    'database.hostname': 'db',
    'database.dbname': undefined,
    'topic.prefix': 'shop',
    ...overrides,
  };
  return mysqlSourceOptionsOf(parsedPipeline({ source }).source);
}

test('our classes: safe defaults, a history of their own', () => {
  for (const family of ['mysql', 'mariadb'] as const) {
    expect(resolved(family)).toMatchObject({
      family,
      connection: { host: 'db', port: 3306, sslMode: 'preferred', connectTimeoutMs: 30_000 },
      alternatives: [],
      serverId: undefined,
      skippedOperations: [],
      lockingMode: 'minimal',
      snapshotMode: 'initial',
      history: { topic: '__tidemark.history.shop', recoversLost: false },
      valueModes: { bigintUnsigned: 'long', dates: { zero: 'fail', adjustYears: false } },
    });
  }
});

test("Debezium's classes: its defaults", () => {
  const mysql = resolved('io.debezium.connector.mysql.MySqlConnector');
  expect(mysql).toMatchObject({
    family: 'mysql',
    skippedOperations: ['t'],
    valueModes: { dates: { zero: 'null' } },
  });
  const mariadb = resolved('io.debezium.connector.mariadb.MariaDbConnector');
  expect(mariadb).toMatchObject({ family: 'mariadb', connection: { sslMode: 'disabled' } });
});

test('a lost history is made anew by recovery alone, or where the flag says so', () => {
  const recovery = resolved('mysql', { 'snapshot.mode': 'recovery' });
  expect(recovery).toMatchObject({ snapshotMode: 'recovery', history: { recoversLost: true } });
  const based = 'snapshot.mode.configuration.based';
  const configured = resolved('mysql', {
    'snapshot.mode': 'configuration_based',
    [`${based}.start.stream`]: true,
    [`${based}.snapshot.on.schema.error`]: true,
  });
  expect(configured).toMatchObject({ snapshotMode: 'no_data', history: { recoversLost: true } });
});

test('several servers of a set, tried in order', () => {
  expect(
    resolved('mysql', { 'database.hostname': 'a,b', 'database.port': '3306,3307' }),
  ).toMatchObject({
    connection: { host: 'a', port: 3306 },
    alternatives: [{ host: 'b', port: 3307 }],
  });
});
