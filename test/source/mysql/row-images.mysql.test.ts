import { isDeepStrictEqual } from 'node:util';
import type mysql from 'mysql2/promise';
import { expect, test } from 'vitest';
import { BesideSource } from '../../support/mysql-beside.ts';
import { freshMysqlDatabase, sharedMysql } from '../../support/mysql-database.ts';
import { rowsOf } from '../../support/mysql-replay.ts';
import { randomFrom } from '../../support/ledger-load.ts';

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261122);
const STATEMENTS = process.env['TIDEMARK_TEST_ALL'] === '1' ? 1000 : 150;
const { series, flavor } = sharedMysql();
const IMAGES = ['MINIMAL', 'NOBLOB', ...(series === '11.4' ? ['FULL_NODUP'] : [])];

const TABLES = `CREATE TABLE t (id INT PRIMARY KEY, v INT, w VARCHAR(20) DEFAULT 'usual',
    n INT NOT NULL DEFAULT 7, b TEXT, c BLOB, at TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP);
  CREATE TABLE k (v INT, b TEXT, w VARCHAR(20) DEFAULT 'usual')`;

function randomStatement(random: () => number): string {
  const pick = (count: number): number => Math.floor(random() * count);
  const id = pick(12);
  const text = random() < 0.3 ? 'NULL' : `'text ${pick(9)}'`;
  const number = random() < 0.3 ? 'NULL' : String(pick(5));
  const statements = [
    `REPLACE INTO t VALUES (${id}, ${number}, ${text}, ${pick(5)}, ${text}, ${text}, NULL)`,
    // What is not named takes its default.
    `INSERT IGNORE INTO t (id, v) VALUES (${id}, ${number})`,
    `INSERT IGNORE INTO t (b, id) VALUES (${text}, ${id})`,
    `UPDATE t SET v = ${number} WHERE id < ${id}`,
    `UPDATE t SET b = ${text} WHERE id = ${id}`,
    `UPDATE t SET w = ${text}, c = ${text} WHERE id > ${id}`,
    `UPDATE IGNORE t SET id = ${pick(12)} WHERE id = ${id}`,
    `INSERT INTO t (id, n) VALUES (${id}, 1) ON DUPLICATE KEY UPDATE n = n + 1`,
    `DELETE FROM t WHERE id = ${id}`,
    `INSERT INTO k (v, b) VALUES (${number}, ${text})`,
    'INSERT INTO k () VALUES ()',
    `UPDATE k SET b = ${text} WHERE v = ${pick(5)}`,
    `DELETE FROM k WHERE v = ${pick(5)} LIMIT 1`,
  ];
  return statements[pick(statements.length)] as string;
}

test.each(IMAGES)('row image %s: what a row lacks is never told as null (B61)', async (image) => {
  await using database = await freshMysqlDatabase();
  await database.query(TABLES);
  const source = await BesideSource.start(sharedMysql(), database.name);
  const client = await database.connect();
  await client.query(`SET SESSION binlog_row_image = '${image}'`);
  await client.query(`INSERT INTO t VALUES (1, 1, 'w', 1, 'long', 'bytes', NULL);
    UPDATE t SET v = NULL WHERE id = 1`);
  const random = randomFrom(SEED);
  for (let i = 0; i < STATEMENTS; i++) await client.query(randomStatement(random));
  await client.query('INSERT INTO k (v) VALUES (777)');
  await source.until(() => source.applied('k').some((row) => row.includes('777')));
  await source.stop();
  const [update] = source.told.filter(({ op }) => op === 'u');
  const isWhole = image === 'FULL_NODUP';
  const unchanged = image === 'MINIMAL' ? {} : { w: 'w', n: '1', at: null };
  expect(update?.after).toEqual({
    id: '1',
    v: null,
    ...(isWhole ? { w: 'w', n: '1', b: 'long', c: 'bytes', at: null } : unchanged),
  });
  for (const table of ['t', 'k']) {
    expect(source.applied(table)).toEqual(await rowsOf(sharedMysql(), database.name, table));
  }
});

const DOCUMENT = `'{"a": {"b": [1, {"c": "deep"}, [2, 3]], "long": "${'x'.repeat(300)}"},
  "n": 1.5, "s": "ü", "t": null}'`;

