import { describe, expect, test } from 'vitest';
import { BinlogDecoder } from '../../../../src/source/mysql/binlog/binlog-decoder.ts';
import type { BinlogEvent, QueryEvent } from '../../../../src/source/mysql/binlog/binlog-event.ts';
import { rowsKind } from '../../../../src/source/mysql/binlog/rows-kind.ts';
import { smallPayload } from '../../../../src/source/mysql/binlog/transaction-payload.ts';
import { BinlogPosition } from '../../../../src/source/mysql/stream/binlog-position.ts';
import type {
  EventPlace,
  TransactionStep,
} from '../../../../src/source/mysql/stream/binlog-transactions.ts';
import { BinlogTransactions } from '../../../../src/source/mysql/stream/binlog-transactions.ts';
import { eventsOf, recordedBinlog } from '../../../support/binlog-events.ts';
import type { RecordedBinlog } from '../../../support/binlog-events.ts';
import { binlogOffset } from '../../../support/binlog-offsets.ts';

const MYSQL = { flavor: 'mysql', version: 90_704 } as const;
const MARIADB = { flavor: 'mariadb', version: 101_119 } as const;

const START = binlogOffset({ gtids: '' });

/** One line for each group: what it had, how it ended. */
class Follower {
  readonly lines: string[] = [];
  readonly position: BinlogPosition;
  readonly transactions: BinlogTransactions;
  #line = '';
  #at = 4;

  constructor(offset = START, server: typeof MYSQL | typeof MARIADB = MYSQL) {
    this.position = new BinlogPosition(offset);
    this.transactions = new BinlogTransactions(this.position, server);
  }

