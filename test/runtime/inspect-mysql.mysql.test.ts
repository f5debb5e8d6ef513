import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { isMysqlUrl, mysqlConnectionOfUrl } from '../../src/runtime/inspect-mysql.ts';
import type { SourceInspection } from '../../src/runtime/inspect-source.ts';
import { inspectSource } from '../../src/runtime/inspect-source.ts';
import { freshMysqlDatabase, sharedMysql } from '../support/mysql-database.ts';

const { flavor } = sharedMysql();

function inspected(url: string): Promise<SourceInspection> {
  return inspectSource(url, new AbortController().signal, systemClock);
}

test('which server it is, its tables, and what the account lacks', async () => {
  await using database = await freshMysqlDatabase();
  const { name, host, port } = database;
  const user = `u_${randomBytes(4).toString('hex')}`;
  await database.query(`
    CREATE TABLE keyed (id INT PRIMARY KEY); CREATE TABLE keyless (v INT);
    INSERT INTO keyless VALUES (1), (2);
    CREATE USER '${user}'@'%' IDENTIFIED BY 'x$\{y}';
    GRANT SELECT, LOCK TABLES ON ${name}.* TO '${user}'@'%'`);
  try {
    // Either scheme does for either server.
    const url = `mysql://${user}:${encodeURIComponent('x${y}')}@${host}:${port}/${name}`;
    const inspection = await inspected(url);
    if (inspection.kind === 'postgres') throw new Error('of another family');
    expect(inspection).toMatchObject({ kind: flavor, database: name });
    expect(inspection.schemas.map((schema) => schema.name)).toEqual([name]);
    const tables = inspection.schemas[0]?.tables ?? [];
    expect(tables.map((table) => [table.name, table.hasKey])).toEqual([
      ['keyed', true],
      ['keyless', false],
    ]);
    expect(inspection.findings.problems.map(({ cure }) => cure)).toEqual([
      `GRANT REPLICATION SLAVE ON *.* TO '${user}'@'%';`,
      expect.stringMatching(/^GRANT (REPLICATION CLIENT|BINLOG MONITOR) ON \*\.\* TO /),
    ]);
    const text = inspection.findings.warnings.map(({ message }) => message).join('\n');
    expect(text).toContain(`no primary key, and no unique key without NULL: ${name}.keyless`);
  } finally {
    await database.query(`DROP USER '${user}'@'%'`);
  }
});

test('URLs of the family, and what is none', () => {
  expect(['mysql://h', 'jdbc:mariadb://h/d', 'postgres://h/d'].map(isMysqlUrl)).toEqual([
    true,
    true,
    false,
  ]);
  expect(mysqlConnectionOfUrl('mysql://[::1]:1/a%20b')).toMatchObject({
    database: 'a b',
    connection: { host: '::1', port: 1, user: 'root', password: undefined },
  });
  expect(() => mysqlConnectionOfUrl('mysql://h:x')).toThrow(
    expect.objectContaining({ code: 'USAGE' }),
  );
});
