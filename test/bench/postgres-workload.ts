import pg from 'pg';
import type { EmbeddedPostgres } from '../../src/demo/embedded-postgres.ts';
import type { BenchDatabase } from './measured-pipeline.ts';

/**
 * The workload of every PostgreSQL benchmark: 12 mixed columns, about 290 bytes a row. A load of n
 * rows followed by changes makes 1.25 n row events: every 5th row is updated, every 20th deleted.
 */
export const BENCH_TABLE = 'bench_orders';

const columns = (table: string): string => `
CREATE TABLE ${table} (
  id bigint PRIMARY KEY, customer_id int NOT NULL, amount numeric(12,2) NOT NULL,
  weight double precision, paid boolean NOT NULL, sku varchar(40) NOT NULL, note text,
  created_at timestamp(6) NOT NULL, updated_at timestamptz NOT NULL, due date, ref uuid NOT NULL,
  meta jsonb)`;

/** Values of row g; \${g} is an SQL expression. */
const ROW = `g, (g * 7919) % 100000, ((g * 31) % 10000000) / 100.0, g * 0.37, g % 3 = 0,
  'SKU-' || lpad((g % 99991)::text, 12, '0'),
  'order note ' || md5(g::text) || ' ' || md5((g + 1)::text) || ' lorem ipsum dolor sit',
  timestamp '2024-01-01' + (g || ' milliseconds 17 microseconds')::interval,
  timestamptz '2024-01-01 00:00:00+00' + (g || ' seconds')::interval,
  date '2024-01-01' + ((g % 365)::int), md5(g::text)::uuid,
  jsonb_build_object('ch', 'web', 'n', g % 100, 'tags', jsonb_build_array('a', 'b'),
    's', 'status-' || (g % 7))`;

const ROWS_PER_TRANSACTION = 1000;

export async function createBenchTable(client: pg.Client): Promise<void> {
  await client.query('DROP TABLE IF EXISTS bench_orders');
  await client.query(columns('bench_orders'));
}

/** Inserts rows first … first + count - 1, a thousand to a transaction. */
export async function loadRows(client: pg.Client, first: number, count: number): Promise<void> {
  for (let at = first; at < first + count; at += ROWS_PER_TRANSACTION) {
    const last = Math.min(at + ROWS_PER_TRANSACTION, first + count) - 1;
    await client.query(
      `INSERT INTO bench_orders SELECT ${ROW} FROM generate_series($1::bigint, $2::bigint) g`,
      [at, last],
    );
  }
}

/** Updates every 5th row, then deletes every 20th, a thousand rows to a transaction. */
export async function changeRows(client: pg.Client, first: number, count: number): Promise<void> {
  const end = first + count;
  for (let at = first; at < end; at += 5 * ROWS_PER_TRANSACTION) {
    await client.query(
      `UPDATE bench_orders SET amount = amount + 1, paid = NOT paid,
         updated_at = updated_at + interval '1 day'
       WHERE id >= $1 AND id < $2 AND id % 5 = 0`,
      [at, Math.min(at + 5 * ROWS_PER_TRANSACTION, end)],
    );
  }
  for (let at = first; at < end; at += 20 * ROWS_PER_TRANSACTION) {
    await client.query('DELETE FROM bench_orders WHERE id >= $1 AND id < $2 AND id % 20 = 0', [
      at,
      Math.min(at + 20 * ROWS_PER_TRANSACTION, end),
    ]);
  }
}

/** Tables of the same columns, `bench_0` and on. */
export async function makeTables(client: pg.Client, count: number): Promise<void> {
  for (let table = 0; table < count; table++) await client.query(columns(`bench_${table}`));
}

const ROWS_PER_TABLE = 10;

/** Inserts rows first … first + count - 1, ten to a table in turn, a thousand to a transaction. */
export async function loadTables(
  client: pg.Client,
  tables: number,
  first: number,
  count: number,
): Promise<void> {
  // One table needs no turns: a thousand rows to a statement.
  const step = tables === 1 ? ROWS_PER_TRANSACTION : ROWS_PER_TABLE;
  for (let at = first; at < first + count; at += ROWS_PER_TRANSACTION) {
    const end = Math.min(at + ROWS_PER_TRANSACTION, first + count);
    const statements: string[] = [];
    for (let from = at; from < end; from += step) {
      const table = `bench_${Math.floor(from / step) % tables}`;
      const to = Math.min(from + step, end) - 1;
      statements.push(
        `INSERT INTO ${table} SELECT ${ROW} FROM generate_series(${from}::bigint, ${to}) g`,
      );
    }
    await client.query(`BEGIN; ${statements.join('; ')}; COMMIT`);
  }
}

/** A new database with the empty table, whose client is ended with it. */
export async function postgresBench(
  server: EmbeddedPostgres,
  name: string,
): Promise<BenchDatabase> {
  const connect = async (database: string): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: server.url(database) });
    await client.connect();
    return client;
  };
  const admin = await connect('postgres');
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  const client = await connect(name);
  await createBenchTable(client);
  return {
    name,
    source: [
      'connector.class: postgres',
      `database.hostname: ${server.host}`,
      `database.port: ${server.port}`,
      `database.dbname: ${name}`,
      `database.user: ${server.user}`,
      `database.password: "${server.password}"`,
      `topic.prefix: ${name}`,
      `slot.name: ${name}`,
      `publication.name: ${name}`,
      'table.include.list: public\\.bench_orders',
    ],
    load: (first, count) => loadRows(client, first, count),
    insert: (id) => loadRows(client, id, 1),
    change: (first, count) => changeRows(client, first, count),
    async settle() {
      await client.query('VACUUM ANALYZE bench_orders');
      await client.query('CHECKPOINT');
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}
