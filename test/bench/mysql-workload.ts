import { setTimeout as delay } from 'node:timers/promises';
import mysql from 'mysql2/promise';
import type { MysqlServer } from '../support/mysql-server.ts';
import type { BenchDatabase } from './measured-pipeline.ts';

/**
 * The workload of every benchmark of MySQL and MariaDB: the same 12 mixed columns as PostgreSQL's,
 * about 330 bytes of binlog a row. A load is one INSERT per row, a thousand to a transaction; the
 * changes behind it update every 5th row and delete every 20th, a thousand to a statement.
 */
const TABLE = `
CREATE TABLE bench_orders (
  id bigint PRIMARY KEY, customer_id int NOT NULL, amount decimal(12,2) NOT NULL, weight double,
  paid boolean NOT NULL, sku varchar(40) NOT NULL, note text, created_at datetime(6) NOT NULL,
  updated_at timestamp(6) NOT NULL DEFAULT '2020-01-01 00:00:00', due date, ref char(36) NOT NULL,
  meta json)`;

/** Values of row g; m and the next are 32 digits of it each: the newest MySQL has no md5(). */
const ROW = `g, (g * 7919) % 100000, ((g * 31) % 10000000) / 100.0, g * 0.37, g % 3 = 0,
  concat('SKU-', lpad(g % 99991, 12, '0')),
  concat('order note ', m, ' ', right(sha2(g, 256), 32), ' lorem ipsum dolor sit'),
  timestamp'2024-01-01 00:00:00.000017' + interval (g % 10000000) * 1000 microsecond,
  timestamp'2024-01-01 00:00:00' + interval (g % 100000000) second,
  date'2024-01-01' + interval (g % 365) day,
  concat_ws('-', substr(m, 1, 8), substr(m, 9, 4), substr(m, 13, 4), substr(m, 17, 4),
    substr(m, 21)),
  concat('{"ch": "web", "n": ', g % 100, ', "s": "status-', g % 7, '", "tags": ["a", "b"]}')`;

const LOAD = `
CREATE PROCEDURE bench_load(first bigint, n bigint, rows_per_transaction int)
BEGIN
  DECLARE g bigint DEFAULT first;
  DECLARE m char(32);
  SET autocommit = 0;
  WHILE g < first + n DO
    SET m = left(sha2(g, 256), 32);
    INSERT INTO bench_orders VALUES (${ROW});
    IF (g - first + 1) % rows_per_transaction = 0 THEN COMMIT; END IF;
    SET g = g + 1;
  END WHILE;
  COMMIT;
  SET autocommit = 1;
END`;

const ROWS_PER_TRANSACTION = 1000;

/** A copy of the first row under another key. */
const INSERT_ONE = `
INSERT INTO bench_orders
SELECT ?, customer_id, amount, weight, paid, sku, note, created_at, updated_at, due, ref, meta
FROM bench_orders WHERE id = 1`;

/** An empty table, and the procedure that fills it. */
export async function createBenchTable(client: mysql.Connection): Promise<void> {
  await client.query('DROP TABLE IF EXISTS bench_orders');
  await client.query('DROP PROCEDURE IF EXISTS bench_load');
  await client.query(TABLE);
  await client.query(LOAD);
}

/** Inserts rows first … first + count - 1, a thousand to a transaction. */
export async function loadRows(
  client: mysql.Connection,
  first: number,
  count: number,
): Promise<void> {
  await client.query('CALL bench_load(?, ?, ?)', [first, count, ROWS_PER_TRANSACTION]);
}

/** Updates every 5th row, then deletes every 20th, a thousand rows to a statement. */
export async function changeRows(
  client: mysql.Connection,
  first: number,
  count: number,
): Promise<void> {
  const end = first + count;
  const statements: readonly (readonly [each: number, sql: string])[] = [
    [
      5,
      `UPDATE bench_orders SET amount = amount + 1, paid = NOT paid,
         updated_at = updated_at + interval 1 day`,
    ],
    [20, 'DELETE FROM bench_orders'],
  ];
  for (const [each, sql] of statements) {
    const step = each * ROWS_PER_TRANSACTION;
    for (let at = first; at < end; at += step) {
      const last = Math.min(at + step, end);
      const which = `WHERE id >= ${at} AND id < ${last} AND id % ${each} = 0`;
      await client.query(`${sql} ${which}`);
    }
  }
}

/** All that InnoDB would write behind a load, as a CHECKPOINT of PostgreSQL does. */
async function writeDirtyPages(client: mysql.Connection): Promise<void> {
  const limit = '@@GLOBAL.innodb_max_dirty_pages_pct';
  const [found] = await client.query<mysql.RowDataPacket[]>(`SELECT ${limit} AS percent`);
  await client.query(`SET ${limit} = 0`);
  for (;;) {
    const [status] = await client.query<mysql.RowDataPacket[]>(
      `SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'`,
    );
    if (Number(status[0]?.['Value']) < FEW_PAGES) break;
    await delay(50);
  }
  await client.query(`SET ${limit} = ?`, [found[0]?.['percent']]);
}

/** The server's own work makes a page dirty now and then. */
const FEW_PAGES = 50;

/** On a loopback nobody encrypts; each family has its own word for that. */
export const NO_TLS = { mysql: 'disabled', mariadb: 'disable' } as const;

/** A new database with the empty table, whose client is ended with it. */
export async function mysqlBench(server: MysqlServer, name: string): Promise<BenchDatabase> {
  await server.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  const { host, port, user, password, flavor } = server;
  const client = await mysql.createConnection({ host, port, user, password, database: name });
  await createBenchTable(client);
  return {
    name,
    source: [
      `connector.class: ${flavor}`,
      `database.hostname: ${host}`,
      `database.port: ${port}`,
      `database.user: ${user}`,
      `database.password: "${password}"`,
      `database.ssl.mode: ${NO_TLS[flavor]}`,
      // Records of tables would be counted among those of rows.
      'include.schema.changes: false',
      `topic.prefix: ${name}`,
      `table.include.list: ${name}\\.bench_orders`,
    ],
    load: (first, count) => loadRows(client, first, count),
    async insert(id) {
      await client.query(INSERT_ONE, [id]);
    },
    change: (first, count) => changeRows(client, first, count),
    async settle() {
      await client.query('ANALYZE TABLE bench_orders');
      await writeDirtyPages(client);
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      await server.query(`DROP DATABASE ${name}`);
    },
  };
}
