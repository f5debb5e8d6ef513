import { expect, test } from 'vitest';
import { crc32c, slicedCrc32c } from '../../../src/transport/kafka/crc32c.ts';

// From RFC 3720 (iSCSI), appendix B.4.
test.each([
  ['32 bytes of zeroes', Buffer.alloc(32), 0x8a9136aa],
  ['32 bytes of ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['32 incrementing bytes', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
  ['32 decrementing bytes', Buffer.from(Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c],
  ['the check text', Buffer.from('123456789'), 0xe3069283],
  ['nothing', Buffer.alloc(0), 0],
])('the checksum of %s', (_, bytes, checksum) => {
  expect(crc32c(bytes, 0, bytes.length)).toBe(checksum);
  expect(slicedCrc32c(bytes, 0, bytes.length)).toBe(checksum);
});

test('a range is summed alone, wherever it starts and ends', () => {
  const bytes = Buffer.from('..123456789....');
  expect(crc32c(bytes, 2, 11)).toBe(0xe3069283);
  expect(slicedCrc32c(bytes, 2, 11)).toBe(0xe3069283);
});
