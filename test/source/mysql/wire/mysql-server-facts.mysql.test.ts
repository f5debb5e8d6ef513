import { expect, test } from 'vitest';
import {
  readBinlogFiles,
  readBinlogStatus,
  readReplicas,
  readServerFacts,
} from '../../../../src/source/mysql/wire/mysql-server-facts.ts';
import { MysqlSession } from '../../../../src/source/mysql/wire/mysql-session.ts';
import { startProblem } from '../../../../src/source/mysql/wire/start-check.ts';
import { freshMysqlDatabase, sharedMysql } from '../../../support/mysql-database.ts';
import { binlogEnd, connectionTo } from '../../../support/mysql-source.ts';

const { signal } = new AbortController();
const server = sharedMysql();
const { flavor, series } = server;

test('what a server says of itself (PITFALLS B16, B18, B20)', async () => {
  await using session = await MysqlSession.connect(connectionTo(server), signal);
  const facts = await readServerFacts(session);
  const [major = 0, minor = 0] = series.split('.').map(Number);
  expect(Math.floor(facts.version / 100)).toBe(major * 100 + minor);
  expect(session.isMariadb).toBe(flavor === 'mariadb');
  expect(facts).toMatchObject({
    flavor,
    versionText: server.version,
    serverId: server.port,
    account: `'${server.user}'@'%'`,
    timeZone: '+00:00',
    lowerCaseTableNames: 0,
    binlog: {
      enabled: true,
      format: 'ROW',
      rowImage: 'FULL',
      rowMetadata: series === '5.6' || series === '5.7' ? null : 'FULL',
      checksum:
        flavor === 'mariadb' ? (expect.stringMatching(/^(CRC32|NONE)$/) as string) : 'CRC32',
    },
  });
  if (flavor === 'mysql') expect(facts.serverUuid).toMatch(/^[\da-f-]{36}$/);
  else expect(facts.serverUuid).toBeNull();
  expect(facts.binlog.expireSeconds).not.toBeNull();
});

test('the end of the binlog moves with what is written, and is a start', async () => {
  await using database = await freshMysqlDatabase();
  await using session = await MysqlSession.connect(connectionTo(server), signal);
  const before = await binlogEnd(server);
  await database.query('CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)');
  const facts = await readServerFacts(session);
  const status = await readBinlogStatus(session, facts);
  const files = await readBinlogFiles(session);
  const file = files.find(({ name }) => name === status?.file);
  expect(file?.bytes).toBeGreaterThanOrEqual(status?.position ?? Infinity);
  expect(before.file.position).toBeLessThan(status?.position ?? 0);
  const origin = { serverUuid: facts.serverUuid, serverId: facts.serverId };
  for (const start of [before.file, before.gtid]) {
    expect(startProblem(start, origin, facts, files)).toBeNull();
  }
  const { executed } = status ?? {};
  if (facts.gtid.kind === 'mysql') {
    expect(executed?.contains(facts.gtid.executed)).toBe(true);
    const ahead = facts.gtid.executed.clone();
    ahead.add(facts.serverUuid ?? '', '', 2n ** 40n);
    const start = { kind: 'gtid', executed: ahead } as const;
    expect(startProblem(start, origin, facts, files)?.code).toBe('MYSQL_GTID_DIVERGED');
  } else {
    expect(executed).toBeNull();
    expect(facts.gtid.binlog.of(0)?.server).toBe(server.port);
  }
  const other = { serverUuid: null, serverId: 1 };
  const moved = startProblem(before.file, other, { ...facts, serverUuid: null }, files);
  expect(moved?.code).toBe('MYSQL_POSITION');
});

test('nobody has registered under an id that is not connected', async () => {
  await using session = await MysqlSession.connect(connectionTo(server), signal);
  const replicas = await readReplicas(session, await readServerFacts(session));
  expect(replicas?.some(({ serverId }) => serverId === 123_456_789)).toBe(false);
});
