import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { askDuckdb, duckdbFamily } from '../support/duckdb-arrivals.ts';
import { eventually } from '../support/eventually.ts';
import type { FamilyDatabase } from '../support/family-pipeline.ts';
import { familyPipeline, mysqlFamily, postgresFamily } from '../support/family-pipeline.ts';
import type { MysqlServer } from '../support/mysql-server.ts';
import { startServer } from '../support/mysql-server.ts';
import { freshDatabase } from '../support/postgres.ts';
import { seededNumbers } from '../support/random-history.ts';
import { sqliteFamily } from '../support/sqlite-arrivals.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { Family } from '../support/value-texts.ts';

/*
 * A table that is changed in every way while rows change, over two kills: columns are renamed, get
 * other types, go; the table is dropped and made anew in another shape, renamed away, and another
 * one takes its name. Afterwards the rows of each target are the source's, as both databases print
 * them (PITFALLS S20, B43).
 */

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261122);
const FAMILIES: readonly Family[] = ['postgres', 'mysql', 'mariadb'];
const servers: Partial<Record<Family, MysqlServer>> = {};

beforeAll(async () => {
  servers.mysql = await startServer('9.7');
  servers.mariadb = await startServer('11.4');
});
afterAll(async () => {
  for (const server of Object.values(servers)) await server[Symbol.asyncDispose]();
});

async function database(family: Family): Promise<FamilyDatabase> {
  const server = servers[family];
  return server === undefined ? postgresFamily(await freshDatabase()) : mysqlFamily(server);
}

/** Rows that change, written by the shape that the table has by then. */
class Load {
  readonly #source: FamilyDatabase;
  readonly #random: (below: number) => number;
  #value = 0;

  constructor(source: FamilyDatabase, seed: number) {
    this.#source = source;
    this.#random = seededNumbers(seed);
  }

