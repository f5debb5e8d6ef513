import { describe, expect, test } from 'vitest';
import { ByteReader, DecodeError } from '../../../../src/foundation/byte-reader.ts';
import {
  readFormatDescription,
  readHeartbeatV2,
  readTransactionPayload,
  readUserVariable,
  readXaPrepare,
} from '../../../../src/source/mysql/binlog/control-events.ts';
import { eventsOf, hexBytes, recordedBinlog } from '../../../support/binlog-events.ts';

const reader = (hex: string): ByteReader => new ByteReader(hexBytes(hex));

/** Version 4, the server's version, a time, headers of 19 bytes, and what follows. */
function format(version: string, rest: string): ByteReader {
  const head = Buffer.alloc(57);
  head[0] = 4;
  head.write(version, 2);
  head[56] = 19;
  return new ByteReader(Buffer.concat([head, hexBytes(rest)]));
}

describe('FORMAT_DESCRIPTION', () => {
  test.each([
    ['5.5.27-log', '380d', 'none', 2],
    ['5.6.0-m4', '380d', 'none', 2],
    ['5.6.1', '380d 01 aabbccdd', 'crc32', 2],
    ['8.0.36', '380d 00 00000000', 'none', 2],
    ['9.7.4', '380d ff 00000000', 'none', 2],
    ['5.2.14-MariaDB', '380d', 'none', 2],
    ['10.11.18-MariaDB-log', '380d 01 aabbccdd', 'crc32', 2],
  ])('%s tells of checksums from 5.6.1 and MariaDB 5.3 on', (version, rest, checksum, lengths) => {
    const event = readFormatDescription(format(version, rest));
    expect(event).toMatchObject({ serverVersion: version, checksum });
    expect(event.postHeaderLengths).toHaveLength(lengths);
    expect(event.flavor).toBe(version.includes('MariaDB') ? 'mariadb' : 'mysql');
  });

  test('a renamed MariaDB is known by the events that it lists', () => {
    const rest = '00'.repeat(171) + '00 00000000';
    expect(readFormatDescription(format('10.6.1-renamed', rest)).flavor).toBe('mariadb');
  });

  test.each([
    ['another version', Buffer.from([3, 0]), 'binlog version 3'],
    ['a cut one', Buffer.from([4, 0, 56]), 'bytes wanted'],
  ])('%s', (_what, bytes, message) => {
    expect(() => readFormatDescription(new ByteReader(bytes))).toThrow(message);
  });

  test('an unknown algorithm', () => {
    expect(() => readFormatDescription(format('8.0.1', '38 07 00000000'))).toThrow(
      'checksum algorithm 7',
    );
    expect(() => readFormatDescription(format('8.0.1', '38'))).toThrow(DecodeError);
  });
});

/** From go-mysql's TestHeartbeatEvent. */
describe('HEARTBEAT_V2 (PITFALLS B5)', () => {
  test.each([
    ['010d62696e6c6f672e30303030303102019e00', 158],
    ['010d62696e6c6f672e3030303030310204fdbbaf2700', 2600891],
    ['010d62696e6c6f672e3030303030310209fe000000000100000000', 2 ** 32],
    ['0902ffff010d62696e6c6f672e30303030303102019e00', 158],
  ])('%s', (hex, position) => {
    const expected = { kind: 'heartbeat', file: 'binlog.000001', position };
    expect(readHeartbeatV2(reader(hex))).toEqual(expected);
  });

  test.each([
    '',
    '030d62696e6c6f672e30303030303102019e00',
    '010d62696e6c6f672e30303030303102029e00',
    '010d62696e6c6f672e303030303031',
  ])('%j is none', (hex) => {
    expect(() => readHeartbeatV2(reader(hex))).toThrow(DecodeError);
  });
});

test('XA_PREPARE names the transaction (PITFALLS B32)', () => {
  // From osheroff's XAPrepareEventDataDeserializerTest.
  expect(readXaPrepare(reader('007b00000005000000050000006774726964627175616c'))).toEqual({
    kind: 'xa-prepare',
    onePhase: false,
    formatId: 123,
    gtrid: Buffer.from('gtrid'),
    bqual: Buffer.from('bqual'),
  });
  expect(() => readXaPrepare(reader('007b000000ffffffff050000006774'))).toThrow(DecodeError);
});

test('a user variable', () => {
  expect(readUserVariable(reader('0100000061000100'))).toEqual({
    kind: 'statement-context',
    variable: '@a',
  });
});

describe('TRANSACTION_PAYLOAD (PITFALLS B90)', () => {
  test('as MySQL 9.7 wrote it', () => {
    const event = eventsOf(recordedBinlog('mysql-9.7')).find((each) => each[4] === 40) as Buffer;
    const payload = readTransactionPayload(new ByteReader(event.subarray(19, -4)));
    expect(payload.algorithm).toBe('zstd');
    expect(payload.payload.subarray(0, 4).toString('hex')).toBe('28b52ffd');
    expect(payload.uncompressedBytes).toBeGreaterThan(500);
  });

  test.each([
    ['not compressed', '0203fcff00 00 aabb', 'none', 2],
    ['fields in any order, and unknown ones', '0901ff 030105 020100 00', 'zstd', 5],
  ])('%s', (_what, hex, algorithm, uncompressedBytes) => {
    expect(readTransactionPayload(reader(hex))).toMatchObject({ algorithm, uncompressedBytes });
  });

  test.each([
    ['an unknown algorithm', '020107 00'],
    ['no algorithm', '00'],
    ['another size of the payload', '010103 020100 00 aabb'],
    ['a length that is not the field’s', '02020000 00'],
    ['no end', '020100'],
  ])('%s', (_what, hex) => {
    expect(() => readTransactionPayload(reader(hex))).toThrow(DecodeError);
  });
});
