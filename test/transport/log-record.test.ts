import { expect, test } from 'vitest';
import { copyOf, sizeOf } from '../../src/transport/log-record.ts';

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

/** A spread of one had neither key nor value, and dead letters of Kafka came back as nothing. */
test('a copy has what a record makes when it is asked, and other headers if there are any', () => {
  class Unread {
    offset = 7;
    sequence = 8;
    timestampMs = 9;
    get key(): Buffer {
      return Buffer.from('k');
    }
    get value(): Buffer {
      return Buffer.from('v');
    }
    get headers() {
      return [{ name: 'h', value: null }];
    }
  }
  const parts = { offset: 7, sequence: 8, timestampMs: 9 };
  const made = { ...parts, key: Buffer.from('k'), value: Buffer.from('v') };
  expect(copyOf(new Unread())).toEqual({ ...made, headers: [{ name: 'h', value: null }] });
  expect(copyOf(new Unread(), [])).toEqual({ ...made, headers: [] });
});
