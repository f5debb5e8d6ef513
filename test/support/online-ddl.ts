import type mysql from 'mysql2/promise';
import { randomFrom } from './ledger-load.ts';
import type { MysqlDatabase } from './mysql-database.ts';

const CHUNK = 40;

/** Columns of `t` that are never taken away; the others come and go with each change. */
export const STEADY_COLUMNS = 'id, v, note';

/** A table with rows, of which `journal` tells nothing. */
export function changedTable(rows: number): string {
  const values = Array.from({ length: rows }, (_, i) => `(${i + 1}, 0, 'first')`);
  return `CREATE TABLE t (id INT PRIMARY KEY, v INT NOT NULL, note VARCHAR(20));
    INSERT INTO t VALUES ${values.join()}`;
}

/** Changes rows of `t` one by one, and keeps what it has done. */
export class JournaledWriter {
  /** In the order of the binlog: `c 7 3`, `u 7 4`, `d 7`; a row with another key is two of them. */
  readonly journal: string[] = [];
  readonly #connection: mysql.Connection;
  readonly #random: () => number;
  readonly #rows = new Map<number, number>();
  /** Keys of the statement that may be under way. */
  #touching: readonly number[] = [];
  readonly #touched: number[] = [];
  #nextId: number;

  constructor(connection: mysql.Connection, rows: number, seed: number) {
    this.#connection = connection;
    this.#random = randomFrom(seed);
    this.#nextId = rows + 1;
    for (let id = 1; id <= rows; id++) this.#rows.set(id, 0);
  }

  get highestId(): number {
    return this.#nextId;
  }

  /** Keys whose rows were changed since the last question, or are being changed. */
  takeTouched(): readonly number[] {
    return [...this.#touched.splice(0), ...this.#touching];
  }

  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) await this.#operation();
  }

  async #operation(): Promise<void> {
    const id = 1 + Math.floor(this.#random() * (this.#nextId - 1));
    const dice = this.#random();
    const version = this.#rows.get(id);
    if (version === undefined || dice < 0.3) return this.#insert();
    if (dice < 0.8) {
      const sql = `UPDATE t SET v = ${version + 1}, note = 'v${version + 1}' WHERE id = ${id}`;
      await this.#run(sql, [id], `u ${id} ${version + 1}`);
      this.#rows.set(id, version + 1);
    } else if (dice < 0.9) {
      await this.#run(`DELETE FROM t WHERE id = ${id}`, [id], `d ${id}`);
      this.#rows.delete(id);
    } else {
      const to = this.#nextId++;
      const sql = `UPDATE t SET id = ${to} WHERE id = ${id}`;
      await this.#run(sql, [id, to], `d ${id}`, `c ${to} ${version}`);
      this.#rows.delete(id);
      this.#rows.set(to, version);
    }
  }

  async #insert(): Promise<void> {
    const id = this.#nextId++;
    await this.#run(`INSERT INTO t (id, v, note) VALUES (${id}, 0, 'new')`, [id], `c ${id} 0`);
    this.#rows.set(id, 0);
  }

  async #run(sql: string, ids: readonly number[], ...told: readonly string[]): Promise<void> {
    this.#touching = ids;
    await this.#connection.query(sql);
    this.#touching = [];
    this.#touched.push(...ids);
    this.journal.push(...told);
  }
}

