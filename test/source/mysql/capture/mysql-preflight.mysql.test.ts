import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import type { SourceOffset } from '../../../../src/model/change-event.ts';
import type { MysqlPreflightReport } from '../../../../src/source/mysql/capture/mysql-preflight.ts';
import { checkMysqlSource } from '../../../../src/source/mysql/capture/mysql-preflight.ts';
import { mysqlOptions } from '../../../support/examined-mysql-source.ts';
import { freshMysqlDatabase, sharedMysql } from '../../../support/mysql-database.ts';
import type { MysqlAddress } from '../../../support/mysql-database.ts';
import { startServer } from '../../../support/mysql-server.ts';

const { signal } = new AbortController();
const { flavor, series } = sharedMysql();

async function checked(
  server: MysqlAddress,
  database: string,
  change: Readonly<Record<string, string>> = {},
  stored: SourceOffset | null = null,
): Promise<MysqlPreflightReport> {
  const options = mysqlOptions(server, { 'database.include.list': database, ...change });
  const request = { options, pipeline: 'shop', stored };
  return await checkMysqlSource(request, signal, systemClock);
}

const login = (user: string, password: string): Record<string, string> => ({
  'database.user': user,
  'database.password': password,
});

test('a server that the tests prepared has no problem, and its tables are found', async () => {
  await using database = await freshMysqlDatabase();
  await database.query('CREATE TABLE t (id INT PRIMARY KEY); CREATE VIEW v AS SELECT * FROM t');
  const report = await checked(sharedMysql(), database.name);
  expect(report.problems).toEqual([]);
  expect(report.tables.map(({ id }) => id)).toEqual([
    { catalog: 'def', schema: database.name, table: 't' },
  ]);
  expect(report.server).toMatch(flavor === 'mariadb' ? /^MariaDB 1/ : /^MySQL /);
});

test('each GRANT that a finding names ends it (PITFALLS B17)', async () => {
  await using database = await freshMysqlDatabase();
  await database.query('CREATE TABLE t (id INT PRIMARY KEY)');
  const user = `u_${randomBytes(4).toString('hex')}`;
  await database.query(`CREATE USER '${user}'@'%' IDENTIFIED BY 'x'`);
  // Whoever sees nothing of a table does not see the table.
  await database.query(`GRANT INSERT ON ${database.name}.* TO '${user}'@'%'`);
  const first = await checked(sharedMysql(), database.name, login(user, 'x'));
  // MariaDB's snapshot does without a lock.
  const lacking = flavor === 'mariadb' ? 3 : 4;
  expect(first.problems.map(({ code }) => code)).toEqual(Array(lacking).fill('MYSQL_PERMISSION'));
  const commits = first.warnings.some(({ message }) => message.includes('not hold up commits'));
  expect(commits).toBe(flavor === 'mariadb');
  for (const { cure } of [...first.problems, ...first.warnings]) {
    if (cure.startsWith('GRANT ')) await database.query(cure.slice(0, cure.indexOf(';')));
  }
  const second = await checked(sharedMysql(), database.name, login(user, 'x'));
  expect(second.problems).toEqual([]);
  expect(second.warnings.filter(({ cure }) => cure.startsWith('GRANT '))).toEqual([]);
  await database.query(`DROP USER '${user}'@'%'`);
});

if (!(flavor === 'mysql' && (series === '5.6' || series === '5.7')))
  test('what an account may by a role counts', async () => {
    await using database = await freshMysqlDatabase();
    const name = `r_${randomBytes(4).toString('hex')}`;
    const account = `'u${name}'@'%'`;
    for (const sql of [
      `CREATE ROLE ${name}`,
      `GRANT SELECT, RELOAD, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO ${name}`,
      `CREATE USER ${account} IDENTIFIED BY 'x'`,
      `GRANT ${name} TO ${account}`,
      flavor === 'mariadb'
        ? `SET DEFAULT ROLE ${name} FOR ${account}`
        : `SET DEFAULT ROLE ${name} TO ${account}`,
    ]) {
      await database.query(sql);
    }
    const report = await checked(sharedMysql(), database.name, login(`u${name}`, 'x'));
    expect(report.problems).toEqual([]);
    await database.query(`DROP USER ${account}; DROP ROLE ${name}`);
  });

