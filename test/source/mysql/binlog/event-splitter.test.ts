import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DecodeError } from '../../../../src/foundation/byte-reader.ts';
import { EventSplitter } from '../../../../src/source/mysql/binlog/event-splitter.ts';
import { eventBytes } from '../../../support/binlog-events.ts';

test('events come out whole, however the bytes were cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 300 }), { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 20 }),
      (sizes, cuts) => {
        const events = sizes.map((size, i) => eventBytes({ type: 2, body: Buffer.alloc(size, i) }));
        const stream = Buffer.concat(events);
        const splitter = new EventSplitter();
        const found: Buffer[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = cuts[i % cuts.length] as number;
          splitter.push(stream.subarray(at, at + size));
          at += size;
          while (splitter.next()) {
            found.push(Buffer.from(splitter.bytes.subarray(splitter.start, splitter.end)));
          }
        }
        expect(found).toEqual(events);
        expect(splitter.pendingBytes).toBe(0);
      },
    ),
  );
});

test('the bytes of an event that is not complete are counted', () => {
  const splitter = new EventSplitter();
  splitter.push(eventBytes({ type: 2, body: Buffer.alloc(10) }).subarray(0, 25));
  expect([splitter.next(), splitter.pendingBytes]).toEqual([false, 25]);
});

test.each([0, 18, 0xffffffff])('a size of %i is refused', (size) => {
  const event = eventBytes({ type: 2, body: Buffer.alloc(10) });
  event.writeUInt32LE(size, 9);
  const splitter = new EventSplitter();
  splitter.push(event);
  expect(() => splitter.next()).toThrow(DecodeError);
});
