import { expect, test } from 'vitest';
import type { SourceOffset } from '../../../src/model/change-event.ts';
import type { ToldRecord } from '../../../src/source/mysql/history/told-history.ts';
import { MemoryHistory } from '../../support/memory-history.ts';
import { freshMysqlDatabase } from '../../support/mysql-database.ts';
import type { MysqlAddress } from '../../support/mysql-database.ts';
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

test('the history of Debezium, and its place inside a transaction', async () => {
  await using database = await freshMysqlDatabase();
  const { name } = database;
  const create = 'CREATE TABLE t (id INT PRIMARY KEY, a INT)';
  const change = 'ALTER TABLE t CHANGE a b VARCHAR(9)';
  await database.query(create);
  const created = await placeOf(database);
  await database.query(change);
  const begins = await placeOf(database);
  await database.query(
    `BEGIN; INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c');
     INSERT INTO t VALUES (4, 'd'), (5, 'e'), (6, 'f'); COMMIT;
     ALTER TABLE t ADD z INT FIRST; INSERT INTO t VALUES (7, 7, 'g')`,
  );
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
    record(create, { ...created, snapshot: 'INITIAL' }),
    record(change, { ...begins, ...(gtids === undefined ? {} : { gtids }), server_id: 1 }),
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