  place(more: Partial<EventPlace> = {}): EventPlace {
    const position = this.#at;
    this.#at += 10;
    const rest = { endPosition: this.#at, timestamp: 5, flags: 0, serverId: 1 };
    return { file: 'b.000001', position, beginPosition: position, ...rest, ...more };
  }

  take(event: BinlogEvent, place = this.place()): TransactionStep {
    const step = this.transactions.take(event, place);
    if (step.kind !== 'none') this.#line += ` ${shown(step)}`;
    const ends = 'ends' in step ? step.ends : FINAL.has(step.kind);
    if (ends) {
      const isNew = this.transactions.finish(place);
      this.lines.push(`${this.#line.trim()}${isNew ? '' : ' -'}`);
      this.#line = '';
    }
    return step;
  }

  sql(sql: string): TransactionStep {
    return this.take({ ...QUERY, sql });
  }

  rows(count = 1): number {
    const skip = this.transactions.rows(true);
    this.#line += this.transactions.holdsRows ? ' kept' : ` rows`;
    if (this.transactions.holdsRows) return skip;
    if (skip < count) this.position.rows(count);
    this.position.closeEvent();
    return skip;
  }
}

const FINAL = new Set(['end', 'outcome', 'prepared', 'one-phase']);

function shown(step: TransactionStep): string {
  switch (step.kind) {
    case 'statement':
      return step.statement.kind;
    case 'prepared':
      return `prepared ${step.id}`;
    case 'outcome':
      return `${step.commits ? 'commit' : 'rollback'} ${step.id}`;
    default:
      return step.kind;
  }
}

const QUERY: QueryEvent = {
  kind: 'query',
  threadId: 1,
  executionSeconds: 0,
  errorCode: 0,
  schema: 'g',
  sql: '',
  loadFileId: null,
  context: {
    sqlMode: null,
    autocommit: null,
    clientCollation: null,
    connectionCollation: null,
    serverCollation: null,
    databaseCollation: null,
    utf8mb4Collation: null,
    timeZone: null,
    microseconds: 0,
    ddlXid: null,
    databases: null,
    alterFlags: 0,
  },
};

const XID: BinlogEvent = { kind: 'xid', xid: 1n };

function gtid(number: bigint): BinlogEvent {
  return {
    kind: 'gtid',
    gtid: { uuid: '531e30d3-e585-11f1-809b-02fc00000001', tag: '', number },
    lastCommitted: null,
    sequenceNumber: null,
    immediateCommitMicros: 7_000_001n,
    originalCommitMicros: null,
    transactionBytes: null,
    immediateServerVersion: null,
    originalServerVersion: null,
  };
}

function mariadbGtid(sequence: bigint, more: object = {}): BinlogEvent {
  return {
    kind: 'mariadb-gtid',
    gtid: { domain: 0, server: 1, sequence },
    standalone: false,
    transactional: true,
    ddl: false,
    preparesXa: false,
    completesXa: false,
    commitId: null,
    extraFlags: 0,
    ...more,
  };
}

function followed(name: RecordedBinlog, offset = START): Follower {
  const follower = new Follower(offset, name.startsWith('mysql') ? MYSQL : MARIADB);
  const decoder = new BinlogDecoder();
  decoder.file = 'b.000001';
  const one = (): void => {
    if (rowsKind(decoder.type) === undefined) {
      const event = decoder.event();
      follower.take(event, decoder);
      if (event.kind !== 'transaction-payload') return;
      const inner = smallPayload(event) as Buffer;
      for (let at = 0; at < inner.length; at += inner.readUInt32LE(at + 9)) {
        decoder.openInner(inner, at, at + inner.readUInt32LE(at + 9));
        one();
      }
      return;
    }
    decoder.openRows();
    let count = 0;
    while (decoder.nextRow()) count++;
    follower.rows(count);
  };
  for (const event of eventsOf(recordedBinlog(name))) {
    decoder.open(event, 0, event.length);
    one();
  }
  return follower;
}

describe('recorded binlogs, group by group', () => {
  test('MySQL 9.7: with a compressed one, XA in two phases and in one (PITFALLS B32, B90)', () => {
    const { lines, position } = followed('mysql-9.7');
    expect(lines).toEqual(MYSQL_LINES);
    // Its ROTATE names the file behind it.
    expect(position.place).toBe('binlog.000006:4');
    expect(position.offset()).toMatchObject({ held: null, open: null });
    const uuid = 'f39b3606-e62a-11f1-9cb2-02fc00000001';
    expect(position.offset().done.gtids).toBe(`${uuid}:31-57:tag_a:2`);
  });

  test('MariaDB 10.11: without BEGIN, COMMIT of other engines (PITFALLS B26, B31)', () => {
    const { lines, position } = followed('mariadb-10.11');
    expect(lines).toEqual(MARIADB_LINES);
    expect(position.offset().done.gtids).toBe('0-33110-26,3-33110-1');
  });

  test.each(['mysql-9.7', 'mariadb-10.11'] as const)('%s again from any commit on', (name) => {
    const all = followed(name);
    const offset = all.position.offset();
    const again = followed(name, offset);
    expect(again.lines.every((line) => line.endsWith(' -'))).toBe(true);
    expect(again.position.offset()).toEqual(offset);
  });
});

describe('without GTID events', () => {
  test('a group begins with its first statement', () => {
    const follower = new Follower();
    follower.sql('BEGIN');
    expect(follower.transactions.group).toMatchObject({ gtid: null, pos: 4, micros: 5_000_000n });
    follower.rows();
    follower.take(XID);
    follower.sql('create table t (id int)');
    follower.sql('FLUSH TABLES');
    expect(follower.lines).toEqual(['began rows end', 'create-table', 'end']);
    expect(follower.transactions.group).toBeNull();
  });
});

describe('rollbacks (PITFALLS B33, B34)', () => {
  test('without rows before them are none', () => {
    const follower = new Follower();
    for (const sql of ['BEGIN', 'SAVEPOINT `A`']) follower.sql(sql);
    expect(follower.sql('ROLLBACK TO `a`').kind).toBe('none');
    follower.sql('ROLLBACK');
    expect(follower.lines).toEqual(['began end']);
  });

  test('behind rows: it cannot be told which of them stay', () => {
    const follower = new Follower();
    follower.sql('BEGIN');
    follower.rows();
    follower.sql('SAVEPOINT a');
    expect(follower.sql('ROLLBACK TO a').kind).toBe('none');
    follower.rows();
    expect(follower.sql('ROLLBACK TO SAVEPOINT a')).toMatchObject({
      kind: 'unreadable',
      ends: false,
      error: { code: 'MYSQL_BINLOG_SETTINGS' },
    });
    expect(follower.sql('ROLLBACK')).toMatchObject({ kind: 'unreadable', ends: true });
  });
});

describe('statements that were logged as text (PITFALLS B41)', () => {
  test('name their tables, but not their values', () => {
    const follower = new Follower();
    follower.take(gtid(1n));
    follower.sql('BEGIN');
    const step = follower.sql("INSERT INTO t VALUES ('secret')");
    expect(step).toMatchObject({ kind: 'unreadable', ends: false });
    const { message } = (step as { error: Error }).error;
    expect(message).toMatch(/INSERT of g\.t/);
    expect(message).not.toMatch(/secret/);
  });
});

describe('MariaDB’s ALTER in two phases (PITFALLS B108)', () => {
  test('changes the table when it commits', () => {
    const follower = new Follower(START, MARIADB);
    for (const [sequence, extraFlags] of [
      [1n, 2],
      [2n, 4],
      [3n, 8],
    ] as const) {
      follower.take(mariadbGtid(sequence, { standalone: true, ddl: true, extraFlags }));
      follower.sql('ALTER TABLE t ADD b INT');
    }
    expect(follower.lines).toEqual(['began end', 'began alter-table', 'began end']);
  });
});

describe('what Debezium had sent', () => {
  test('is counted from BEGIN on, and of the first transaction only', () => {
    const follower = new Follower({ ...START, sentBefore: { events: 4, rows: 2 } });
    const skips: number[] = [];
    for (const number of [1n, 2n]) {
      follower.take(gtid(number));
      follower.sql('BEGIN');
      follower.take({ kind: 'rows-query', sql: '' });
      // In place of its table map.
      follower.take({ kind: 'ignored' });
      skips.push(follower.rows(3), follower.rows(3), follower.rows(3));
      follower.take(XID);
    }
    expect(skips).toEqual([Infinity, 2, 0, 0, 0, 0]);
  });
});

describe('the position', () => {
  const heartbeat = (position: number): BinlogEvent => ({
    kind: 'heartbeat',
    file: 'b.000001',
    position,
  });

  test('follows heartbeats and files between groups only (PITFALLS B9, B10)', () => {
    const follower = new Follower();
    follower.take(heartbeat(400));
    expect(follower.position.place).toBe('b.000001:400');
    follower.take({ ...QUERY, sql: 'BEGIN' }, follower.place({ position: 400 }));
    follower.take(heartbeat(500));
    expect(follower.position.place).toBe('b.000001:400');
    follower.take(XID, follower.place({ endPosition: 600 }));
    const next: BinlogEvent = { kind: 'rotate', file: 'b.000002', position: 4 };
    follower.take(next, follower.place({ flags: 0x20 }));
    expect(follower.position.place).toBe('b.000001:600');
    follower.take(next);
    expect(follower.position.place).toBe('b.000002:4');
  });
});

describe('what cannot be', () => {
  test('lost events stop the stream (PITFALLS B47)', () => {
    expect(() => new Follower().take({ kind: 'incident', incident: 1, message: 'LOST' })).toThrow(
      /incident 1\): LOST/,
    );
  });

  test.each<[string, (follower: Follower) => unknown]>([
    ['rows outside', (follower) => follower.rows()],
    ['an XID outside', (follower) => follower.take(XID)],
    ['rows before BEGIN', (follower) => [follower.take(gtid(1n)), follower.rows()]],
    ['a GTID inside', (follower) => [follower.take(gtid(1n)), follower.take(gtid(2n))]],
    [
      'another file inside',
      (follower) => [
        follower.sql('BEGIN'),
        follower.take({ kind: 'rotate', file: 'c', position: 4 }),
      ],
    ],
    ['an XA statement that is never logged', (follower) => follower.sql('XA PREPARE X')],
  ])('%s', (_, wrong) => {
    expect(() => wrong(new Follower())).toThrow('out of order');
  });
});

const MYSQL_LINES = `began create-table
began rows end
began create-table
began rows end
began rows end
began create-table
began rows end
began rows end
began rows end
began rows end
began rows end
began rows end
began rows end
began rows end
began rows end
began payload rows rows end
began rows end
began kept prepared X'7831',X'6231',7 -
began commit X'7831',X'6231',7
began kept one-phase
began rows rows end
began unreadable end
began create-table rows end
began truncate-table
began create-table
began rows rows end
began rows end
began drop-table`.split('\n');
const MARIADB_LINES = `began create-table
began rows end
began create-table
began rows end
began rows end
began create-table
began rows end
began rows end
began rows end
began rows end
began rows end
began create-table
began create-table
began rows end
began kept prepared X'7831',X'6231',7 -
began commit X'7831',X'6231',7
began rows end
began create-table
began rows end
began create-sequence
began rows end
began unreadable end
began create-table rows end
began truncate-table
began drop-table`.split('\n');