  /** `columns` with what one row holds. */
  async run(columns: Readonly<Record<string, (value: number) => string>>): Promise<void> {
    const names = Object.keys(columns);
    for (let i = 0; i < 40; i++) {
      const id = 1 + this.#random(30);
      const texts = Object.values(columns).map((of) => of(this.#value++));
      const set = names.map((name, at) => `${name} = ${texts[at]}`).join();
      const [[count] = []] = await this.#source.rows(`SELECT count(*) FROM items WHERE id = ${id}`);
      if (Number(count) === 0) {
        await this.#source.run(`INSERT INTO items (id, ${names.join()}) VALUES
          (${id}, ${texts.join()})`);
      } else if (this.#random(4) === 0) {
        await this.#source.run(`DELETE FROM items WHERE id = ${id}`);
      } else await this.#source.run(`UPDATE items SET ${set} WHERE id = ${id}`);
    }
  }
}

const number = String;
const big = (value: number): string => String(9_000_000_000_000_000 + value);
const word = (value: number): string => (value % 5 === 0 ? 'NULL' : `'wört ${value}'`);
const long = (value: number): string => `'${'w'.repeat(30)} ${value}'`;

const BEFORE = `CREATE TABLE items (id int PRIMARY KEY, n int, word varchar(20),
    amount decimal(8,2));
  CREATE TABLE others (id int PRIMARY KEY, n bigint, title varchar(50), more int);
  INSERT INTO others VALUES (1, 1, 'other', 1), (77, 77, NULL, 7)`;
const SOURCE: Readonly<Record<string, unknown>> = {
  // The registry would hold a topic whose column gets another type.
  'key.converter': 'json',
  'value.converter': 'json',
  'key.converter.schemas.enable': true,
  'value.converter.schemas.enable': true,
  'table.include.list': '.*\\.items',
};
const ALL_TABLES = { 'publication.autocreate.mode': 'all_tables' };
const SHADOW = { 'schema.evolution.policy': 'shadow' };

function retyped(family: Family, column: string, type: string): string {
  return family === 'postgres'
    ? `ALTER TABLE items ALTER ${column} TYPE ${type}`
    : `ALTER TABLE items MODIFY ${column} ${type}`;
}

/** What comes before the first kill: columns. */
async function changeColumns(source: FamilyDatabase, load: Load): Promise<void> {
  await source.run('ALTER TABLE items RENAME COLUMN word TO label');
  await load.run({ n: number, label: word, amount: number });
  await source.run(retyped(source.family, 'n', 'bigint'));
  await source.run(retyped(source.family, 'label', 'text'));
  await load.run({ n: big, label: long });
  await source.run('ALTER TABLE items DROP COLUMN amount');
  await load.run({ n: big, label: word });
}

/** What comes before the second one: other tables under the name. */
async function changeTables(source: FamilyDatabase, load: Load): Promise<void> {
  await source.run(`DROP TABLE items;
    CREATE TABLE items (id int PRIMARY KEY, title varchar(50), n bigint)`);
  await load.run({ n: big, title: word });
  await source.run('ALTER TABLE items RENAME TO items_old');
  await source.run('ALTER TABLE others RENAME TO items');
  await load.run({ n: big, title: word, more: number });
}

/** As text, in the order of the key. */
function rowsOf(columns: readonly string[], family: string): string {
  const type = family === 'mysql' || family === 'mariadb' ? 'char' : 'varchar';
  const texts = columns.map((column) => `CAST(${column} AS ${type})`);
  return `SELECT ${texts.join()} FROM items ORDER BY items.id`;
}

test.for(FAMILIES)('a table of %s that changes in every way, over kills', async (family) => {
  await using stack = new AsyncDisposableStack();
  const source = stack.use(await database(family));
  const copy = stack.use(await database(family));
  const folder = stack.use(await temporaryFolder('evolving'));
  const duckdb = path.join(folder.path, 'copy.duckdb');
  const sqlite = sqliteFamily(path.join(folder.path, 'copy.db'));
  const targets = [copy, sqlite, duckdbFamily(duckdb)].map((target) => ({
    family: target.family,
    sink: { ...target.sink, ...SHADOW },
  }));
  await source.run(BEFORE);
  const load = new Load(source, SEED);
  await load.run({ n: number, word, amount: number });
  const own = family === 'postgres' ? ALL_TABLES : {};
  const pipeline = stack.use(await familyPipeline(source, targets, { ...SOURCE, ...own }));
  for (const change of [changeColumns, changeTables]) {
    await using daemon = Daemon.start(pipeline);
    await daemon.until(({ source: { phase } }) => phase === 'streaming');
    // What the catalog said before is what DDL is compared with.
    if (family === 'postgres') {
      await eventually(() => expect(daemon.output).toContain('watches the files of'));
    }
    await change(source, load);
    daemon.kill('SIGKILL');
    await daemon.ended;
  }
  await using daemon = Daemon.start(pipeline);
  await daemon.until(({ source: { phase } }) => phase === 'streaming');
  await source.run(retyped(family, 'n', 'text'));
  await load.run({ n: word, title: word, more: number });
  // No column of numbers takes texts: what comes now is beside it.
  const wanted = await source.rows(rowsOf(['id', 'n', 'title', 'more'], family));
  expect(wanted.length).toBeGreaterThan(5);
  const shadowed = ['id', 'n__v2', 'title', 'more'];
  for (const target of [copy, sqlite]) {
    await eventually(async () => {
      const found = await target.rows(rowsOf(shadowed, target.family));
      expect(found, `${target.family}: ${daemon.output}`).toEqual(wanted);
    });
  }
  const { sinks } = await daemon.until((now) => now.sinks.every((sink) => sink.lagRecords === 0));
  expect(sinks.flatMap(({ parked }) => parked)).toEqual([]);
  expect(await daemon.stop()).toBe(0);
  await askDuckdb(duckdb, async (rows) => {
    // A number of its is the same text.
    expect(await rows(rowsOf(['id', 'n', 'title', 'more'], 'duckdb'))).toEqual(wanted);
  });
});
