import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DecodeError } from '../../../../src/foundation/byte-reader.ts';
import type { FrameSink } from '../../../../src/source/postgres/wire/wire-input.ts';
import { WireInput } from '../../../../src/source/postgres/wire/wire-input.ts';

function frame(type: number, body: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt8(type, 0);
  header.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}

/** As the kernel does it: into the room, as much as fits. */
function feed(input: WireInput, bytes: Buffer, sink: FrameSink): void {
  for (let at = 0; at < bytes.length;) {
    const room = input.room();
    const count = bytes.copy(room, 0, at, Math.min(bytes.length, at + room.length));
    input.received(count);
    at += count;
    expect(input.drain(sink)).toBeUndefined();
  }
}

test('frames come whole, whatever the chunks are', () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 30 });
  const cuts = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(bodies, cuts, (contents, sizes) => {
      const expected = contents.map((content, i) => `${65 + (i % 20)}:${hex(content)}`);
      const stream = Buffer.concat(
        contents.map((content, i) => frame(65 + (i % 20), Buffer.from(content))),
      );
      const seen: string[] = [];
      const input = new WireInput();
      const sink: FrameSink = {
        frame(type, bytes, start, end) {
          seen.push(`${type}:${hex(bytes.subarray(start, end))}`);
          return undefined;
        },
      };
      for (let at = 0, i = 0; at < stream.length; i++) {
        const size = sizes[i % sizes.length] as number;
        feed(input, stream.subarray(at, at + size), sink);
        at += size;
      }
      expect(seen).toEqual(expected);
      expect(input.pending).toBe(0);
    }),
  );
});

test('a frame larger than any buffer comes whole, and its buffer is let go (P81)', () => {
  const body = Buffer.alloc(5_000_000, 7);
  const input = new WireInput();
  const lengths: number[] = [];
  const sink: FrameSink = {
    frame(_type, bytes, start, end) {
      expect(bytes.subarray(start, end).every((byte) => byte === 7)).toBe(true);
      lengths.push(end - start);
      return undefined;
    },
  };
  feed(input, Buffer.concat([frame(100, body), frame(100, body.subarray(0, 10))]), sink);
  expect(lengths).toEqual([5_000_000, 10]);
  expect(input.room().length).toBeLessThanOrEqual(1024 * 1024);
});

test('a promise holds back the frames behind it', async () => {
  const input = new WireInput();
  const seen: number[] = [];
  const sink: FrameSink = {
    frame(type) {
      seen.push(type);
      return type === 2 ? Promise.resolve() : undefined;
    },
  };
  input.append(Buffer.concat([1, 2, 3].map((type) => frame(type, Buffer.alloc(3)))));
  const wait = input.drain(sink);
  expect(seen).toEqual([1, 2]);
  await wait;
  // More arrives while the rest is held back.
  input.append(frame(4, Buffer.alloc(0)));
  expect(input.drain(sink)).toBeUndefined();
  expect(seen).toEqual([1, 2, 3, 4]);
});

test.each([0, 3, 0x7fff_ffff, 0xffff_ffff])('a frame of length %i is refused', (length) => {
  const input = new WireInput();
  const header = Buffer.alloc(5, 1);
  header.writeUInt32BE(length, 1);
  input.append(header);
  expect(() => input.drain({ frame: () => undefined })).toThrow(DecodeError);
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

test('frames that are held back survive that room is asked for meanwhile', () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 90_000 }), { minLength: 20, maxLength: 60 });
  const reads = fc.array(fc.integer({ min: 1, max: 400_000 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(lengths, reads, fc.integer({ min: 1, max: 4 }), (sizes, amounts, every) => {
      const stream = Buffer.concat(sizes.map((size, i) => frame(65, Buffer.alloc(size, i + 1))));
      const input = new WireInput();
      const seen: number[] = [];
      const held: { bytes: Buffer; fill: number }[] = [];
      const sink: FrameSink = {
        frame(_type, bytes, start, end) {
          const fill = seen.length + 1;
          seen.push(end - start);
          if (seen.length % every > 0) return undefined;
          held.push({ bytes: bytes.subarray(start, end), fill });
          return Promise.resolve();
        },
      };
      for (let at = 0, i = 0; at < stream.length; i++) {
        const room = input.room();
        const wanted = Math.min(amounts[i % amounts.length] as number, stream.length - at);
        const count = stream.copy(room, 0, at, at + Math.min(wanted, room.length));
        at += count;
        input.received(count);
        while (input.drain(sink) !== undefined) {
          // Node asks for the next room also when it was told to read no further.
          input.room();
          const last = held.pop();
          expect(last?.bytes.every((byte) => byte === last.fill)).toBe(true);
        }
      }
      expect(seen).toEqual(sizes);
      expect(input.pending).toBe(0);
    }),
    { numRuns: 60 },
  );
});

test('what TLS brings while a sink waits leaves its frame alone, in two buffers in turn', () => {
  const input = new WireInput();
  const held: Buffer[] = [];
  const buffers = new Set<ArrayBufferLike>();
  const sink: FrameSink = {
    frame(_type, bytes, start, end) {
      held.push(bytes.subarray(start, end));
      buffers.add(bytes.buffer);
      return Promise.resolve();
    },
  };
  input.append(frame(65, Buffer.alloc(3000, 1)));
  for (let n = 2; n < 50; n++) {
    expect(input.drain(sink)).toBeDefined();
    // The rest is longer than what is held, and would be moved over it.
    input.append(frame(65, Buffer.alloc(3000, n)));
    const last = held.at(-1);
    expect(last?.length).toBe(3000);
    expect(last?.every((byte) => byte === n - 1)).toBe(true);
  }
  expect(buffers.size).toBe(2);
});
