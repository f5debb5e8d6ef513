import { expect, test } from 'vitest';
import type { SourceOffset } from '../../../src/model/change-event.ts';
import type { ToldRecord } from '../../../src/source/mysql/history/told-history.ts';
import { MemoryHistory } from '../../support/memory-history.ts';
import { freshMysqlDatabase } from '../../support/mysql-database.ts';
import type { MysqlAddress, MysqlDatabase } from '../../support/mysql-database.ts';
import { startReader } from '../../support/mysql-reader-run.ts';
import { mysqlSourceOptions } from '../../support/mysql-snapshot-run.ts';
import { binlogEnd } from '../../support/mysql-source.ts';

// The real Debezium is in test/e2e/debezium-binlog-takeover.e2e.test.ts; what it writes into its
// topic was recorded in test/golden/history.

/** A history that Debezium wrote; ours begins behind it. */
class DebeziumHistory extends MemoryHistory {
  theirs: readonly ToldRecord[] = [];

  override async *told(): AsyncGenerator<ToldRecord> {
    yield* this.theirs;
    yield* super.told();
  }
}

/** The end of the binlog, by the keys of Debezium. */
async function placeOf(server: MysqlAddress): Promise<Readonly<Record<string, string | number>>> {
  const { file, gtid } = await binlogEnd(server);
  const gtids =
    gtid.kind === 'gtid'
      ? gtid.executed.toString()
      : gtid.kind === 'mariadb-gtid'
        ? gtid.position.toString()
        : '';
  return { file: file.file, pos: file.position, ...(gtids === '' ? {} : { gtids }) };
}

const CREATE = 'CREATE TABLE t (id INT PRIMARY KEY, a INT)';
const CHANGE = 'ALTER TABLE t CHANGE a b VARCHAR(9)';

/** The places behind two statements; behind the second begins a transaction of six rows. */
interface History {
  readonly created: Readonly<Record<string, string | number>>;
  readonly begins: Readonly<Record<string, string | number>>;
}

/** Null: somebody else on the server wrote in front of the transaction. */
async function historyIn(database: MysqlDatabase): Promise<History | null> {
  await database.query(CREATE);
  const created = await placeOf(database);
  await database.query(CHANGE);
  const begins = await placeOf(database);
  await database.query(
    `BEGIN; INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c');
     INSERT INTO t VALUES (4, 'd'), (5, 'e'), (6, 'f'); COMMIT;
     ALTER TABLE t ADD z INT FIRST; INSERT INTO t VALUES (7, 7, 'g')`,
  );
  const { file, pos } = begins;
  const next = await database.query(`SHOW BINLOG EVENTS IN '${file}' FROM ${pos} LIMIT 8`);
  const first = next.findIndex((event) => event['Event_type'] === 'Table_map');
  const isOurs = String(next[first]?.['Info']).includes(`(${database.name}.t)`);
  const others = next.slice(0, first).filter((event) => {
    return event['Event_type'] === 'Query' && event['Info'] !== 'BEGIN';
  });
  return isOurs && others.length === 0 ? { created, begins } : null;
}

async function undisturbed(): Promise<History & { readonly database: MysqlDatabase }> {
  for (;;) {
    const database = await freshMysqlDatabase();
    const history = await historyIn(database);
    if (history !== null) return { ...history, database };
    await database[Symbol.asyncDispose]();
  }
}

test('the history of Debezium, and its place inside a transaction', async () => {
  // The first transaction behind a place is that of which rows are left out: it has to be ours.
  const { created, begins, ...own } = await undisturbed();
  await using database = own.database;
  const { name } = database;
  const record = (ddl: string, position: ToldRecord['position']): ToldRecord => ({
    position,
    database: name,
    ddl,
    changes: [],
    memory: null,
  });
  // The GTIDs before a statement, the end of its event.
  const { gtids } = created;
  const history = new DebeziumHistory();
  history.theirs = [
    record(CREATE, { ...created, snapshot: 'INITIAL' }),
    record(CHANGE, { ...begins, ...(gtids === undefined ? {} : { gtids }), server_id: 1 }),
    record('ALTER TABLE t ADD later INT', { ...begins, pos: 4e9, gtids: begins['gtids'] ?? null }),
  ];
  // BEGIN, a map of the table, rows, a map, and two of the next rows.
  const offset: SourceOffset = {
    partition: { server: 'p' },
    offset: { ...begins, event: 4, row: 2, server_id: 1, ts_sec: 1_795_251_919 },
  };
  const state = { history, offset };
  // The replica is called after it, and other tests run beside this one.
  const options = mysqlSourceOptions(database, { topicPrefix: name });
  {
    await using run = startReader(options, state);
    await run.until(2);
    expect(run.told).toEqual(['c t 6|f', 'c t 7|7|g']);
    expect(run.notes).toContainEqual(expect.stringMatching(/^schema history: 2 statements of/));
    state.offset = await run.stop();
  }
  // The last one was not to be applied, and never happened.
  history.theirs = history.theirs.slice(0, 2);
  await database.query(`ALTER TABLE t DROP z; INSERT INTO t VALUES (8, 'h')`);
  const behind = structuredClone(history.records);
  // From then on by our own way; and should that be lost, by the topic again.
  for (const isLost of [false, true]) {
    history.records = structuredClone(behind);
    if (isLost) history.stored = null;
    await using run = startReader(options, { history, offset: state.offset });
    await run.until(1);
    expect(run.told).toEqual(['c t 8|h']);
    await run.stop();
  }
});
