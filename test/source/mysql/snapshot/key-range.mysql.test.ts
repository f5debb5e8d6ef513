import { expect, test } from 'vitest';
import { sharedMysql, freshMysqlDatabase } from '../../../support/mysql-database.ts';
import { mysqlSourceOptions, startMysqlSnapshot } from '../../../support/mysql-snapshot-run.ts';

const { flavor } = sharedMysql();

/** Keys whose order is not that of their texts (PITFALLS B118): definition, key, values. */
const KEYS: readonly (readonly [string, string, readonly string[]])[] = [
  ['k INT', 'k', ['-5', '10', '9', '100', '0', '2147483647']],
  ['k BIGINT UNSIGNED', 'k', ['18446744073709551615', '9223372036854775808', '5', '40', '0']],
  ['k INT(6) ZEROFILL', 'k', ['7', '70', '8', '80', '100000']],
  ['k DECIMAL(20,5)', 'k', ['-1.5', '-10.25', '9.99999', '10', '123456789012345.12345']],
  ['k DOUBLE', 'k', ['1e300', '-2.5', '0.1', '1e-300', '3', '16777217']],
  ['k FLOAT', 'k', ['0.1', '16777217.1', '-3.3', '1e30', '2.71828']],
  ['k BIT(33)', 'k', [`b'1'`, `b'0'`, `b'100000000000000000000000000000000'`, `b'1010'`, `b'11'`]],
  ['k YEAR', 'k', ['1999', '2001', '2155', '1901', '2024']],
  [`k ENUM('z','m','a','b c','')`, 'k', [`'a'`, `'z'`, `'m'`, `'b c'`, `''`]],
  [`k SET('z','m','a')`, 'k', [`'a'`, `'z'`, `'z,m'`, `''`, `'m,a'`]],
  [
    'k VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci',
    'k',
    [`'Äpfel'`, `'b'`, `'C'`, `'a1'`, `'z'`, `'Zebra'`, `'''"\\\\ '`, `'😀'`, `''`],
  ],
  ['k VARCHAR(20) CHARACTER SET latin1', 'k', [`'ä'`, `'b'`, `'C'`, `'ß'`, `'é2'`, `'€'`]],
  ['k CHAR(10) CHARACTER SET ucs2', 'k', [`'ä'`, `'b'`, `'C'`, `'日本'`, `'x'`]],
  ['k VARBINARY(10)', 'k', [`x'00'`, `x'ff'`, `x''`, `x'2761'`, `x'80'`, `x'0000'`]],
  ['k BINARY(4)', 'k', [`x'00000001'`, `x'ff000000'`, `'a'`, `x'5c275c27'`, `x'80'`]],
  ['k DATE', 'k', [`'2020-02-29'`, `'0000-00-00'`, `'1000-01-01'`, `'9999-12-31'`, `'1999-1-1'`]],
  ['k TIME(3)', 'k', [`'-838:59:59'`, `'100:00:00'`, `'09:00:00.5'`, `'-1:00:00'`, `'0'`]],
  [
    'k DATETIME(6)',
    'k',
    [`'2020-01-01 00:00:00.000001'`, `'2020-01-01'`, `'0000-00-00'`, `'1999-09-09'`, `'9999-1-1'`],
  ],
  [
    'k TIMESTAMP(2) NOT NULL',
    'k',
    [`'2020-01-01 00:00:00.01'`, `'1970-01-02'`, `'2038-01-01'`, `'2001-01-01'`],
  ],
  [
    'a INT, b VARCHAR(5), c DATE',
    'b, a, c',
    [
      `(1, 'x', '2020-01-01')`,
      `(1, 'x', '2020-01-02')`,
      `(2, 'x', '2019-01-01')`,
      `(0, 'Y', '2020-01-01')`,
      `(1, 'a', '2020-01-01')`,
      `(5, 'a', '2020-01-01')`,
    ],
  ],
  ...(flavor === 'mariadb'
    ? ([
        ['k INET6', 'k', [`'::1'`, `'ffff::'`, `'::ffff:1.2.3.4'`, `'2001:db8::2'`, `'::2'`]],
        [
          'k UUID',
          'k',
          [
            `'00000000-0000-0000-0000-000000000001'`,
            `'6f0e4b0a-4d3c-4a53-9d1f-0a1b2c3d4e5f'`,
            `'531e30d3-e585-11f1-809b-02fc00000001'`,
            `'531e30d3-e584-11f1-809b-02fc00000002'`,
          ],
        ],
      ] as const)
    : []),
];

test('along keys of every type every row comes once (PITFALLS B118)', async () => {
  await using database = await freshMysqlDatabase();
  const client = await database.connect();
  await client.query(`SET SESSION sql_mode = '', time_zone = '+00:00'`);
  for (const [i, [columns, key, values]] of KEYS.entries()) {
    const rows = values.map((value) => (value.startsWith('(') ? value : `(${value})`)).join(', ');
    await client.query(`CREATE TABLE t${i} (${columns}, PRIMARY KEY (${key}))`);
    await client.query(`INSERT INTO t${i} VALUES ${rows}`);
  }
  const options = mysqlSourceOptions(database, { snapshotMaxThreads: 3 });
  for (const chunkRows of [1, 2]) {
    const snapshots = { ...options.snapshots, chunkRows };
    const run = startMysqlSnapshot({ ...options, snapshots });
    expect((await run.result).complete).toBe(true);
    for (const [i, [columns, , values]] of KEYS.entries()) {
      const found = run.recorder.of(`t${i}`);
      const all = values.length;
      expect([columns, chunkRows, new Set(found).size, found.length]).toEqual([
        columns,
        chunkRows,
        all,
        all,
      ]);
    }
  }
});

test('a unique key stands in for a primary one; by a prefix or none: one piece', async () => {
  await using database = await freshMysqlDatabase();
  await database.query(`
    CREATE TABLE unique_key (a INT, b INT NOT NULL, UNIQUE KEY u (b));
    CREATE TABLE prefix_key (k VARCHAR(20) NOT NULL, PRIMARY KEY (k(3)));
    CREATE TABLE nullable (a INT, UNIQUE KEY u (a));
    CREATE TABLE keyless (a INT)`);
  await database.query(`
    INSERT INTO unique_key VALUES (1, 5), (2, 4), (3, 3);
    INSERT INTO prefix_key VALUES ('abcde'), ('abdxy'), ('zzz');
    INSERT INTO nullable VALUES (NULL), (NULL), (1);
    INSERT INTO keyless VALUES (1), (1), (NULL)`);
  const options = mysqlSourceOptions(database);
  const snapshots = { ...options.snapshots, chunkRows: 1 };
  const run = startMysqlSnapshot({ ...options, snapshots });
  await run.result;
  expect(run.recorder.of('unique_key').toSorted()).toEqual(['1|5', '2|4', '3|3']);
  expect(run.recorder.of('prefix_key').toSorted()).toEqual(['abcde', 'abdxy', 'zzz']);
  expect(run.recorder.of('nullable').toSorted()).toEqual(['1', 'NULL', 'NULL']);
  expect(run.recorder.of('keyless').toSorted()).toEqual(['1', '1', 'NULL']);
});
