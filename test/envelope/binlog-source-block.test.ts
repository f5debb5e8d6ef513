import { describe, expect, test } from 'vitest';
import {
  BINLOG_SOURCE_SCHEMAS,
  binlogSource,
  binlogSourceAt,
} from '../../src/envelope/binlog-source-block.ts';
import type { EnvelopeOptions } from '../../src/envelope/envelope-options.ts';
import type { BinlogOrigin } from '../../src/model/change-event.ts';
import type { Struct } from '../../src/model/connect-schema.ts';

/** An insert into MySQL 8.0, as Debezium 3.6 recorded it. */
const ORIGIN: BinlogOrigin = {
  family: 'binlog',
  serverId: 80,
  gtid: '531e30d3-e585-11f1-809b-02fc00000001:116',
  file: 'binlog.000001',
  pos: 661_988,
  groupPos: 4,
  row: 0,
  thread: 246,
  query: null,
  transactionId: '531e30d3-e585-11f1-809b-02fc00000001:116',
  ordinal: 0,
  sourceMicros: 1_795_251_884_908_171n,
  snapshot: 'false',
};
const OPTIONS: EnvelopeOptions = {
  topicPrefix: 'g_mysql_default',
  connector: 'mysql',
  version: '3.6.0.Final',
  database: '',
  tombstonesOnDelete: true,
  unavailableValuePlaceholder: '',
  absentHeader: true,
};
const ID = { catalog: 'def', schema: 'golden', table: 'Mixed Case' };

const named = ({ schema, values }: Struct): Readonly<Record<string, unknown>> =>
  Object.fromEntries((schema.fields ?? []).map(({ name }, i) => [name, values[i]]));

describe('source block of a binlog', () => {
  test('every field of the schema has its value', () => {
    const block = binlogSource(ORIGIN, ID, OPTIONS);
    expect(named(block)).toEqual({
      version: '3.6.0.Final',
      connector: 'mysql',
      name: 'g_mysql_default',
      ts_ms: 1795251884908n,
      snapshot: 'false',
      db: 'golden',
      sequence: null,
      ts_us: 1795251884908171n,
      ts_ns: 1795251884908171000n,
      table: 'Mixed Case',
      server_id: 80n,
      gtid: '531e30d3-e585-11f1-809b-02fc00000001:116',
      file: 'binlog.000001',
      pos: 661988n,
      row: 0,
      thread: 246n,
      query: null,
    });
    expect(block.values).toHaveLength(block.schema.fields?.length ?? -1);
  });

  test('MariaDB tells no thread; its schema differs by name', () => {
    const options = { ...OPTIONS, connector: 'mariadb' } as const;
    const query = 'INSERT INTO t VALUES (1)';
    const block = binlogSource({ ...ORIGIN, gtid: '0-223-119', thread: null, query }, ID, options);
    expect(named(block)).toMatchObject({ connector: 'mariadb', thread: null, query });
    expect(block.schema.name).toBe('io.debezium.connector.mariadb.Source');
    expect(BINLOG_SOURCE_SCHEMAS.mysql.name).toBe('io.debezium.connector.mysql.Source');
  });

  test('a row of the snapshot knows neither server nor transaction', () => {
    const read: BinlogOrigin = {
      ...ORIGIN,
      serverId: 0,
      gtid: null,
      thread: null,
      transactionId: null,
      snapshot: 'first',
    };
    const block = named(binlogSource(read, ID, OPTIONS));
    expect(block).toMatchObject({ server_id: 0n, gtid: null, snapshot: 'first', pos: 661988n });
  });

  test('a statement may belong to no table', () => {
    const place = { database: '', table: null };
    expect(named(binlogSourceAt(ORIGIN, place, OPTIONS))).toMatchObject({ db: '', table: null });
  });
});
