import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { isStruct } from '../../src/model/connect-schema.ts';
import { plainValue } from '../../src/model/plain-value.ts';
import { binlogPipeline, untilReceived } from '../support/binlog-ledger.ts';
import { Daemon } from '../support/daemon.ts';
import { field, readStoredRecords } from '../support/ledger-log.ts';
import { randomFrom } from '../support/ledger-load.ts';
import { sharedMysql, type MysqlDatabase } from '../support/mysql-database.ts';
import { startServer } from '../support/mysql-server.ts';

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261122);
const KILLS = Number(process.env['TIDEMARK_TEST_KILLS'] ?? 5);
const { series, flavor } = sharedMysql();

/** The binlog tells types and no names: all that is known of those is the history. */
const METADATA =
  series === '5.6' || series === '5.7'
    ? {}
    : { 'binlog-row-metadata': flavor === 'mariadb' ? 'NO_LOG' : 'MINIMAL' };

/** Some cycles of the load. */
const BEHIND_BYTES = 10_000;

/** Changes tables as people and their tools do, and knows what each row must look like. */
class ChangingTables {
  /** What the log must hold: `t {"id":1,"a":2}`. */
  readonly rows: string[] = [];
  readonly #database: MysqlDatabase;
  readonly #daemon: () => Daemon | null;
  #columns = ['id', 'a'];
  #count = 0;
  #stopped = false;
  cycles = 0;

  constructor(database: MysqlDatabase, daemon: () => Daemon | null) {
    this.#database = database;
    this.#daemon = daemon;
  }

  stop(): void {
    this.#stopped = true;
  }

  async run(): Promise<void> {
    for (let i = 1; !this.#stopped; i++) {
      await this.#followed();
      await this.#cycle(i);
    }
  }

  /**
   * Statements are followed slower than a server makes them: on a busy machine a daemon that is
   * behind appends ever more at once, and the append that is to kill it never comes.
   */
  async #followed(): Promise<void> {
    for (;;) {
      const status = (await this.#daemon()?.status()) ?? null;
      if (status === null || (status.source.lagBytes ?? 0) < BEHIND_BYTES) return;
      await sleep(20);
    }
  }

  async #cycle(i: number): Promise<void> {
    const ask = (sql: string): Promise<unknown> => this.#database.query(sql);
    await ask(`ALTER TABLE t ADD COLUMN c${i} int AFTER id`);
    this.#columns = ['id', `c${i}`, 'a'];
    await this.#insert('t');
    await ask(`ALTER TABLE t CHANGE c${i} d${i} int`);
    this.#columns = ['id', `d${i}`, 'a'];
    await this.#insert('t');
    // As gh-ost does it.
    await ask('CREATE TABLE _t_gho LIKE t');
    await ask(`ALTER TABLE _t_gho ADD COLUMN x${i} int FIRST, MODIFY a int AFTER id`);
    await ask('DELETE FROM t');
    await ask('RENAME TABLE t TO _t_del, _t_gho TO t');
    this.#columns = [`x${i}`, 'id', 'a', `d${i}`];
    await this.#insert('t');
    await ask('DROP TABLE _t_del');
    await ask('CREATE TABLE u LIKE t');
    await this.#insert('u');
    await ask('TRUNCATE TABLE u');
    await this.#insert('u');
    await ask('DROP TABLE u');
    await ask(`CREATE TABLE u (a int, id int PRIMARY KEY, only${i} int)`);
    await this.#insert('u', ['a', 'id', `only${i}`]);
    await ask('DROP TABLE u');
    await ask(`ALTER TABLE t DROP COLUMN d${i}, DROP COLUMN x${i}`);
    this.#columns = ['id', 'a'];
    await this.#insert('t');
    this.cycles++;
  }

  async #insert(table: string, columns = this.#columns): Promise<void> {
    const n = ++this.#count;
    const entries = columns.map((name, i) => [name, name === 'id' ? n : n * 10 + i] as const);
    await this.#database.query(
      `INSERT INTO ${table} (${columns.join()}) VALUES (${entries.map(([, v]) => v).join()})`,
    );
    await sleep(20);
    this.rows.push(`${table} ${JSON.stringify(Object.fromEntries(entries))}`);
  }
}

test(
  `tables change between ${KILLS} kills: each row has the columns of its place (PITFALLS B49)`,
  { timeout: 240_000 + KILLS * 10_000 },
  async () => {
    await using server = await startServer(series, { settings: METADATA });
    const schema = 'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (0, 0)';
    await using pipeline = await binlogPipeline(server, { schema, sink: false });
    const { source } = pipeline;
    await pipeline.configure({ 'table.include.list': `${source.name}\\.[tu]` });
    const random = randomFrom(SEED);
    let current: Daemon | null = null;
    const tables = new ChangingTables(source, () => current);
    {
      await using daemon = Daemon.start(pipeline);
      await daemon.until((status) => status.source.phase === 'streaming');
      expect(await daemon.stop()).toBe(0);
    }
    const load = tables.run();
    for (let kill = 0; kill < KILLS; kill++) {
      const point = random() < 0.5 ? 'source.appended' : 'source.batch-encoded';
      const faultPoint = `${point}:${1 + Math.floor(random() * 40)}`;
      await using daemon = Daemon.start({ ...pipeline, faultPoint });
      current = daemon;
      // Tables that cannot be changed any more would never bring it there.
      const ended = await Promise.race([daemon.ended, load]);
      expect(ended?.signal, `the daemon said: ${daemon.output}`).toBe('SIGKILL');
    }
    await using daemon = Daemon.start(pipeline);
    current = daemon;
    await expect.poll(() => tables.cycles).toBeGreaterThan(12);
    tables.stop();
    await load;
    await untilReceived(server, daemon);
    expect(await daemon.stop(), `the daemon said: ${daemon.output}`).toBe(0);
    const records = await readStoredRecords(pipeline.storePath, /^copy\.\w+\.[tu]$/);
    const rows = records.flatMap(({ topic, value }) => {
      if (value === null || field(value, 'op') !== 'c') return [];
      const after = field(value, 'after');
      if (after === null || !isStruct(after)) throw new Error('a create without its row');
      return `${topic.slice(-1)} ${JSON.stringify(plainValue(after))}`;
    });
    expect(rows).toEqual(tables.rows);
  },
);