/** Of j alone, of j and k, of several rows, inside of what an earlier one has made, and none. */
const CHANGES = [
  `UPDATE p SET j = JSON_SET(j, '$.a.b[1].c', 'deeper') WHERE id = 1`,
  `UPDATE p SET j = JSON_SET(j, '$.a.b[2][1]', 4, '$.new', CAST('{"x": [true]}' AS JSON))`,
  `UPDATE p SET k = JSON_REMOVE(k, '$.a.b[0]'), v = v + 1 WHERE id <> 2`,
  `UPDATE p SET j = JSON_REPLACE(j, '$.new.x[0]', NULL), k = JSON_REMOVE(k, '$.a.long')`,
  `UPDATE p SET j = JSON_ARRAY_APPEND(j, '$.a.b', 'last', '$.a.b[2]', 5) WHERE id < 3`,
  `UPDATE p SET j = JSON_SET(j, '$.n', 12345678901234567890, '$.s', DATE'2026-11-22'),
     k = JSON_ARRAY_APPEND(k, '$.t', 1)`,
  `UPDATE p SET j = JSON_REMOVE(JSON_SET(j, '$.a.b[9]', 'behind'), '$.t') WHERE id IN (1, 3)`,
  `UPDATE p SET v = v + 1`,
  `UPDATE p SET j = JSON_SET(k, '$.n', 0), k = JSON_SET(j, '$.n', 0) WHERE id = 3`,
  `UPDATE p SET id = id + 10, j = JSON_SET(j, '$.moved', true) WHERE id = 2`,
  `UPDATE p SET j = NULL WHERE id = 12`,
  `UPDATE p SET j = '{"again": {}}' WHERE id = 12`,
  `UPDATE p SET j = JSON_SET(j, '$.again.now', JSON_ARRAY(1, 'two', JSON_OBJECT())) WHERE id = 12`,
  `UPDATE p SET j = JSON_SET(j, '$.a.long', repeat('y', 70000)) WHERE id = 1`,
  `UPDATE p SET j = JSON_REMOVE(j, '$.a.long') WHERE id = 1`,
];

type Document = Readonly<Record<string, string | null>>;

/** The rows as the server shows them, by their keys. */
async function documentsOf(client: mysql.Connection): Promise<Map<number, Document>> {
  const [rows] = await client.query(
    'SELECT id, CAST(j AS CHAR) AS j, v, CAST(k AS CHAR) AS k FROM p ORDER BY id',
  );
  return new Map(
    (rows as { id: number; j: string | null; v: number; k: string | null }[]).map(
      ({ id, j, v, k }) => [id, { id: String(id), j, v: String(v), k }],
    ),
  );
}

if (flavor === 'mysql' && (series === '8.0' || series === '9.7')) {
  test.each(['FULL', 'NOBLOB', 'MINIMAL'])(
    'partial JSON in a row image %s: the document as it is now, or none (PITFALLS B84)',
    async (image) => {
      await using database = await freshMysqlDatabase();
      const client = await database.connect();
      await client.query(`CREATE TABLE p (id INT PRIMARY KEY, j JSON, v INT, k JSON);
        INSERT INTO p VALUES (1, ${DOCUMENT}, 0, ${DOCUMENT}), (2, ${DOCUMENT}, 0, NULL),
          (3, '{"a": {"b": []}}', 0, ${DOCUMENT})`);
      const source = await BesideSource.start(sharedMysql(), database.name);
      await client.query(`SET SESSION binlog_row_value_options = 'PARTIAL_JSON',
        binlog_row_image = '${image}'`);
      const rows = await documentsOf(client);
      const expected: Document[] = [];
      for (const sql of CHANGES) {
        await client.query(sql);
        for (const [id, row] of await documentsOf(client)) {
          if (!isDeepStrictEqual(rows.get(id), row)) expected.push(row);
          rows.set(id, row);
        }
      }
      await client.query(`INSERT INTO p VALUES (777, NULL, 0, NULL)`);
      await source.until(() => source.told.some(({ key }) => key === '777'));
      await source.stop();
      const told = source.told.filter(({ op }) => op === 'u');
      expect(told.length).toBe(expected.length);
      for (const [i, { after }] of told.entries()) {
        if (image === 'FULL') expect(after).toEqual(expected[i]);
        // Absent is what the old row would be needed for, and never the key.
        expect({ ...expected[i], ...after }).toEqual(expected[i]);
        expect(after).toHaveProperty('id');
      }
    },
  );
}
