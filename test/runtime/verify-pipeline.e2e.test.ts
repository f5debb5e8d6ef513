import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { Daemon } from '../support/daemon.ts';
import type { DaemonPipeline } from '../support/daemon-pipeline.ts';
import { daemonPipeline } from '../support/daemon-pipeline.ts';
import { randomFrom } from '../support/ledger-load.ts';
import { reportProblems } from '../support/verify-report-schema.ts';

/** Types of which a target prints, keeps or orders something otherwise than its source. */
const SCHEMA = `
  CREATE TYPE mood AS ENUM ('sad', 'ok');
  CREATE TABLE orders (id bigint PRIMARY KEY, amount numeric(12,4), exact numeric, ratio float8,
    small real, at timestamptz(3), local timestamp, day date, took interval, doc jsonb, raw json,
    tags text[], token uuid, body bytea, paid boolean, how mood, note text);
  CREATE TABLE customers (name text PRIMARY KEY, v int);
  CREATE TABLE lines (order_id int, line int, v text, PRIMARY KEY (order_id, line));
  CREATE TABLE log (v text);
  ALTER TABLE log REPLICA IDENTITY FULL;
  INSERT INTO orders SELECT g, g / 7.0, (g / 8.0)::numeric, g / 3.0, g / 3.0::real,
    '2026-01-01'::timestamptz + g * interval '1.001 s',
    '2026-01-01'::timestamp + g * interval '1 s', '2026-01-01'::date + g,
    g * interval '1 hour',
    jsonb_build_object('b', g, 'a', 1.10), '{ "b": 1,  "a": 2 }', ARRAY['x', NULL, g::text],
    gen_random_uuid(), decode(md5(g::text), 'hex'), g % 2 = 0,
    CASE WHEN g % 3 = 0 THEN 'ok' END::mood, repeat('n', g % 50)
    FROM generate_series(1, 3000) g;
  INSERT INTO customers SELECT chr(65 + g % 58) || '-' || g, g FROM generate_series(1, 3000) g;
  INSERT INTO lines SELECT g / 10, g % 10, 'v' FROM generate_series(1, 3000) g;`;

interface VerifyJson {
  readonly equal: boolean;
  readonly tables: readonly {
    readonly source: string;
    readonly equal: boolean | null;
    readonly rows: number;
    readonly repaired: number;
    readonly unsettled: number;
    readonly sample: { readonly findsSurplus: boolean } | null;
    readonly differences: readonly {
      readonly kind: string;
      readonly key: Readonly<Record<string, string>>;
      readonly columns: readonly { readonly name: string }[];
    }[];
    readonly problem: { readonly code: string } | null;
  }[];
}

/** Under load, none of which may find anything. */
const RUNS = process.env['TIDEMARK_TEST_ALL'] === '1' ? 20 : 2;
const TABLES = ['--table', 'public.orders', 'public.customers', 'public.lines'];

/** Changes rows all the time, but for those whose number ends in 7, until it is told to stop. */
class Load implements AsyncDisposable {
  #stopped = false;
  statements = 0;
  readonly #done: Promise<void>;

  constructor(client: pg.Client, seed: number) {
    this.#done = this.#run(client, seed);
  }

  async #run(client: pg.Client, seed: number): Promise<void> {
    const random = randomFrom(seed);
    const below = (count: number): number => Math.floor(random() * count);
    const key = (): number => below(300) * 10 + below(7);
    while (!this.#stopped) {
      const [id, v] = [key(), below(1000)];
      const statements = [
        `UPDATE orders SET amount = ${v} / 7.0, note = 'u${v}' WHERE id = ${id}`,
        // Away and back, and a key that moves.
        `DELETE FROM orders WHERE id = ${id}; INSERT INTO orders (id, note) VALUES (${id}, 'i')
          ON CONFLICT DO NOTHING`,
        `DELETE FROM orders WHERE id = ${id}`,
        `INSERT INTO orders (id, note) VALUES (${id}, 'back') ON CONFLICT DO NOTHING`,
        `UPDATE customers SET v = ${v} WHERE v % 10 <> 7 AND v BETWEEN ${id} AND ${id + 3}`,
        `INSERT INTO lines VALUES (${1000 + id}, 1, 'new') ON CONFLICT DO NOTHING`,
        `DELETE FROM lines WHERE order_id = ${1000 + key()}`,
      ];
      await client.query(statements[below(statements.length)] ?? '');
      this.statements++;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }
}

let pipeline: DaemonPipeline;
let source: pg.Client;
let warehouse: pg.Client;

