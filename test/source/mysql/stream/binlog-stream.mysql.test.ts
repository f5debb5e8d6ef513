import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import { DEFAULT_MYSQL_VALUE_MODES } from '../../../../dialects/mysql/mysql-value-modes.ts';
import { GtidSet } from '../../../../src/model/gtid-set.ts';
import { MariadbGtidPosition } from '../../../../src/model/mariadb-gtid.ts';
import type { ChangeReceiver } from '../../../../src/model/change-event.ts';
import type { BinlogOffset } from '../../../../src/source/mysql/stream/binlog-offset.ts';
import {
  readStoredOffset,
  restartPlace,
  toSourceOffset,
} from '../../../../src/source/mysql/stream/binlog-offset.ts';
import { BinlogPosition } from '../../../../src/source/mysql/stream/binlog-position.ts';
import { BinlogStream } from '../../../../src/source/mysql/stream/binlog-stream.ts';
import { BinlogTransactions } from '../../../../src/source/mysql/stream/binlog-transactions.ts';
import { HeldRows } from '../../../../src/source/mysql/stream/held-rows.ts';
import { MysqlTableSchemas } from '../../../../src/source/mysql/stream/mysql-table-schemas.ts';
import type { BinlogStart } from '../../../../src/source/mysql/wire/binlog-commands.ts';
import { BinlogWire } from '../../../../src/source/mysql/wire/binlog-wire.ts';
import { replicaIdentity } from '../../../../src/source/mysql/wire/replica-identity.ts';
import { binlogOffset, endPlace } from '../../../support/binlog-offsets.ts';
import { freshMysqlDatabase, sharedMysql } from '../../../support/mysql-database.ts';
import { MARIADB, MYSQL } from '../../../support/mysql-definitions.ts';
import { binlogEnd, connectionTo } from '../../../support/mysql-source.ts';

const { signal } = new AbortController();
const { flavor } = sharedMysql();

interface Told {
  readonly rows: string[];
  readonly offset: BinlogOffset;
}

function startOf(offset: BinlogOffset): BinlogStart {
  const { file, pos, gtids } = restartPlace(offset);
  if (gtids === null || gtids === '') return { kind: 'file', file, position: pos };
  return flavor === 'mysql'
    ? { kind: 'gtid', executed: GtidSet.parse(gtids) }
    : { kind: 'mariadb-gtid', position: MariadbGtidPosition.parse(gtids) };
}

/** From the offset to the end of the log, or until so many rows have come. */
async function stream(
  database: string,
  catalog: TableCatalog,
  offset: BinlogOffset,
  limit = Infinity,
): Promise<Told> {
  const rows: string[] = [];
  const position = new BinlogPosition(offset);
  const server = flavor === 'mysql' ? MYSQL : MARIADB;
  const stop = new Error('stopped');
  const receiver: Partial<ChangeReceiver> = {
    schemaChanged: () => Promise.resolve(),
    statement: () => undefined,
    row: ({ op, table, after, before }) => {
      if (rows.length === limit) throw stop;
      const image = after ?? before;
      const values = table.columns.map(({ tupleIndex }) => image?.text(tupleIndex) ?? 'NULL');
      rows.push(`${op} ${table.id.table} ${values.join('|')}`);
    },
    truncate: ({ table }) => rows.push(`t ${table.id.table}`),
    committed: () => undefined,
    settle: () => undefined,
  };
  const shape = {
    wantsTable: (schema: string): boolean => schema === database,
    wantsColumn: () => true,
    masks: [],
    messageKeys: [],
    modes: DEFAULT_MYSQL_VALUE_MODES,
  };
  const target = new BinlogStream({
    receiver: receiver as ChangeReceiver,
    position,
    catalog,
    transactions: new BinlogTransactions(position, server),
    schemas: new MysqlTableSchemas(catalog, shape, server),
    held: new HeldRows(1e6),
    skippedOperations: new Set(),
    checksum: 'crc32',
    includeQuery: false,
    unreadable: () => undefined,
  });
  const replica = replicaIdentity(randomBytes(6).toString('hex'), undefined, {
    serverId: 0,
    replicas: null,
  });
  const settings = { replica, heartbeatMs: 5000, netWriteTimeoutSeconds: 60, annotateRows: false };
  await using wire = await BinlogWire.connect(
    connectionTo(sharedMysql()),
    { ...settings, start: startOf(offset), stopAtEnd: true },
    signal,
  );
  try {
    await wire.stream(target, signal);
  } catch (error) {
    if (!String(error).includes('stopped')) throw error;
  }
  return { rows, offset: readStoredOffset(toSourceOffset('p', position.offset())) };
}

test('a live binlog is told once, by file and by GTID, and wherever it stopped', async () => {
  await using database = await freshMysqlDatabase();
  const end = endPlace(await binlogEnd(sharedMysql()));
  await database.query(`
    CREATE TABLE t (id INT UNSIGNED PRIMARY KEY, v VARCHAR(20) CHARACTER SET latin1);
    INSERT INTO t VALUES (4294967295, 'grüße'), (2, NULL);
    UPDATE t SET v = 'two' WHERE id = 2;
    ALTER TABLE t ADD COLUMN w INT FIRST;
    DELETE FROM t WHERE id = 2;
    BEGIN; INSERT INTO t VALUES (7, 3, 'a'); SAVEPOINT s; INSERT INTO t VALUES (8, 4, 'b');
    ROLLBACK TO s; INSERT INTO t VALUES (9, 5, 'c'); COMMIT;
    TRUNCATE TABLE t`);
  const rows = [
    'c t 4294967295|grüße',
    'c t 2|NULL',
    'u t 2|two',
    'd t NULL|2|two',
    'c t 7|3|a',
    'c t 9|5|c',
    't t',
  ];
  for (const gtids of [end.gtids, null]) {
    const begin = binlogOffset({ ...end, gtids });
    const all = await stream(database.name, new TableCatalog(0), begin);
    expect(all.rows).toEqual(rows);
    for (const limit of [1, 3, 5]) {
      const catalog = new TableCatalog(0);
      const first = await stream(database.name, catalog, begin, limit);
      const second = await stream(database.name, catalog, first.offset);
      expect([...first.rows, ...second.rows]).toEqual(rows);
    }
  }
});