test('foreign keys that change rows unseen, unless the server logs them (B39)', async () => {
  await using database = await freshMysqlDatabase();
  await database.query(`
    CREATE TABLE p (id INT PRIMARY KEY);
    CREATE TABLE c (id INT PRIMARY KEY, p INT,
      CONSTRAINT casc FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE);
    CREATE TABLE r (id INT PRIMARY KEY, p INT,
      CONSTRAINT restr FOREIGN KEY (p) REFERENCES p (id) ON DELETE RESTRICT)`);
  const { warnings } = await checked(sharedMysql(), database.name);
  const about = warnings.filter(({ message }) => message.includes('foreign key'));
  expect(about.map(({ message }) => /foreign key (\w+)/.exec(message)?.[1])).toEqual(
    series === '9.7' ? [] : ['casc'],
  );
});

test('settings under which changes are lost, and what is left out (B18, B40)', async () => {
  await using server = await startServer(series, {
    settings: {
      'binlog-row-image': 'MINIMAL',
      'binlog-ignore-db': 'left_out',
      ...(series === '9.7' ? {} : { 'binlog-format': 'MIXED' }),
    },
  });
  await server.query('CREATE DATABASE left_out');
  await server.query('CREATE TABLE left_out.t (id INT PRIMARY KEY)');
  const { problems, warnings } = await checked(server, 'left_out');
  expect(problems.map(({ message }) => message.split(':')[0])).toEqual([
    ...(series === '9.7' ? [] : ['binlog_format is MIXED']),
    'changes of left_out are not in the binlog, because of binlog-ignore-db',
  ]);
  const cure = warnings.find(({ message }) => message.includes('binlog_row_image'))?.cure ?? '';
  await server.query(cure.slice(0, cure.indexOf(';')));
  const after = await checked(server, 'left_out');
  expect(after.warnings.some(({ message }) => message.includes('binlog_row_image'))).toBe(false);
});

if (series !== '5.6')
  test('without a binlog that is the problem, and without a connection that', async () => {
    // 5.6 does not start without one when it has GTIDs.
    await using server = await startServer(series, { settings: { 'skip-log-bin': true } });
    const off = await checked(server, 'any');
    expect(off.problems.map(({ code }) => code)).toEqual(['MYSQL_BINLOG_OFF']);
    const refused = await checked(server, 'any', login(server.user, 'wrong'));
    expect(refused.problems.map(({ code }) => code)).toEqual(['MYSQL_AUTH']);
    expect(refused.server).toBeNull();
  });

test('the other family is refused by its name', async () => {
  const other = flavor === 'mysql' ? 'mariadb' : 'mysql';
  const { problems } = await checked(sharedMysql(), 'any', { 'connector.class': other });
  expect(problems.map(({ code }) => code)).toEqual(['MYSQL_UNSUPPORTED_SERVER']);
  expect(problems[0]?.cure).toContain(`connector.class to ${flavor}`);
});

test('a position that the server has purged, and one that it still has (B21)', async () => {
  await using database = await freshMysqlDatabase();
  await database.query('CREATE TABLE t (id INT PRIMARY KEY)');
  const at = (file: string): SourceOffset => ({
    partition: { server: 'shop' },
    offset: { file, pos: 4, ts_sec: 1_700_000_000 },
    midTransaction: false,
  });
  const [row] = await database.query<{ Log_name: string }>('SHOW BINARY LOGS');
  const there = await checked(sharedMysql(), database.name, {}, at(row?.Log_name ?? ''));
  expect(there.problems).toEqual([]);
  const lost = await checked(sharedMysql(), database.name, {}, at('binlog.000000'));
  expect(lost.problems.map(({ code }) => code)).toEqual(['MYSQL_BINLOG_LOST']);
  const mode = { 'snapshot.mode': 'when_needed' };
  const again = await checked(sharedMysql(), database.name, mode, at('binlog.000000'));
  expect(again.problems).toEqual([]);
  expect(again.warnings.some(({ message }) => message.includes('read anew'))).toBe(true);
});

test('columns whose values may be lost are named', async () => {
  await using database = await freshMysqlDatabase();
  await database.query('CREATE TABLE t (id INT, n BIGINT UNSIGNED, PRIMARY KEY (id))');
  await database.query('CREATE TABLE m (id INT PRIMARY KEY) ENGINE = MyISAM');
  const { warnings } = await checked(sharedMysql(), database.name);
  const text = warnings.map(({ message }) => message).join('\n');
  expect(text).toContain(`BIGINT UNSIGNED as int64: ${database.name}.t.n`);
  expect(text).toContain(`engines without transactions: ${database.name}.m (MyISAM)`);
});
