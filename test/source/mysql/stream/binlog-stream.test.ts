import { describe, expect, test } from 'vitest';
import { DEFAULT_MYSQL_VALUE_MODES } from '../../../../dialects/mysql/mysql-value-modes.ts';
import type { TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import type { ChangeReceiver } from '../../../../src/model/change-event.ts';
import type { RowImage } from '../../../../src/model/row-image.ts';
import { EventType } from '../../../../src/source/mysql/binlog/binlog-event-type.ts';
import type { BinlogOffset } from '../../../../src/source/mysql/stream/binlog-offset.ts';
import {
  readStoredOffset,
  toSourceOffset,
} from '../../../../src/source/mysql/stream/binlog-offset.ts';
import { BinlogPosition } from '../../../../src/source/mysql/stream/binlog-position.ts';
import { BinlogStream } from '../../../../src/source/mysql/stream/binlog-stream.ts';
import { BinlogTransactions } from '../../../../src/source/mysql/stream/binlog-transactions.ts';
import { HeldRows } from '../../../../src/source/mysql/stream/held-rows.ts';
import { MysqlTableSchemas } from '../../../../src/source/mysql/stream/mysql-table-schemas.ts';
import { eventBytes, eventsOf, recordedBinlog } from '../../../support/binlog-events.ts';
import { binlogOffset } from '../../../support/binlog-offsets.ts';
import { catalogOf, MARIADB, MYSQL } from '../../../support/mysql-definitions.ts';

type Recorded = 'mysql-9.7' | 'mariadb-10.11';

function shown(image: RowImage | null): string {
  if (image === null) return '-';
  return Array.from({ length: image.count }, (_, i) => image.text(i) ?? '·').join(',');
}

class Stopped extends Error {}

/** What a run told, and where it stood. */
interface Run {
  readonly told: string[];
  readonly rows: string[];
  readonly problems: string[];
  readonly offset: BinlogOffset;
}

/** Streams a recorded file from its beginning; stops in the middle of things after `limit` rows. */
async function run(
  name: Recorded,
  offset: BinlogOffset,
  catalog: TableCatalog,
  limit = Infinity,
): Promise<Run> {
  const server = name === 'mysql-9.7' ? MYSQL : MARIADB;
  const position = new BinlogPosition(offset);
  const told: string[] = [];
  const rows: string[] = [];
  const problems: string[] = [];
  const receiver: Partial<ChangeReceiver> = {
    // Every second one has to be waited for.
    schemaChanged: ({ table, previous }) => {
      told.push(`shape ${table.id.table} ${table.version} ${previous === null ? 'new' : 'again'}`);
      return table.id.table === 'texts' ? Promise.resolve() : undefined;
    },
    began: (origin) => told.push(`began ${String(origin.gtid?.replace(/^.*?[:-]/, ''))}`),
    statement: ({ ddl }) => {
      told.push(`statement ${ddl.slice(0, 20).split('\n')[0] as string}`);
      return undefined;
    },
    row: (change) => {
      if (rows.length === limit) throw new Stopped();
      if (change.family !== 'binlog') throw new Error('another family');
      const { op, table, ordinal, pos, row, before, after } = change;
      told.push(`${op} ${table.id.table}`);
      rows.push(
        `${op} ${table.id.table} ${pos}/${row} #${ordinal} ${shown(before)} ${shown(after)}`,
      );
    },
    truncate: ({ table }) => told.push(`truncate ${table.id.table}`),
    committed: () => told.push('committed'),
    settle: () => undefined,
  };
  const stream = new BinlogStream({
    receiver: receiver as ChangeReceiver,
    position,
    catalog,
    transactions: new BinlogTransactions(position, server),
    schemas: new MysqlTableSchemas(
      catalog,
      {
        wantsTable: (_, table) => table !== 'part',
        wantsColumn: () => true,
        masks: [],
        messageKeys: [],
        modes: DEFAULT_MYSQL_VALUE_MODES,
      },
      server,
    ),
    held: new HeldRows(1e6),
    skippedOperations: new Set(),
    checksum: 'none',
    includeQuery: true,
    unreadable: (error) => problems.push(error.message),
  });
  const body = Buffer.concat([Buffer.from([4, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('b.000001')]);
  const named = eventBytes({ type: EventType.rotate, body, flags: 0x20 });
  try {
    for (const event of [named, ...eventsOf(recordedBinlog(name))]) {
      await stream.event(event, 0, event.length);
      await stream.settle(false);
    }
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  }
  const stored = readStoredOffset(toSourceOffset('p', position.offset()));
  return { told, rows, problems, offset: stored };
}

describe.each(['mysql-9.7', 'mariadb-10.11'] as const)('the binlog recorded from %s', (name) => {
  test('is told in its order', async () => {
    const { told, rows, problems, offset } = await run(name, binlogOffset(), catalogOf([]));
    expect(told.filter((line) => !line.startsWith('began')).slice(0, 6)).toEqual([
      'statement CREATE TABLE numbers',
      'committed',
      'shape numbers 1 new',
      'c numbers',
      'c numbers',
      'committed',
    ]);
    expect(told.filter((line) => line.startsWith('truncate'))).toEqual(['truncate copied']);
    // Of MySQL a transaction is told with its first event (test/golden: txmeta).
    const groups = told.filter((line) => line === 'committed').length;
    const begun = told.filter((line) => line.startsWith('began'));
    expect(begun).toHaveLength(name === 'mysql-9.7' ? 0 : groups);
    // XA: handed over at its commit (PITFALLS B32).
    expect(rows.filter((row) => /^c numbers .* - 11,/.test(row))).toHaveLength(1);
    // The statement that was logged as text (PITFALLS B41).
    expect(problems).toEqual([expect.stringMatching(/INSERT of g\.numbers/)]);
    expect(rows.some((row) => row.includes(' part '))).toBe(false);
    expect(offset).toMatchObject({ open: null, held: null });
    expect(offset.done.file).toMatch(/bin.*\.0000/);
  });

  test('each row once, wherever it stopped (PITFALLS B35)', async () => {
    const all = await run(name, binlogOffset(), catalogOf([]));
    for (let stop = 0; stop < all.rows.length; stop++) {
      const catalog = catalogOf([]);
      const first = await run(name, binlogOffset(), catalog, stop);
      const second = await run(name, first.offset, catalog);
      expect([...first.rows, ...second.rows]).toEqual(all.rows);
      expect(second.offset).toEqual(all.offset);
    }
  });
});

test('after halt nothing is handed over', async () => {
  const stream = new BinlogStream({} as never);
  stream.halt();
  const settled = await Promise.race([stream.settle(false), Promise.resolve('halted')]);
  expect(settled).toBe('halted');
  const taken = await Promise.race([
    stream.event(Buffer.alloc(0), 0, 0),
    Promise.resolve('halted'),
  ]);
  expect(taken).toBe('halted');
});
