import { expect, test } from 'vitest';
import { BinlogLines } from '../../src/runtime/binlog-lines.ts';
import { BinlogDecoder } from '../../src/source/mysql/binlog/binlog-decoder.ts';
import { EventType } from '../../src/source/mysql/binlog/binlog-event-type.ts';
import { eventBytes, formatEvent, hexBytes } from '../support/binlog-events.ts';

/** Lines of the events of a file without checksums, as objects. */
function linesOf(...events: readonly Buffer[]): unknown[] {
  const decoder = new BinlogDecoder();
  const lines = new BinlogLines(decoder);
  const text: string[] = [];
  for (const event of [formatEvent(), ...events]) {
    const type = decoder.open(event, 0, event.length);
    if (type !== EventType.writeRowsV1) {
      text.push(lines.event(decoder.event(), null));
      continue;
    }
    const table = decoder.openRows();
    text.push(lines.rowsEvent(table, 3));
    if (table === null) continue;
    for (let row = 0; decoder.nextRow(); row++) text.push(lines.row(table, row, 3));
  }
  return text.map((line) => JSON.parse(line) as unknown);
}

const timestamp = 1_700_000_000;

test('events have their place, time, type and transaction', () => {
  const uuid = '5aa72a7f44a811ea947f0242ac190002';
  const [format, anonymous, gtid, xid, end] = linesOf(
    eventBytes({ type: EventType.anonymousGtid, body: hexBytes(`00${uuid}0000000000000000`) }),
    eventBytes({ type: EventType.gtid, body: hexBytes(`00${uuid}0300000000000000`), timestamp }),
    eventBytes({ type: EventType.xid, body: hexBytes('ffffffffffffffff'), timestamp }),
    eventBytes({ type: EventType.xaPrepare, body: hexBytes('000100000001000000000000006a') }),
  );
  expect(format).toEqual({
    position: 4,
    end: 126,
    timestamp: '1970-01-01T00:00:00Z',
    type: 'FORMAT_DESCRIPTION',
    gtid: null,
    serverVersion: '8.0.36',
    flavor: 'mysql',
    checksum: 'none',
  });
  expect(anonymous).toMatchObject({ position: 126, type: 'ANONYMOUS_GTID', gtid: null });
  const id = '5aa72a7f-44a8-11ea-947f-0242ac190002:3';
  expect(gtid).toMatchObject({ type: 'GTID', gtid: id, timestamp: '2023-11-14T22:13:20Z' });
  // Larger than a number can be exactly.
  expect(xid).toMatchObject({ type: 'XID', gtid: id, xid: '18446744073709551615' });
  expect(end).toMatchObject({ onePhase: false, formatId: 1, gtrid: '6a', bqual: '' });
});

/** `a`.`t` of these columns, all of which may be null; `metadata` is the optional part. */
function tableMap(types: string, meta: string, metadata: string): Buffer {
  const count = types.length / 2;
  const lengths = [count, hexBytes(meta).length].map((each) => each.toString(16).padStart(2, '0'));
  const columns = `${lengths[0]}${types}${lengths[1]}${meta}ff`;
  const body = hexBytes(`0500000000000000 016100017400 ${columns}${metadata}`);
  return eventBytes({ type: EventType.tableMap, body });
}

/** One inserted row of so many columns. */
function inserted(count: string, row: string): Buffer {
  return eventBytes({
    type: EventType.writeRowsV1,
    body: hexBytes(`0500000000000100${count}ff${row}`),
  });
}

test('rows have values by name; binary ones are in base64, and listed', () => {
  // INT, VARCHAR(15), BLOB, JSON, ENUM, BIT(10), TEXT, DATE
  const types = '030ffcf5fe10fc0a';
  const meta = '3c00 02 04 f701 0201 02';
  const names = '0412 026964 0176 0162 016a 0165 026269 0174 0164';
  // Collations of VARCHAR, BLOB, TEXT.
  const map = tableMap(types, meta, ` 0303 2d3f2d ${names}`);
  const row =
    '00' +
    '07000000' +
    '0322c3a4' +
    '020000ff' +
    '0d000000' +
    '0001000c000b00010005010061' +
    '02' +
    '0201' +
    '0200c3a4' +
    '5dd00f';
  const lines = linesOf(map, inserted('08', row));
  expect(lines[1]).toMatchObject({
    table: 'a.t',
    tableId: 5,
    columns: [
      { name: 'id', type: 'long', nullable: true },
      { name: 'v', type: 'varchar', meta: 60, collation: 45 },
      { name: 'b', type: 'blob', collation: 63 },
      { name: 'j', type: 'json' },
      { name: 'e', type: 'enum' },
      { name: 'bi', type: 'bit', meta: 10 },
      { name: 't', type: 'blob', collation: 45 },
      { name: 'd', type: 'date' },
    ],
  });
  expect(lines[2]).toMatchObject({ type: 'WRITE_ROWS_V1', table: 'a.t', tableId: 5, inner: 3 });
  expect(lines[3]).toEqual({
    position: expect.any(Number) as number,
    inner: 3,
    timestamp: '1970-01-01T00:00:00Z',
    type: 'WRITE_ROWS_V1',
    gtid: null,
    row: 0,
    table: 'a.t',
    op: 'c',
    after: { id: 7, v: '"ä', b: 'AP8=', j: { a: 1 }, e: 2, bi: 'AgE=', t: 'ä', d: '2024-02-29' },
    base64: ['b', 'bi'],
  });
});

test('without names columns have numbers; what may be text is, if it is UTF-8', () => {
  const map = tableMap('fcfc', '0101', '');
  const [, , , row] = linesOf(map, inserted('02', '00 02c3a4 01e9'));
  expect(row).toMatchObject({ after: { '@1': 'ä', '@2': '6Q==' }, base64: ['@2'] });
});

test('an absent value is left out, null is null', () => {
  const map = tableMap('0303', '', '');
  const event = eventBytes({
    type: EventType.writeRowsV1,
    body: hexBytes('0500000000000100 02 02 01'),
  });
  expect(linesOf(map, event)[3]).toMatchObject({ after: { '@2': null } });
  expect(JSON.stringify(linesOf(map, event)[3])).not.toContain('@1');
});
