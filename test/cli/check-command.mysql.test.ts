import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type CliResult, runProgram } from '../support/cli-process.ts';
import { mysqlProperties } from '../support/examined-mysql-source.ts';
import type { MysqlAddress } from '../support/mysql-database.ts';
import { freshMysqlDatabase, sharedMysql } from '../support/mysql-database.ts';
import { startServer } from '../support/mysql-server.ts';
import { pipelineFolder } from '../support/pipeline-text.ts';

interface CheckOutput {
  readonly ok: boolean;
  readonly errors: readonly {
    readonly code: string;
    readonly message: string;
    readonly cure: string;
  }[];
  readonly warnings: readonly string[];
}

const { flavor, series } = sharedMysql();
const DEBEZIUM = {
  mysql: 'io.debezium.connector.mysql.MySqlConnector',
  mariadb: 'io.debezium.connector.mariadb.MariaDbConnector',
};

async function check(
  server: MysqlAddress,
  overrides: Readonly<Record<string, string>> = {},
): Promise<CheckOutput & Pick<CliResult, 'code'>> {
  await using pipeline = await pipelineFolder({
    name: 'shop',
    source: mysqlProperties(server, overrides),
  });
  const { code, stdout, stderr } = await runProgram(['check', pipeline.file, '--json']);
  expect(stderr).toBe('');
  return { code, ...(JSON.parse(stdout) as CheckOutput) };
}

const codes = ({ errors }: CheckOutput): string[] => errors.map(({ code }) => code);

describe('check', () => {
  test('all is well, and nothing was changed', async () => {
    await using database = await freshMysqlDatabase();
    await database.query('CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9))');
    const outcome = await check(database, { 'database.include.list': database.name });
    expect(outcome).toMatchObject({ code: 0, ok: true, errors: [] });
    const source = mysqlProperties(database, { 'database.include.list': database.name });
    await using pipeline = await pipelineFolder({ name: 'shop', source });
    const people = await runProgram(['check', pipeline.file]);
    expect(people.stdout).toMatch(/source and 0 sinks are ready\.\n$/);
  });

  test('wrong password, and a server that is not there', async () => {
    const refused = await check(sharedMysql(), { 'database.password': 'wrong' });
    expect(refused.code).toBe(3);
    expect(codes(refused)).toEqual(['MYSQL_AUTH']);
    expect(JSON.stringify(refused)).not.toContain('wrong');
    const away = await check(sharedMysql(), { 'database.port': '1' });
    expect(codes(away)).toEqual(['MYSQL_CONNECT']);
    expect(away.errors[0]?.cure).toContain('database.hostname');
  });

  test('privileges that are missing, each with its GRANT (PITFALLS B17)', async () => {
    await using database = await freshMysqlDatabase();
    await database.query('CREATE TABLE t (id INT PRIMARY KEY)');
    const user = `u_${randomBytes(4).toString('hex')}`;
    await database.query(`CREATE USER '${user}'@'%' IDENTIFIED BY 'x'`);
    await database.query(`GRANT INSERT ON ${database.name}.* TO '${user}'@'%'`);
    try {
      const outcome = await check(database, {
        'database.include.list': database.name,
        'database.user': user,
        'database.password': 'x',
      });
      expect(outcome.code).toBe(3);
      expect(new Set(codes(outcome))).toEqual(new Set(['MYSQL_PERMISSION']));
      const cures = outcome.errors.map(({ cure }) => cure).join('\n');
      expect(cures).toContain(`GRANT REPLICATION SLAVE ON *.* TO '${user}'@'%';`);
      expect(cures).toContain(`GRANT SELECT ON \`${database.name}\`.* TO '${user}'@'%';`);
    } finally {
      await database.query(`DROP USER '${user}'@'%'`);
    }
  });

  test("defaults of Debezium's class that lose values are told with the columns", async () => {
    await using database = await freshMysqlDatabase();
    await database.query('CREATE TABLE t (id INT PRIMARY KEY, n BIGINT UNSIGNED, d DATE)');
    const outcome = await check(database, {
      'connector.class': DEBEZIUM[flavor],
      'database.include.list': database.name,
      'database.server.id': '4711',
      'schema.history.internal.kafka.topic': 'history',
    });
    expect(outcome).toMatchObject({ code: 0, errors: [] });
    const warnings = outcome.warnings.join('\n');
    expect(warnings).toContain(`BIGINT UNSIGNED as int64: ${database.name}.t.n`);
    const [row] = await database.query<{ mode: string }>('SELECT @@GLOBAL.sql_mode AS mode');
    const keepsOut = /STRICT.*/.test(row?.mode ?? '') && row?.mode.includes('NO_ZERO_DATE');
    if (keepsOut !== true) expect(warnings).toContain(`zero dates (0000-00-00, 2026-00-00)`);
  });

  test('two tables of one topic', async () => {
    await using database = await freshMysqlDatabase();
    await database.query('CREATE TABLE `a b` (id INT PRIMARY KEY)');
    await database.query('CREATE TABLE a_b (id INT PRIMARY KEY)');
    const outcome = await check(database, { 'database.include.list': database.name });
    expect(codes(outcome)).toEqual(['TOPIC_COLLISION']);
  });
});

if (series !== '5.6')
  test('log_bin is off', async () => {
    await using server = await startServer(series, { settings: { 'skip-log-bin': true } });
    const outcome = await check(server);
    expect(outcome.code).toBe(3);
    expect(codes(outcome)).toEqual(['MYSQL_BINLOG_OFF']);
    expect(outcome.errors[0]?.cure).toContain('log_bin');
  });
