import { expect, test } from 'vitest';
import { ByteReader, DecodeError } from '../../../../src/foundation/byte-reader.ts';
import { readControlMessage } from '../../../../src/source/postgres/pgoutput/pgoutput-control.ts';

const read = (kind: string, hex: string): unknown =>
  readControlMessage(kind.charCodeAt(0), new ByteReader(Buffer.from(hex, 'hex')));

test('times count from 2000, LSNs are unsigned', () => {
  expect(read('C', '00ffffffffffffff00ffffffffffffff08ffffffffffffffff')).toEqual({
    kind: 'commit',
    commitLsn: 0xffff_ffff_ffff_ff00n,
    endLsn: 0xffff_ffff_ffff_ff08n,
    commitMicros: 946_684_799_999_999n,
  });
});

test('an empty namespace is pg_catalog (P11)', () => {
  expect(read('Y', '0000001700696e743400')).toEqual({
    kind: 'type',
    typeOid: 23,
    schema: 'pg_catalog',
    name: 'int4',
  });
});

test('a stream abort may carry position and time', () => {
  const short = read('A', '0000000100000002');
  expect(short).toEqual({ kind: 'stream-abort', xid: 1, subxid: 2 });
  expect(read('A', `0000000100000002${'00'.repeat(16)}`)).toEqual(short);
});

test.each([
  ['an unknown kind (P14)', 'Z', ''],
  ['flags that mean something new', 'C', '01'],
  ['a replica identity that does not exist', 'R', '000000010000780000'],
  ['a truncate of more relations than there are bytes', 'T', 'ffffffff0000000001'],
  ['a message longer than its frame', 'M', `00${'00'.repeat(8)}0000000fff41`],
])('%s is refused', (_name, kind, hex) => {
  expect(() => read(kind, hex)).toThrow(DecodeError);
});
