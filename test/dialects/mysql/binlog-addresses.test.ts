// Bytes and texts as MariaDB 10.11.18 wrote them to its binlog and answered a SELECT, 2026-11-22.
import { describe, expect, test } from 'vitest';
import { addressWriter } from '../../../dialects/mysql/binlog-addresses.ts';
import { DecodeError } from '../../../src/foundation/byte-reader.ts';
import { writtenBytes } from '../../support/binlog-text.ts';

describe('addressWriter (PITFALLS B63, B64)', () => {
  test.each([
    ['uuid', '0f00112233445566778899aabbccddee', '00112233-4455-6677-8899-aabbccddee00'],
    ['uuid', '00', '00000000-0000-0000-0000-000000000000'],
    ['uuid', '0f123e4567e89b12d3a4564266141740', '123e4567-e89b-12d3-a456-426614174000'],
    ['uuid', '10018f3e2a7b007abc8def001122334455', '018f3e2a-7b00-7abc-8def-001122334455'],
    ['uuid', '106ba7b8109dad41d180b400c04fd430c8', '6ba7b810-9dad-41d1-80b4-00c04fd430c8'],
    ['inet4', '03010203', '1.2.3.0'],
    ['inet4', '00', '0.0.0.0'],
    ['inet4', '04ffffffff', '255.255.255.255'],
    ['inet6', '00', '::'],
    ['inet6', '1000000000000000000000000000000001', '::1'],
    ['inet6', '1020010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['inet6', '1000000000000000000000ffff01020304', '::ffff:1.2.3.4'],
    ['inet6', '02fe80', 'fe80::'],
    ['inet6', '1000010000000000020000000000000003', '1:0:0:2::3'],
    ['inet6', '1000000000000000000000000001020304', '::1.2.3.4'],
    ['inet6', '1000010002000300040005000600070008', '1:2:3:4:5:6:7:8'],
    ['inet6', '06000000000001', '0:0:1::'],
    ['inet6', '100000000000000000ffff000001020304', '::ffff:0:102:304'],
    ['inet6', '10000000000000000000000000000000ff', '::ff'],
    ['inet6', '1000000000000000000000000000010002', '::0.1.0.2'],
    ['inet6', '1000010000000200030004000500060007', '1::2:3:4:5:6:7'],
  ] as const)('%s %s', (declared, hex, text) => {
    expect(writtenBytes(addressWriter(declared), hex).toString()).toBe(text);
  });

  test.each(['', '10', `11${'00'.repeat(17)}`])('refuses %s', (hex) => {
    expect(() => writtenBytes(addressWriter('uuid'), hex)).toThrow(DecodeError);
  });
});
