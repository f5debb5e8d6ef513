import { expect, test } from 'vitest';
import { ByteReader } from '../../../../src/foundation/byte-reader.ts';
import { ByteWriter } from '../../../../src/foundation/byte-writer.ts';
import { readText, writeText } from '../../../../src/transport/kafka/kafkajs/protocol-text.ts';

test('texts have 16 bits of length in bytes; null has -1', () => {
  const writer = new ByteWriter();
  for (const text of ['tüm', '', null]) writeText(writer, text);
  expect(writer.written().toString('hex')).toBe('000474c3bc6d0000ffff');
  const reader = new ByteReader(writer.written());
  expect([readText(reader), readText(reader), readText(reader)]).toEqual(['tüm', '', null]);
});
