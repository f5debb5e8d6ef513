import { expect, test } from 'vitest';
import { sizeOf } from '../../src/transport/record-size.ts';

const record = { offset: 0, sequence: 0, timestampMs: 0, headers: [] };

test('a record has the size of its key and value; one that knows it is not asked for them', () => {
  expect(sizeOf({ ...record, key: Buffer.from('ab'), value: Buffer.from('c') })).toBe(3);
  expect(sizeOf({ ...record, key: null, value: null })).toBe(0);
  const unread = {
    offset: 0,
    sequence: 0,
    timestampMs: 0,
    headers: [],
    size: 7,
    get key(): Buffer {
      throw new Error('made');
    },
    value: null,
  };
  expect(sizeOf(unread)).toBe(7);
});