async function verify(
  args: readonly string[] = TABLES,
): Promise<VerifyJson & { code: number | null }> {
  const { code, stdout, stderr } = await runProgram(['verify', pipeline.file, ...args, '--json']);
  expect(stderr).toBe('');
  expect(await reportProblems(JSON.parse(stdout))).toBe('');
  return { ...(JSON.parse(stdout) as VerifyJson), code };
}

function found(result: VerifyJson): readonly string[] {
  return result.tables.flatMap(({ source: table, differences }) =>
    differences.map(({ kind, key, columns }) => {
      const names = columns.map(({ name }) => name).join(',');
      return `${table} ${Object.values(key).join('/')} ${kind} ${names}`.trimEnd();
    }),
  );
}

beforeAll(async () => {
  // A quiet server is asked soon where it stands.
  const extraSource = '  status.update.interval.ms: 500';
  pipeline = await daemonPipeline({ schema: SCHEMA, extraSource });
  source = await pipeline.connect('source');
  warehouse = await pipeline.connect('warehouse');
});

afterAll(async () => {
  await pipeline?.[Symbol.asyncDispose]();
});

test('names what was planted, and nothing else, while rows change', async () => {
  await using daemon = Daemon.start(pipeline);
  await daemon.until((status) => status.source.phase === 'streaming');
  await using load = new Load(source, 7);
  for (let run = 0; run < RUNS; run++) {
    const { code, tables } = await verify();
    expect(tables.map(({ problem }) => problem)).toEqual([null, null, null]);
    expect(found({ equal: false, tables })).toEqual([]);
    expect(code).toBe(0);
  }
  await source.query('ANALYZE');
  const sampled = await verify([...TABLES, '--sample', '20%', '--seed', '7']);
  expect([sampled.code, found(sampled)]).toEqual([0, []]);
  const places = { seed: 7, ranges: 10 };
  // Of texts each database has an order of its own.
  expect(Object.fromEntries(sampled.tables.map((table) => [table.source, table.sample]))).toEqual({
    'public.orders': { ...places, findsSurplus: true },
    'public.customers': { ...places, findsSurplus: false },
    'public.lines': { ...places, findsSurplus: true },
  });
  for (const { rows } of sampled.tables) expect(rows).toBeGreaterThan(50);
  await warehouse.query(`UPDATE orders SET exact = exact + 1, doc = '{}' WHERE id = 107`);
  await warehouse.query('DELETE FROM orders WHERE id = 2997');
  await warehouse.query('INSERT INTO orders (id) VALUES (-7), (100007)');
  await warehouse.query(`UPDATE customers SET v = NULL WHERE name LIKE '%-1007'`);
  await warehouse.query(`INSERT INTO customers VALUES ('zz', 1)`);
  await warehouse.query('DELETE FROM lines WHERE order_id = 20 AND line = 7');
  const planted = await verify([...TABLES, '--repair']);
  const { rows } = await source.query<{ name: string }>(
    `SELECT name FROM customers WHERE name LIKE '%-1007'`,
  );
  expect(found(planted).toSorted()).toEqual(
    [
      'public.orders 107 different exact,doc',
      'public.orders 2997 missing',
      'public.orders -7 surplus',
      'public.orders 100007 surplus',
      `public.customers ${rows[0]?.name} different v`,
      'public.customers zz surplus',
      'public.lines 20/7 missing',
    ].toSorted(),
  );
  // Through the log, beside the daemon: all of it is mended, and nothing else is touched.
  expect(planted.tables.map(({ repaired }) => repaired)).toEqual([2, 1, 4]);
  expect([planted.code, planted.equal]).toEqual([0, true]);
  const after = await verify();
  expect([after.code, found(after)]).toEqual([0, []]);
  expect(await daemon.status()).toMatchObject({ healthy: true });
  expect(load.statements).toBeGreaterThan(100);
}, 180_000);

