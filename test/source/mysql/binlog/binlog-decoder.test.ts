import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecodeError } from '../../../../src/foundation/byte-reader.ts';
import { BinlogDecoder } from '../../../../src/source/mysql/binlog/binlog-decoder.ts';
import { EventType } from '../../../../src/source/mysql/binlog/binlog-event-type.ts';
import {
  decodeAll,
  decodeOpen,
  eventBytes,
  eventsOf,
  formatEvent,
  hexBytes,
  recordedBinlog,
  type DecodedEvent,
} from '../../../support/binlog-events.ts';

const RECORDED = ['mysql-9.7', 'mariadb-10.11'] as const;
const NONE = Buffer.alloc(0);

function rotate(file: string, position: number, flags = 0): Buffer {
  const body = Buffer.alloc(8 + file.length);
  body.writeBigUInt64LE(BigInt(position));
  body.write(file, 8);
  return eventBytes({ type: EventType.rotate, body, flags });
}

/** Opens an event and reads it, as a consumer does. */
function take(decoder: BinlogDecoder, event: Buffer): DecodedEvent[] {
  decoder.open(event, 0, event.length);
  return decodeOpen(decoder);
}

describe.each(RECORDED)('the binlog recorded from %s', (name) => {
  const file = recordedBinlog(name);
  const events = eventsOf(file);

  test('decodes, with a position for each event that the headers agree with', () => {
    const decoder = new BinlogDecoder();
    let position = 4;
    for (const event of events) {
      take(decoder, event);
      expect([decoder.position, decoder.endPosition]).toEqual([position, position + event.length]);
      expect(decoder.endPosition).toBe(event.readUInt32LE(13));
      position += event.length;
    }
    expect(position).toBe(file.length);
    expect(decoder.format?.flavor).toBe(name.startsWith('mysql') ? 'mysql' : 'mariadb');
  });

  test('rows, old and new', () => {
    const rows = decodeAll(events).filter((event) => event.kind === 'rows');
    const first = (table: string, op: string): unknown =>
      rows.find((each) => each.table === table && each.op === op)?.rows[0];
    expect(rows[0]?.rows[1]?.[0]).toEqual(['2', ...Array.from({ length: 9 }, () => null)]);
    expect(first('times', 'c')).toEqual([
      [
        '1',
        '2024-02-29',
        '-838:59:58.999',
        '9999-12-31 23:59:59.999999',
        '2024-01-01 00:00:00.5',
        '7',
      ],
    ]);
    // With binlog_row_image=MINIMAL: the key, and what changed (PITFALLS B61).
    expect(first('times', 'u')).toEqual([
      ['1', '2024-02-29', undefined, undefined, undefined, undefined],
      [undefined, undefined, '01:02:03.500', undefined, undefined, undefined],
    ]);
    expect((first('texts', 'c') as string[][])[0]).toEqual(
      expect.arrayContaining(['é', 'ß€😀', 'ä', 'x,ö']),
    );
  });

  test('a changed bit anywhere is a DecodeError: the checksum sees it', () => {
    const decoder = new BinlogDecoder();
    take(decoder, events[0] as Buffer);
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (which, where) => {
        const event = Buffer.from(events[1 + (which % (events.length - 1))] as Buffer);
        const bit = where % (event.length * 8);
        event[bit >> 3] = (event[bit >> 3] as number) ^ (1 << (bit & 7));
        const another = new BinlogDecoder('crc32');
        expect(() => another.open(event, 0, event.length)).toThrow(DecodeError);
      }),
    );
  });

  test('every prefix of an event is a DecodeError', () => {
    for (const event of events.slice(0, 60)) {
      for (let length = 0; length < event.length; length += 3) {
        const decoder = new BinlogDecoder('crc32');
        const prefix = event.subarray(0, length);
        expect(() => decoder.open(prefix, 0, length)).toThrow(DecodeError);
      }
    }
  });

  test('changed bytes behind a good checksum: events, or a DecodeError', () => {
    const plain = events.map((event) => withoutChecksum(event));
    fc.assert(
      fc.property(
        fc.nat(),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
        (which, changes) => {
          const index = which % plain.length;
          const changed = Buffer.from(plain[index] as Buffer);
          for (const [where, value] of changes) {
            changed[19 + (where % Math.max(changed.length - 19, 1))] = value;
          }
          try {
            // What stands in front of it: its table map, if it has rows.
            const before = plain.slice(Math.max(index - 4, 1), index);
            decodeAll([plain[0] as Buffer, ...before, changed]);
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});

/** The same event in a file that has no checksums. */
function withoutChecksum(event: Buffer): Buffer {
  const plain = Buffer.from(event);
  if (plain[4] === EventType.formatDescription) {
    plain[plain.length - 5] = 0;
    return plain;
  }
  plain.writeUInt32LE(plain.length - 4, 9);
  return plain.subarray(0, -4);
}

describe('positions', () => {
  test('start where an artificial ROTATE says, whose own position does not count (B10)', () => {
    const decoder = new BinlogDecoder();
    take(decoder, rotate('binlog.000007', 1234, 0x20));
    expect(decoder.file).toBe('binlog.000007');
    const format = formatEvent();
    // In front of the middle of a file the format has no position.
    format.writeUInt32LE(0, 13);
    take(decoder, format);
    expect(decoder.endPosition).toBe(1234);
    const xid = eventBytes({ type: EventType.xid, body: Buffer.alloc(8), logPosition: 1261 });
    take(decoder, xid);
    expect([decoder.position, decoder.endPosition]).toEqual([1234, 1261]);
    // A server that leaves events out says only by the next one how many bytes they had.
    const next = eventBytes({ type: EventType.xid, body: Buffer.alloc(8), logPosition: 2000 });
    take(decoder, next);
    expect([decoder.position, decoder.beginPosition]).toEqual([1261, 2000 - next.length]);
  });

  test('go on past 4 GiB, where those of the headers start again (PITFALLS B5)', () => {
    const decoder = new BinlogDecoder();
    const start = 2 ** 32 - 20;
    take(decoder, rotate('binlog.000007', start, 0x20));
    const xid = eventBytes({ type: EventType.xid, body: Buffer.alloc(8), logPosition: 7 });
    take(decoder, xid);
    expect([decoder.position, decoder.endPosition]).toEqual([start, start + 27]);
    // A server may leave events out, which the client has by GTID.
    xid.writeUInt32LE(1007, 13);
    take(decoder, xid);
    expect(decoder.endPosition).toBe(2 ** 32 + 1007);
  });

  test('are sums of sizes where a server tells none (PITFALLS B11)', () => {
    const decoder = new BinlogDecoder();
    take(decoder, eventBytes({ type: EventType.xid, body: Buffer.alloc(8) }));
    take(decoder, eventBytes({ type: EventType.xid, body: Buffer.alloc(8) }));
    expect([decoder.position, decoder.endPosition]).toEqual([31, 58]);
  });

  test('a heartbeat has no bytes in the file, and moves over what was left out', () => {
    const decoder = new BinlogDecoder();
    const body = Buffer.from('binlog.000001');
    take(decoder, eventBytes({ type: EventType.heartbeat, body, logPosition: 500 }));
    expect([decoder.position, decoder.endPosition]).toEqual([500, 500]);
    take(decoder, eventBytes({ type: EventType.heartbeat, body, logPosition: 500 }));
    expect(decoder.endPosition).toBe(500);
  });

  test('go over to the next file with its ROTATE', () => {
    const decoder = new BinlogDecoder();
    const event = rotate('binlog.000002', 4);
    take(decoder, event);
    expect([decoder.position, decoder.endPosition]).toEqual([4, 4 + event.length]);
    take(decoder, formatEvent());
    expect([decoder.file, decoder.position]).toEqual(['binlog.000002', 4]);
  });

  test('of events inside of a compressed transaction are those of the whole (PITFALLS B90)', () => {
    const decoder = new BinlogDecoder('crc32');
    const xid = eventBytes({ type: EventType.xid, body: Buffer.alloc(8), checksum: true });
    take(decoder, xid);
    const inner = eventBytes({ type: EventType.xid, body: Buffer.alloc(8), logPosition: 99 });
    decoder.openInner(inner, 0, inner.length);
    expect([decoder.position, decoder.endPosition]).toEqual([4, 35]);
    const payload = eventBytes({ type: EventType.transactionPayload, body: NONE });
    expect(() => decoder.openInner(payload, 0, payload.length)).toThrow(DecodeError);
  });
});

describe('checksums (PITFALLS B3)', () => {
  const plain = eventBytes({ type: EventType.xid, body: Buffer.alloc(8) });
  const summed = eventBytes({ type: EventType.xid, body: Buffer.alloc(8), checksum: true });

  test('are as each format says', () => {
    const decoder = new BinlogDecoder('crc32');
    take(decoder, summed);
    take(decoder, formatEvent('8.0.36', 0));
    take(decoder, plain);
    take(decoder, formatEvent('8.0.36', 1));
    take(decoder, summed);
    expect(() => take(decoder, plain)).toThrow(/XID at \d+: checksum/);
  });

  test('the flag of a file in use is not part of the sum', () => {
    const format = formatEvent('8.0.36', 1);
    format[17] = 1;
    const decoder = new BinlogDecoder();
    take(decoder, format);
    expect(decoder.checksum).toBe('crc32');
  });

  test('an event without room for one', () => {
    const decoder = new BinlogDecoder('crc32');
    const event = eventBytes({ type: EventType.stop, body: NONE });
    expect(() => decoder.open(event, 0, event.length)).toThrow(/no room for a checksum/);
  });
});

describe('table ids (PITFALLS B37)', () => {
  const id = hexBytes('050000000000');
  const map = eventBytes({
    type: EventType.tableMap,
    body: Buffer.concat([id, hexBytes('0000 01610001740001 030000')]),
  });
  const rows = (flags: string, table = id): Buffer =>
    eventBytes({
      type: EventType.writeRowsV1,
      body: Buffer.concat([table, hexBytes(`${flags} 01ff 0007000000`)]),
    });

  test('hold for all rows events of a statement, and not behind it', () => {
    const decoder = new BinlogDecoder();
    take(decoder, formatEvent());
    take(decoder, map);
    const expected = { kind: 'rows', op: 'c', table: 't', rows: [[['7']]] };
    expect(take(decoder, rows('0000'))).toEqual([expected]);
    expect(take(decoder, rows('0100'))).toEqual([expected]);
    expect(() => take(decoder, rows('0100'))).toThrow(/rows of table 5, which has no table map/);
  });

  test('one stands for no table, and only ends the statement', () => {
    const decoder = new BinlogDecoder();
    take(decoder, formatEvent());
    take(decoder, map);
    const dummy = rows('0100', hexBytes('ffffff000000'));
    expect(take(decoder, dummy)).toMatchObject([{ table: null, rows: [] }]);
    expect(() => take(decoder, rows('0100'))).toThrow(DecodeError);
  });

  test('do not hold in the next file', () => {
    const decoder = new BinlogDecoder();
    take(decoder, formatEvent());
    take(decoder, map);
    take(decoder, rotate('b', 4));
    expect(() => take(decoder, rows('0100'))).toThrow(DecodeError);
  });

  test('of old servers have four bytes', () => {
    const format = formatEvent('5.1.3');
    format[19 + 56 + EventType.tableMap] = 6;
    format[19 + 56 + EventType.writeRowsV1] = 6;
    const short = hexBytes('05000000');
    const decoder = new BinlogDecoder();
    take(decoder, format);
    const body = Buffer.concat([short, map.subarray(25)]);
    take(decoder, eventBytes({ type: EventType.tableMap, body }));
    expect(take(decoder, rows('0100', short))).toMatchObject([{ rows: [[['7']]] }]);
  });

  test('a table map before the format', () => {
    expect(() => take(new BinlogDecoder(), map)).toThrow(/before the format/);
  });
});

test('LOAD DATA in statement mode: blocks of the file, then the statement (PITFALLS B41)', () => {
  const decoder = new BinlogDecoder();
  take(decoder, formatEvent());
  const block = eventBytes({ type: EventType.beginLoadQuery, body: hexBytes('05000000 0102') });
  expect(take(decoder, block)).toEqual([{ kind: 'load-block', fileId: 5, bytes: 2 }]);
  const fixed = '09000000 00000000 01 0000 0300 05000000 00000000 00000000 00';
  const body = Buffer.concat([hexBytes(`${fixed} 082d00 6700`), Buffer.from('LOAD DATA')]);
  const load = eventBytes({ type: EventType.executeLoadQuery, body });
  expect(take(decoder, load)).toMatchObject([
    { kind: 'query', schema: 'g', sql: 'LOAD DATA', loadFileId: 5 },
  ]);
});

test('a header that tells another size', () => {
  const event = eventBytes({ type: EventType.stop, body: NONE });
  event.writeUInt32LE(20, 9);
  expect(() => new BinlogDecoder().open(event, 0, event.length)).toThrow(DecodeError);
});

test('an error says which event it was, and where', () => {
  const decoder = new BinlogDecoder();
  take(decoder, rotate('binlog.000007', 1234, 0x20));
  const event = eventBytes({ type: EventType.xid, body: NONE });
  expect(() => take(decoder, event)).toThrow(/^XID at binlog\.000007:1234: 8 bytes wanted/);
  decoder.open(event, 0, event.length);
  expect(() => decoder.openRows()).toThrow(/no rows event/);
});
