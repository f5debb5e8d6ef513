import { expect, test } from 'vitest';
import { TidemarkError } from '../../../../src/foundation/errors.ts';
import type { MysqlQuerier, MysqlResult } from '../../../../src/source/mysql/wire/mysql-session.ts';
import {
  parseVersion,
  readBinlogFiles,
  readBinlogStatus,
  readReplicas,
  readServerFacts,
} from '../../../../src/source/mysql/wire/mysql-server-facts.ts';

const UUID = '0edc9ba3-e627-11f1-8348-02fc00000001';

/** Answers by the beginning of the statement; what is missing is refused. */
function answering(answers: Readonly<Record<string, MysqlResult>>): MysqlQuerier {
  return {
    query: (sql) => {
      const found = Object.entries(answers).find(([start]) => sql.startsWith(start));
      if (found !== undefined) return Promise.resolve(found[1]);
      return Promise.reject(new TidemarkError('MYSQL_PERMISSION', `no answer to ${sql}`));
    },
  };
}

function rows(...values: (string | null)[][]): MysqlResult {
  return { columns: [], rows: values };
}

test.each([
  ['9.7.4', 90_704],
  ['8.0.15-log', 80_015],
  ['5.5.5-10.11.18-MariaDB-0+deb12u1-log', 101_118],
  ['11.4.5-MariaDB', 110_405],
])('version %s is %i', (text, version) => {
  expect(parseVersion(text)).toBe(version);
});

test('a version that is none is refused', () => {
  expect(() => parseVersion('Vitess')).toThrow(
    expect.objectContaining({ code: 'MYSQL_UNSUPPORTED_SERVER' }),
  );
});

test('facts of MySQL', async () => {
  const facts = await readServerFacts(
    answering({
      'SELECT VERSION()': rows(['9.7.4', "o'neil@x@%"]),
      'SHOW GLOBAL VARIABLES': rows(
        ['server_id', '7'],
        ['server_uuid', UUID.toUpperCase()],
        ['gtid_mode', 'ON'],
        ['log_bin', 'ON'],
        ['binlog_format', 'row'],
        ['binlog_expire_logs_seconds', '2592000'],
        ['expire_logs_days', '0'],
        ['log_replica_updates', 'ON'],
        ['lower_case_table_names', '1'],
        ['time_zone', '+05:30'],
        ['system_time_zone', 'UTC'],
      ),
      'SELECT @@global.gtid_executed': rows([`${UUID}:1-9:\n tag_a:1`, '']),
    }),
  );
  expect(facts).toMatchObject({
    flavor: 'mysql',
    version: 90_704,
    serverId: 7,
    serverUuid: UUID,
    account: "'o''neil@x'@'%'",
    lowerCaseTableNames: 1,
    timeZone: '+05:30',
    binlog: {
      enabled: true,
      format: 'ROW',
      rowImage: null,
      expireSeconds: 2_592_000,
      logsReplicated: true,
    },
  });
  expect(facts.gtid.kind === 'mysql' && facts.gtid.executed.toString()).toBe(`${UUID}:1-9:tag_a:1`);
});

test('facts of MariaDB: no uuid, its own GTIDs, days of retention', async () => {
  const facts = await readServerFacts(
    answering({
      'SELECT VERSION()': rows(['10.11.18-MariaDB-log', 'cdc@localhost']),
      'SHOW GLOBAL VARIABLES': rows(
        ['server_id', '1'],
        ['gtid_domain_id', '3'],
        ['log_bin', 'OFF'],
        ['expire_logs_days', '1.5'],
        ['binlog_annotate_row_events', 'ON'],
        ['log_slave_updates', 'OFF'],
      ),
      'SELECT @@global.gtid_binlog_pos, @@global.gtid_slave_pos': rows(['0-1-5,3-1-7', '0-1-4']),
    }),
  );
  expect(facts).toMatchObject({
    flavor: 'mariadb',
    serverUuid: null,
    account: "'cdc'@'localhost'",
    gtid: { kind: 'mariadb', domain: 3 },
    binlog: { enabled: false, expireSeconds: 129_600, logsStatements: true, logsReplicated: false },
  });
});

const OLD = { flavor: 'mysql', version: 80_015 } as Awaited<ReturnType<typeof readServerFacts>>;
const NEW = { ...OLD, version: 90_704 };
const MARIADB = { ...OLD, flavor: 'mariadb', version: 110_405 } as typeof OLD;

test('where the binlog ends is asked in the words of the version (PITFALLS B16)', async () => {
  const columns = ['File', 'Position', 'Binlog_Do_DB', 'Binlog_Ignore_DB', 'Executed_Gtid_Set'];
  const status = { columns, rows: [['binlog.000002', '157', 'a,b', '', `${UUID}:1-5`]] };
  const old = answering({ 'SHOW MASTER STATUS': status });
  const now = answering({ 'SHOW BINARY LOG STATUS': status });
  for (const [session, facts] of [
    [old, OLD],
    [old, MARIADB],
    [now, NEW],
  ] as const) {
    const found = await readBinlogStatus(session, facts);
    expect(found).toMatchObject({ file: 'binlog.000002', position: 157, doDatabases: 'a,b' });
    expect(found?.executed?.toString()).toBe(`${UUID}:1-5`);
  }
  expect(await readBinlogStatus(answering({ SHOW: { columns, rows: [] } }), NEW)).toBeNull();
  await expect(readBinlogStatus(now, OLD)).rejects.toMatchObject({ code: 'MYSQL_PERMISSION' });
});

test('files have a size, whatever other columns there are', async () => {
  const session = answering({
    'SHOW BINARY LOGS': rows(['a.1', '1024', 'No'], ['a.2', '5000000000']),
  });
  expect(await readBinlogFiles(session)).toEqual([
    { name: 'a.1', bytes: 1024 },
    { name: 'a.2', bytes: 5_000_000_000 },
  ]);
});

test('replicas are listed in the words of the version, if the account may', async () => {
  const now = answering({
    'SHOW REPLICAS': {
      columns: ['Server_Id', 'Host', 'Port', 'Source_Id', 'Replica_UUID'],
      rows: [['7', 'db2', '3306', '1', UUID]],
    },
  });
  expect(await readReplicas(now, NEW)).toEqual([{ serverId: 7, host: 'db2', uuid: UUID }]);
  const maria = answering({
    'SHOW SLAVE HOSTS': {
      columns: ['Server_id', 'Host', 'Port', 'Master_id'],
      rows: [['7', '', '0', '1']],
    },
  });
  expect(await readReplicas(maria, MARIADB)).toEqual([{ serverId: 7, host: '', uuid: null }]);
  expect(await readReplicas(now, OLD)).toBeNull();
});
