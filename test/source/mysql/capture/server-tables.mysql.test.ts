import { expect, test } from 'vitest';
import { columnTypeText } from '../../../../dialects/mysql/ddl/column-types.ts';
import type { TableDefinition } from '../../../../dialects/mysql/ddl/table-definition.ts';
import {
  readDefinition,
  readServerTables,
} from '../../../../src/source/mysql/capture/server-tables.ts';
import { readServerFacts } from '../../../../src/source/mysql/wire/mysql-server-facts.ts';
import { MysqlSession } from '../../../../src/source/mysql/wire/mysql-session.ts';
import { freshMysqlDatabase, sharedMysql } from '../../../support/mysql-database.ts';
import { connectionTo } from '../../../support/mysql-source.ts';

const { signal } = new AbortController();
const { flavor } = sharedMysql();

const FULL = `CREATE TABLE \`full \`\` one\` (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  tiny TINYINT(1) DEFAULT 1, price DECIMAL(12,3) NOT NULL DEFAULT 0.000, f FLOAT, d DOUBLE(8,2),
  code CHAR(3) CHARACTER SET latin1 NOT NULL DEFAULT 'a\\'b', note TEXT COLLATE utf8mb4_bin,
  kind ENUM('a','b,c','it''s') DEFAULT 'a', tags SET('x','y'), flags BIT(5), raw VARBINARY(9),
  at_time TIMESTAMP(3) NULL DEFAULT NULL, made DATETIME DEFAULT CURRENT_TIMESTAMP,
  day DATE, born YEAR, spot POINT, lasts TIME(6), padded INT(7) ZEROFILL COMMENT 'it''s a comment',
  PRIMARY KEY (id, code), UNIQUE KEY u (code), KEY k (price)
) DEFAULT CHARSET=utf8mb4 COMMENT='of; everything'`;
const BARE = 'CREATE TABLE bare (v INT) PARTITION BY HASH (v) PARTITIONS 2';

function columnsOf({ columns }: TableDefinition, version: number): string[] {
  return columns.map(
    ({ name, type, nullable }) =>
      `${name} ${columnTypeText(type, { flavor, version })} ${nullable ? 'YES' : 'NO'} ` +
      (type.collation?.replace('utf8mb3', 'utf8') ?? 'NULL'),
  );
}

test('a definition is what information_schema says of the table (PITFALLS B119)', async () => {
  await using database = await freshMysqlDatabase();
  await database.query(`${FULL}; ${BARE}; CREATE VIEW v AS SELECT 1 AS x`);
  await using session = await MysqlSession.connect(connectionTo(database), signal);
  const facts = await readServerFacts(session, signal);
  const tables = (await readServerTables(session, signal)).filter(
    (table) => table.database === database.name,
  );
  expect(tables.map(({ name, engine }) => [name, engine])).toEqual([
    ['bare', 'InnoDB'],
    ['full ` one', 'InnoDB'],
  ]);
  const name = { database: database.name, name: 'full ` one' };
  const definition = await readDefinition(session, facts, name, signal);
  const known = await database.query<{ text: string }>(
    `SELECT CONCAT(COLUMN_NAME, ' ', COLUMN_TYPE, ' ', IS_NULLABLE, ' ',
       COALESCE(REPLACE(COLLATION_NAME, 'utf8mb3', 'utf8'), 'NULL')) AS text
     FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?
     ORDER BY ORDINAL_POSITION`,
    [database.name, 'full ` one'],
  );
  expect(definition).toMatchObject({ ...name, comment: 'of; everything' });
  expect(definition && columnsOf(definition, facts.version)).toEqual(known.map(({ text }) => text));
  expect(definition?.keys[0]?.parts.map(({ column }) => column)).toEqual(['id', 'code']);
  const bare = { database: database.name, name: 'bare' };
  expect(await readDefinition(session, facts, bare, signal)).toMatchObject({ ...bare, keys: [] });
  const gone = { database: database.name, name: 'gone' };
  expect(await readDefinition(session, facts, gone, signal)).toBeNull();
});
