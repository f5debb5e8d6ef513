import { expect, test } from 'vitest';
import { ByteReader, DecodeError } from '../../../../src/foundation/byte-reader.ts';
import type { BinlogEvent } from '../../../../src/source/mysql/binlog/binlog-event.ts';
import { EventType } from '../../../../src/source/mysql/binlog/binlog-event-type.ts';
import { readOtherEvent } from '../../../../src/source/mysql/binlog/other-events.ts';
import { hexBytes } from '../../../support/binlog-events.ts';

function read(type: number, hex: string, flags = 0): BinlogEvent {
  const header = { type, flags, serverId: 7, position: 1234 };
  return readOtherEvent(new ByteReader(hexBytes(hex)), header);
}

const text = (value: string): string => Buffer.from(value).toString('hex');

test.each([
  [EventType.xid, '1f00000000000000', { kind: 'xid', xid: 31n }],
  [EventType.rowsQuery, `05${text('INSERT')}`, { kind: 'rows-query', sql: 'INSERT' }],
  [EventType.annotateRows, text('INSERT'), { kind: 'rows-query', sql: 'INSERT' }],
  [
    EventType.heartbeat,
    text('binlog.000001'),
    { kind: 'heartbeat', file: 'binlog.000001', position: 1234 },
  ],
  [EventType.stop, '', { kind: 'stop' }],
  [EventType.startEncryption, '01', { kind: 'start-encryption' }],
  [EventType.intvar, '020500000000000000', { kind: 'statement-context', variable: 'INSERT_ID' }],
  [EventType.intvar, '090500000000000000', { kind: 'statement-context', variable: 'INTVAR 9' }],
  [EventType.rand, '00'.repeat(16), { kind: 'statement-context', variable: 'RAND' }],
  [EventType.beginLoadQuery, '05000000aabbcc', { kind: 'load-block', fileId: 5, bytes: 3 }],
  [EventType.incident, `010004${text('lost')}`, { kind: 'incident', incident: 1, message: 'lost' }],
  [EventType.incident, '0100', { kind: 'incident', incident: 1, message: '' }],
  [EventType.execLoad, '05000000', { kind: 'statement-context', variable: 'LOAD DATA' }],
  [EventType.viewChange, 'ff', { kind: 'ignored' }],
  [EventType.binlogCheckpoint, 'ff', { kind: 'ignored' }],
])('event %i', (type, hex, expected) => {
  expect(read(type, hex)).toEqual(expected);
});

test('of MariaDB the server of a GTID stands in the header', () => {
  expect(read(EventType.mariadbGtid, '05000000000000000100000000000000000000')).toMatchObject({
    gtid: { domain: 1, server: 7, sequence: 5n },
  });
});

test('a set of GTIDs before this file (PITFALLS B27)', () => {
  const event = read(EventType.previousGtids, '0000000000000000');
  expect(event.kind === 'previous-gtids' && event.gtids.isEmpty).toBe(true);
});

test('an unknown event is passed over only if it says that it may be (PITFALLS B48)', () => {
  expect(read(100, '', 0x80)).toEqual({ kind: 'ignored' });
  expect(() => read(100, '')).toThrow(DecodeError);
  expect(() => read(EventType.preGaWriteRows, '')).toThrow(/test version of MySQL 5\.1/);
});