test('without a daemon the pipeline runs meanwhile; what cannot be compared says why', async () => {
  await warehouse.query(`UPDATE orders SET note = 'x' WHERE id IN (107, 127)`);
  await warehouse.query('INSERT INTO orders (id) VALUES (-7), (100007)');
  await source.query(`UPDATE orders SET note = 'while nobody looked' WHERE id = 117`);
  await source.query('INSERT INTO log VALUES (1)');
  const again = await verify(['--table', 'public.(orders|log)', '--repair']);
  const log = again.tables.find(({ source: name }) => name === 'public.log');
  expect(log?.problem).toMatchObject({ code: 'CONFIG_UNSUPPORTED' });
  expect(found(again)).toHaveLength(4);
  expect(found(again).join()).not.toContain('117');
  const repaired = again.tables.find(({ source: name }) => name === 'public.orders')?.repaired;
  expect([again.code, repaired]).toEqual([2, 4]);
  const alone = await runProgram(['verify', pipeline.file, '--table', 'public.log']);
  expect([alone.code, alone.stdout]).toEqual([2, expect.stringContaining('not compared')]);
  // A row of the source has no headers, and its own key is another.
  const text = await readFile(pipeline.file, 'utf8');
  const headed = path.join(path.dirname(pipeline.file), 'headed.yaml');
  const jdbc = 'connector.class: jdbc\n';
  await writeFile(headed, text.replace(jdbc, `${jdbc}    pk.mode: record_header\n`));
  const keyed = await runProgram(['verify', headed, '--table', 'public.orders']);
  expect([keyed.code, keyed.stdout]).toEqual([2, expect.stringContaining('keys in headers')]);
  const none = await runProgram(['verify', pipeline.file, '--table', 'public.nothing']);
  expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('--table matches none')]);
  const sink = await runProgram(['verify', pipeline.file, '--sink', 'other', '--json']);
  expect([sink.code, JSON.parse(sink.stdout)]).toMatchObject([2, { errors: [{ code: 'USAGE' }] }]);
}, 180_000);

test('people are shown both values, and the truth once they are mended', async () => {
  await warehouse.query(`UPDATE lines SET v = 'other' WHERE order_id = 30 AND line = 7`);
  const lines = ['verify', pipeline.file, '--table', 'public.lines'];
  const before = await runProgram(lines);
  expect(before.stdout).toContain('different order_id=30, line=7');
  expect(before.stdout).toContain('v: source v, target other');
  expect([before.code, before.stdout]).toEqual([1, expect.stringContaining('1 tables differ')]);
  const mended = await runProgram([...lines, '--repair']);
  expect(mended.stdout).toContain('different order_id=30, line=7, repaired');
  expect([mended.code, mended.stdout]).toEqual([0, expect.stringContaining('1 rows repaired')]);
}, 180_000);

test('the daemon compares by itself, tells of drift, and mends it where it may', async () => {
  const text = await readFile(pipeline.file, 'utf8');
  const scheduled = { ...pipeline, file: path.join(path.dirname(pipeline.file), 'scheduled.yaml') };
  const schedule = 'schedule: 1s, tables: [public.lines], rows.per.second: 100000';
  const begin = async (more: string): Promise<Daemon> => {
    await writeFile(scheduled.file, `${text}verify: { ${schedule}${more} }\n`);
    return Daemon.start(scheduled);
  };
  const drift = { missing: 0, surplus: 0, different: 10, repaired: 0, problem: null };
  {
    await using daemon = await begin('');
    await daemon.until(({ verify: now }) => now?.tables[0]?.different === 0);
    await warehouse.query(`UPDATE lines SET v = 'drift' WHERE order_id = 40`);
    const { verify: found } = await daemon.until(
      ({ verify: now }) => now?.tables[0]?.different === 10,
    );
    expect(found?.tables).toMatchObject([{ sink: 'warehouse', table: 'public.lines', ...drift }]);
    const metrics = await fetch(`http://127.0.0.1:${pipeline.port}/metrics`);
    const table = 'name="copy",sink="warehouse",table="public.lines"';
    expect(await metrics.text()).toContain(`tidemark_verify_drift_rows{${table}} 10`);
    expect(daemon.output).toContain('10 rows of public.lines are not as in the source');
    // Without a stop: what was found is known to the next one.
    daemon.kill();
    await daemon.ended;
  }
  {
    await using daemon = await begin(', sample: 20, seed: 7');
    const sampled = await daemon.until(({ verify: now }) => now?.tables[0]?.seed === 7);
    expect(sampled.verify?.tables[0]?.rows).toBe(20);
    expect(await daemon.stop()).toBe(0);
  }
  await using daemon = await begin(', repair: true');
  const first = await daemon.until((status) => status.verify !== undefined);
  expect(first.verify?.endedAtMs).not.toBeNull();
  await daemon.until(({ verify: now }) => now?.tables[0]?.repaired === 10);
  const { rows } = await warehouse.query(`SELECT 1 FROM lines WHERE v = 'drift'`);
  expect(rows).toEqual([]);
  expect(await daemon.stop()).toBe(0);
}, 180_000);
