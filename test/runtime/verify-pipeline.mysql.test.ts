import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { Daemon } from '../support/daemon.ts';
import { familyPipeline, mysqlFamily } from '../support/family-pipeline.ts';
import type { FamilyDatabase } from '../support/family-pipeline.ts';
import { randomFrom } from '../support/ledger-load.ts';
import { sharedMysql } from '../support/mysql-database.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SCHEMA = [
  `CREATE TABLE orders (id bigint unsigned PRIMARY KEY, amount decimal(12,4), ratio double,
    small float, at timestamp(3) NULL, local_at datetime(6), day date, took time(2),
    how enum('sad','ok'), tags set('a','b'), body varbinary(20), flags bit(9), note varchar(60))`,
  'CREATE TABLE names (name varchar(40) COLLATE utf8mb4_bin PRIMARY KEY, v int)',
  'CREATE TABLE codes (code varbinary(8), n int, v int, PRIMARY KEY (code, n))',
];
const RUNS = process.env['TIDEMARK_TEST_ALL'] === '1' ? 20 : 2;

async function fill(source: FamilyDatabase): Promise<void> {
  for (const statement of SCHEMA) await source.run(statement);
  for (let from = 1; from <= 1000; from += 250) {
    const ids = Array.from({ length: 250 }, (_, i) => from + i);
    const orders = ids.map(
      (id) =>
        `(${id}, ${id / 7}, ${id / 3}, ${id / 3}, '2026-01-01 00:00:00.125',
          '2026-01-01 00:00:00.123456', '2026-02-03', '-12:34:56.78', 'ok', 'a,b',
          x'00ff${(id % 256).toString(16).padStart(2, '0')}', ${id % 512}, 'n ${id}')`,
    );
    await source.run(`INSERT INTO orders VALUES ${orders.join(', ')}`);
    const names = ids.map((id) => `('${String.fromCodePoint(65 + (id % 50))}-${id}', ${id})`);
    await source.run(`INSERT INTO names VALUES ${names.join(', ')}`);
    const codes = ids.map((id) => `(x'${id.toString(16).padStart(4, '0')}ff', ${id % 3}, ${id})`);
    await source.run(`INSERT INTO codes VALUES ${codes.join(', ')}`);
  }
}

/** Changes rows whose number does not end in 7 until it is stopped. */
class Load implements AsyncDisposable {
  #stopped = false;
  statements = 0;
  readonly #done: Promise<void>;

  constructor(source: FamilyDatabase, seed: number) {
    this.#done = this.#run(source, seed);
  }

  async #run(source: FamilyDatabase, seed: number): Promise<void> {
    const random = randomFrom(seed);
    const below = (count: number): number => Math.floor(random() * count);
    while (!this.#stopped) {
      const [id, v] = [below(100) * 10 + below(7), below(1000)];
      const statements = [
        `UPDATE orders SET amount = ${v}, note = 'u${v}' WHERE id = ${id}`,
        `DELETE FROM orders WHERE id = ${id}`,
        `INSERT IGNORE INTO orders (id, note) VALUES (${id}, 'back')`,
        `UPDATE names SET v = v + 10000 WHERE v = ${id}`,
        `DELETE FROM codes WHERE v = ${id}`,
      ];
      await source.run(statements[below(statements.length)] ?? '');
      this.statements++;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }
}

interface Found {
  readonly tables: readonly {
    readonly sink: string;
    readonly source: string;
    readonly problem: unknown;
    readonly differences: readonly {
      readonly kind: string;
      readonly key: Readonly<Record<string, string>>;
    }[];
  }[];
}

async function verify(
  file: string,
  ...more: readonly string[]
): Promise<readonly [number | null, readonly string[]]> {
  const { code, stdout, stderr } = await runProgram(['verify', file, '--json', ...more]);
  expect(stderr).toBe('');
  const { tables } = JSON.parse(stdout) as Found;
  expect(tables.map(({ problem }) => problem)).toEqual(tables.map(() => null));
  const found = tables.flatMap(({ sink, source, differences }) =>
    differences.map(({ kind, key }) => {
      const table = source.replace(/^.*\./, '');
      return `${sink} ${table} ${Object.values(key).join('/').toLowerCase()} ${kind}`;
    }),
  );
  return [code, found.toSorted()];
}

test('rows of a binlog under load: equal in each target, what is damaged is named', async () => {
  const server = sharedMysql();
  await using source = await mysqlFamily(server);
  await using target = await mysqlFamily(server);
  await using folder = await temporaryFolder('verify');
  await fill(source);
  const file = path.join(folder.path, 'target.db');
  const sqlite = {
    family: 'sqlite' as const,
    sink: { 'connector.class': 'jdbc', 'connection.url': `jdbc:sqlite:${file}` },
  };
  const targets = server.series === '5.6' ? [sqlite] : [sqlite, target];
  const unsigned = { 'bigint.unsigned.handling.mode': 'precise' };
  await using pipeline = await familyPipeline(source, targets, unsigned);
  await using daemon = Daemon.start(pipeline);
  await daemon.until((status) => status.source.phase === 'streaming');
  await using load = new Load(source, 11);
  for (let run = 0; run < RUNS; run++) expect(await verify(pipeline.file)).toEqual([0, []]);
  expect(await verify(pipeline.file, '--sample', '30%')).toEqual([0, []]);
  using database = new DatabaseSync(file, { timeout: 45_000 });
  database.exec(`UPDATE orders SET note = 'damaged' WHERE id = 107;
    DELETE FROM names WHERE v = 207; INSERT INTO names VALUES ('zz', 1)`);
  // The letter in front of 207 is the 8th.
  const expected = ['sqlite names h-207 missing', 'sqlite names zz surplus'];
  if (targets.length > 1) {
    await target.run('UPDATE orders SET ratio = ratio * 2 WHERE id = 307');
    await target.run('DELETE FROM codes WHERE v = 407');
    await target.run(`INSERT INTO codes VALUES (x'ffff', 1, 1)`);
    expected.push(
      `${target.family} orders 307 different`,
      `${target.family} codes 0197ff/2 missing`,
      `${target.family} codes ffff/1 surplus`,
    );
  }
  expected.push('sqlite orders 107 different');
  // Each by what the daemon reads of its key again; what the source lacks is deleted.
  expect(await verify(pipeline.file, '--repair')).toEqual([0, expected.toSorted()]);
  expect(await verify(pipeline.file)).toEqual([0, []]);
  expect(load.statements).toBeGreaterThan(50);
}, 180_000);
