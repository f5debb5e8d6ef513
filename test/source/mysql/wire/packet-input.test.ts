import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DecodeError } from '../../../../src/foundation/byte-reader.ts';
import type { PacketSink } from '../../../../src/source/mysql/wire/packet-input.ts';
import { PacketInput } from '../../../../src/source/mysql/wire/packet-input.ts';
import { packetsOf } from '../../../support/scripted-mysql.ts';

/** As the kernel does it: into the room, as much as fits. */
function feed(input: PacketInput, bytes: Buffer, sink: PacketSink): void {
  for (let at = 0; at < bytes.length;) {
    const room = input.room();
    const count = bytes.copy(room, 0, at, Math.min(bytes.length, at + room.length));
    input.received(count);
    at += count;
    expect(input.drain(sink)).toBeUndefined();
  }
}

function collector(): { sink: PacketSink; seen: Buffer[] } {
  const seen: Buffer[] = [];
  const sink: PacketSink = {
    packet(bytes, start, end) {
      seen.push(Buffer.from(bytes.subarray(start, end)));
      return undefined;
    },
  };
  return { sink, seen };
}

test('packets come whole, whatever the chunks are, and their numbers wrap', () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 40 });
  const cuts = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(bodies, cuts, fc.boolean(), fc.nat(255), (contents, sizes, appends, first) => {
      const stream = Buffer.concat(
        contents.map((body, i) => packetsOf(Buffer.from(body), (first + i) & 0xff)),
      );
      const { sink, seen } = collector();
      const input = new PacketInput(first);
      for (let at = 0, cut = 0; at < stream.length; cut++) {
        const size = sizes[cut % sizes.length] as number;
        const chunk = stream.subarray(at, at + size);
        if (appends) {
          input.append(chunk);
          expect(input.drain(sink)).toBeUndefined();
        } else {
          feed(input, chunk, sink);
        }
        at += size;
      }
      expect(seen).toEqual(contents.map((body) => Buffer.from(body)));
      expect(input.pending).toBe(0);
    }),
  );
});

const FULL = 0xffffff;

/** A status byte and an event that tells its size. */
function largeEvent(size: number): Buffer {
  const packet = Buffer.alloc(1 + size);
  packet.writeUInt32LE(size, 10);
  for (let at = 20; at < packet.length; at += 4093) packet[at] = at % 251;
  return packet;
}

test.each([FULL - 2, FULL - 1, FULL, FULL + 10, 2 * FULL - 1, 2 * FULL + 5])(
  'an event of %i bytes is joined from its packets (PITFALLS B12)',
  (size) => {
    const large = largeEvent(size);
    const small = Buffer.from('after');
    const parts = Math.floor(large.length / FULL) + 1;
    const stream = Buffer.concat([
      packetsOf(Buffer.from('before'), 254),
      packetsOf(large, 255),
      packetsOf(small, (255 + parts) & 0xff),
    ]);
    const { sink, seen } = collector();
    feed(new PacketInput(254), stream, sink);
    expect(seen.map((one) => one.length)).toEqual([6, large.length, 5]);
    expect(large.equals(seen[1] as Buffer)).toBe(true);
    expect(seen[2]).toEqual(small);
  },
);

test.each([FULL, FULL + 10, 3 * FULL + 5])(
  'a row of %i bytes is joined although nothing says how long it is (PITFALLS B12)',
  (size) => {
    const row = Buffer.alloc(size, 0xff);
    const parts = Math.floor(size / FULL) + 1;
    const { sink, seen } = collector();
    const input = new PacketInput(7, 'rows');
    feed(input, Buffer.concat([packetsOf(row, 7), packetsOf(Buffer.from('b'), 7 + parts)]), sink);
    expect(seen.map((one) => one.length)).toEqual([size, 1]);
    expect(row.equals(seen[0] as Buffer)).toBe(true);
    // The answer to the next command is counted anew.
    input.expectAnswer();
    feed(input, packetsOf(Buffer.from('c'), 1), sink);
    expect(seen.at(-1)).toEqual(Buffer.from('c'));
  },
);

test('a size that the first of several packets cannot have is an error', () => {
  for (const size of [0, 100, FULL - 2, 2 ** 31]) {
    const head = Buffer.alloc(4 + 30);
    head.writeUIntLE(FULL, 0, 3);
    head.writeUInt32LE(size, 4 + 10);
    const input = new PacketInput(0);
    input.append(head);
    expect(() => input.drain(collector().sink)).toThrow(DecodeError);
  }
});

test('more bytes than the event has are an error, not a larger buffer', () => {
  const large = largeEvent(FULL + 10);
  large.writeUInt32LE(FULL + 5, 10);
  const input = new PacketInput(0);
  expect(() => {
    feed(input, packetsOf(large, 0), collector().sink);
  }).toThrow(DecodeError);
});

test('a packet out of turn is an error: bytes are missing', () => {
  const input = new PacketInput(1);
  input.append(Buffer.concat([packetsOf(Buffer.from('a'), 1), packetsOf(Buffer.from('b'), 3)]));
  expect(() => input.drain(collector().sink)).toThrow(/packet 3 instead of 2/);
});

test('random bytes give packets or a DecodeError, and little memory', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
      const input = new PacketInput(bytes[3] ?? 0);
      input.append(Buffer.from(bytes));
      try {
        expect(input.drain(collector().sink)).toBeUndefined();
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }),
  );
});

test('while a sink waits its packet stays where it is, and nothing is lost behind it', async () => {
  const input = new PacketInput(0);
  let held: Buffer | undefined;
  const seen: string[] = [];
  const sink: PacketSink = {
    packet(bytes, start, end) {
      seen.push(bytes.toString('latin1', start, end));
      if (seen.length > 1) return undefined;
      held = bytes.subarray(start, end);
      return Promise.resolve();
    },
  };
  input.append(
    Buffer.concat([packetsOf(Buffer.from('first'), 0), packetsOf(Buffer.from('second'), 1)]),
  );
  const wait = input.drain(sink);
  expect(wait).toBeInstanceOf(Promise);
  for (let i = 2; i < 100; i++) input.append(packetsOf(Buffer.alloc(5000, 65 + (i % 20)), i));
  expect(held?.toString()).toBe('first');
  await wait;
  expect(input.drain(sink)).toBeUndefined();
  expect(seen).toHaveLength(100);
  expect(seen[1]).toBe('second');
  expect(seen[99]).toBe(String.fromCharCode(65 + (99 % 20)).repeat(5000));
});