/** As pt-online-schema-change: triggers keep the new table up to date while chunks are copied. */
export async function changeByTriggers(
  connection: mysql.Connection,
  writer: JournaledWriter,
  alter: string,
): Promise<void> {
  const steady = STEADY_COLUMNS;
  const replace = `REPLACE INTO _t_new (${steady}) VALUES (NEW.id, NEW.v, NEW.note)`;
  await connection.query(`CREATE TABLE _t_new LIKE t; ALTER TABLE _t_new ${alter};
    CREATE TRIGGER pt_del AFTER DELETE ON t FOR EACH ROW
      DELETE IGNORE FROM _t_new WHERE _t_new.id <=> OLD.id;
    CREATE TRIGGER pt_upd AFTER UPDATE ON t FOR EACH ROW BEGIN
      DELETE IGNORE FROM _t_new WHERE NOT (OLD.id <=> NEW.id) AND _t_new.id <=> OLD.id;
      ${replace}; END;
    CREATE TRIGGER pt_ins AFTER INSERT ON t FOR EACH ROW ${replace}`);
  for (let from = 0; from < writer.highestId; from += CHUNK) {
    await connection.query(`INSERT LOW_PRIORITY IGNORE INTO _t_new (${steady}) SELECT ${steady}
      FROM t WHERE id >= ${from} AND id < ${from + CHUNK} LOCK IN SHARE MODE`);
  }
  await connection.query(`RENAME TABLE t TO _t_old, _t_new TO t;
    DROP TABLE _t_old; DROP TRIGGER IF EXISTS pt_del; DROP TRIGGER IF EXISTS pt_upd;
    DROP TRIGGER IF EXISTS pt_ins`);
}

/**
 * As gh-ost: no triggers, what changes meanwhile is done again on the new table. The tables are
 * swapped while a lock holds the writers back, behind whom the RENAME must not have to wait.
 */
export async function changeByGhost(
  connections: { readonly locker: mysql.Connection; readonly renamer: mysql.Connection },
  writer: JournaledWriter,
  alter: string,
): Promise<void> {
  const { locker, renamer } = connections;
  writer.takeTouched();
  await renamer.query(`CREATE TABLE _t_gho LIKE t; ALTER TABLE _t_gho ${alter}`);
  for (let from = 0; from < writer.highestId; from += CHUNK) {
    const steady = STEADY_COLUMNS;
    await renamer.query(`INSERT IGNORE INTO _t_gho (${steady}) SELECT ${steady} FROM t
      WHERE id >= ${from} AND id < ${from + CHUNK} LOCK IN SHARE MODE`);
  }
  await locker.query('LOCK TABLES t WRITE');
  await repeat(connections, writer.takeTouched());
  const renamed = renamer.query('RENAME TABLE t TO _t_del, _t_gho TO t');
  await untilWaiting(locker, renamer.threadId);
  await locker.query('UNLOCK TABLES');
  await renamed;
  await locker.query('DROP TABLE _t_del');
}

async function repeat(
  { locker, renamer }: { readonly locker: mysql.Connection; readonly renamer: mysql.Connection },
  ids: readonly number[],
): Promise<void> {
  if (ids.length === 0) return;
  const list = [...new Set(ids)].join();
  const [rows] = await locker.query(`SELECT ${STEADY_COLUMNS} FROM t WHERE id IN (${list})`);
  await renamer.query(`DELETE FROM _t_gho WHERE id IN (${list})`);
  for (const { id, v, note } of rows as { id: number; v: number; note: string }[]) {
    await renamer.query(`INSERT INTO _t_gho (${STEADY_COLUMNS}) VALUES (${id}, ${v}, '${note}')`);
  }
}

async function untilWaiting(connection: mysql.Connection, id: number): Promise<void> {
  const sql = `SELECT 1 FROM information_schema.PROCESSLIST
    WHERE ID = ${id} AND STATE LIKE 'Waiting for table metadata lock'`;
  for (;;) {
    const [rows] = await connection.query(sql);
    if ((rows as unknown[]).length > 0) return;
  }
}

/** What each change is made for: columns come, go and change places. */
export function alterationOf(cycle: number): string {
  const before = cycle === 1 ? '' : `DROP COLUMN p${cycle - 1}, `;
  const order =
    cycle % 2 === 0 ? 'MODIFY note VARCHAR(30) AFTER id' : 'MODIFY v INT NOT NULL FIRST';
  return `${before}ADD COLUMN p${cycle} INT NOT NULL DEFAULT ${cycle} FIRST, ${order}`;
}

/** The rows that are there now, steady columns only. */
export function steadyRows(database: MysqlDatabase): Promise<readonly object[]> {
  return database.query(`SELECT ${STEADY_COLUMNS} FROM t ORDER BY id`);
}
