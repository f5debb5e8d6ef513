import { expect, test } from 'vitest';
import { ByteReader, DecodeError } from '../../../../src/foundation/byte-reader.ts';
import {
  readKeepalive,
  standbyStatusFrame,
} from '../../../../src/source/postgres/wire/replication-frame.ts';

test('a standby status update, byte by byte', () => {
  const frame = standbyStatusFrame({
    write: 0x16_b374_d848n,
    flush: 0x0a0bn,
    nowMicros: 946_684_800_000_001n,
    replyRequested: true,
  });
  expect(frame.toString('hex')).toBe(
    [
      '72',
      '00000016b374d848',
      '0000000000000a0b',
      '0000000000000a0b',
      '0000000000000001',
      '01',
    ].join(''),
  );
});

test('a keepalive', () => {
  const body = Buffer.from(`00000016b374d848${'00'.repeat(8)}01`, 'hex');
  expect(readKeepalive(new ByteReader(body))).toEqual({
    walEnd: 0x16_b374_d848n,
    replyRequested: true,
  });
  expect(() => readKeepalive(new ByteReader(body.subarray(0, 16)))).toThrow(DecodeError);
  expect(() => readKeepalive(new ByteReader(Buffer.concat([body, body])))).toThrow(DecodeError);
});
