import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecodeError } from '../../../../src/foundation/byte-reader.ts';
import { PgoutputDecoder } from '../../../../src/source/postgres/pgoutput/pgoutput-decoder.ts';
import { GoldenPrinter, goldenScenarios, isRow } from '../../../support/pgoutput-golden.ts';

function printed(major: number, name: string): string[] {
  const scenario = goldenScenarios(major).find((candidate) => candidate.name === name);
  const printer = new GoldenPrinter();
  return (scenario?.frames ?? []).map((frame) => printer.print(Buffer.from(frame, 'hex')));
}

const withoutSchema = (lines: readonly string[]): string[] =>
  lines.filter((line) => !/^(relation|begin|commit)/.test(line));

describe.each([15, 18])('messages recorded from PostgreSQL %i', (major) => {
  test('old and new rows under each replica identity (P1, P3)', () => {
    const lines = printed(major, 'row changes of every replica identity');
    expect(lines.filter((line) => line.startsWith('relation'))).toEqual([
      'relation public.d default (*id note)',
      'relation public.f full (*id *note)',
      'relation public.i index (id *code note)',
      'relation public.n nothing (id note)',
    ]);
    expect(withoutSchema(lines)).toEqual([
      "I d -> {id='1' note='ä€😀'}",
      "I d -> {id='2' note=NULL}",
      "I f -> {id='1' note=''}",
      'I f -> {id=NULL note=NULL}',
      "I i -> {id='1' code='x' note='y'}",
      "I n -> {id='1' note='n'}",
      "U d -> {id='1' note='new'}",
      "U f {id='1' note=''} -> {id='1' note='new'}",
      "U i -> {id='1' code='x' note='new'}",
      "U d key {id='1' note=NULL} -> {id='10' note='new'}",
      "U i key {id=NULL code='x' note=NULL} -> {id='1' code='z' note='new'}",
      "D d key {id='2' note=NULL}",
      "D d key {id='10' note=NULL}",
      'D f {id=NULL note=NULL}',
      "D f {id='1' note='new'}",
      "D i key {id=NULL code='z' note=NULL}",
    ]);
  });

  test('an unchanged TOAST value is absent, unless the old row has it (P5, P6)', () => {
    expect(withoutSchema(printed(major, 'unchanged TOAST'))).toEqual([
      "I d -> {id='1' n='1' big='xxxx…3002}",
      "I f -> {id='1' n='1' big='yyyy…3002}",
      "U d -> {id='1' n='2' big=ABSENT}",
      "U f {id='1' n='1' big='yyyy…3002} -> {id='1' n='2' big='yyyy…3002}",
    ]);
  });

  test('truncate of several tables, raw names, types, relation changes (P10 to P12, P39)', () => {
    expect(printed(major, 'truncate, relation changes and user types')).toMatchSnapshot();
  });

  test('logical messages inside and outside of transactions, origins (P13)', () => {
    expect(printed(major, 'logical messages and a replication origin')).toEqual([
      'message false at once=',
      'begin',
      'message true transactional=in it',
      'commit',
      'begin',
      'origin elsewhere aabbcc',
      'relation public.t default (*id)',
      "I t -> {id='1'}",
      'commit',
    ]);
  });

  test('xids stand before messages only inside of stream blocks (P2)', () => {
    const lines = printed(major, 'streamed transactions with an aborted part');
    expect(lines[0]).toBe('stream-start');
    expect(lines[2]).toBe(`I t -> {id='1' v='${'s'.repeat(20)}'}`);
    expect(lines.filter((line) => line === 'stream-abort')).toHaveLength(1);
    expect(lines.filter((line) => line.includes("'last'"))).toHaveLength(1);
    expect(lines.at(-1)).toBe('stream-commit');
  });

  test('prepared transactions', () => {
    const lines = printed(major, 'prepared transactions');
    expect(lines.filter((line) => / (yes|no)$/.test(line))).toEqual([
      'begin-prepare yes',
      'prepare yes',
      'commit-prepared yes',
      'begin-prepare no',
      'prepare no',
      'rollback-prepared no',
    ]);
  });
});

/** Some of each kind: a streamed transaction repeats the same insert many times. */
const samples = [15, 18].flatMap((major) =>
  goldenScenarios(major).flatMap(({ name, frames }) =>
    frames
      .filter((_, i) => i < 40 || i > frames.length - 20)
      .map((frame) => ({
        inStream: name.startsWith('streamed'),
        bytes: Buffer.from(frame, 'hex'),
      })),
  ),
);

const STREAM_START = Buffer.from('530000000101', 'hex');

/** Decodes with the frame in the middle of other bytes, as in a receive buffer. */
function decode(bytes: Buffer, inStream: boolean): void {
  const decoder = new PgoutputDecoder();
  if (inStream) {
    decoder.open(STREAM_START, 0, STREAM_START.length);
    decoder.control();
  }
  const buffer = Buffer.concat([Buffer.alloc(7, 0x74), bytes, Buffer.alloc(64, 0x74)]);
  const kind = decoder.open(buffer, 7, 7 + bytes.length);
  if (!isRow(kind)) {
    decoder.control();
    return;
  }
  const columns = columnCount(bytes, inStream);
  decoder.rows(columns);
  for (const image of [decoder.before, decoder.after]) {
    for (let i = 0; i < image.count; i++) image.text(i);
  }
}

/** The count that the message itself tells. */
function columnCount(bytes: Buffer, inStream: boolean): number {
  const at = inStream ? 10 : 6;
  return bytes.length >= at + 2 ? bytes.readUInt16BE(at) : 0;
}

test('all samples decode', () => {
  for (const { bytes, inStream } of samples) {
    expect(() => {
      decode(bytes, inStream);
    }).not.toThrow();
  }
});

test('every prefix of every message is a DecodeError', () => {
  for (const { bytes, inStream } of samples) {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => {
        decode(bytes.subarray(0, length), inStream);
      }).toThrow(DecodeError);
    }
  }
});

test('a byte more is a DecodeError', () => {
  for (const { bytes, inStream } of samples) {
    if (bytes[0] === 0x41) continue; // Stream Abort has an optional part.
    expect(() => {
      decode(Buffer.concat([bytes, Buffer.of(0)]), inStream);
    }).toThrow(DecodeError);
  }
});

test('random mutations are a message or a DecodeError, never anything else', () => {
  const mutation = fc.record({
    sample: fc.integer({ min: 0, max: samples.length - 1 }),
    changes: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 8,
    }),
    cut: fc.option(fc.nat()),
  });
  fc.assert(
    fc.property(mutation, ({ sample, changes, cut }) => {
      const { bytes, inStream } = samples[sample] as (typeof samples)[number];
      const mutated = Buffer.from(bytes);
      for (const [at, value] of changes) mutated[at % mutated.length] = value;
      const end = cut === null ? mutated.length : cut % (mutated.length + 1);
      try {
        decode(mutated.subarray(0, end), inStream);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }),
    { numRuns: 20_000 },
  );
});

test('a row with another count of values than its relation is refused (P17)', () => {
  const insert = Buffer.from('49000000014e0001740000000131', 'hex');
  const decoder = new PgoutputDecoder();
  decoder.open(insert, 0, insert.length);
  expect(() => {
    decoder.rows(2);
  }).toThrow(/1 values for relation 1 of 2 columns/);
});

test('OIDs and xids are unsigned', () => {
  const decoder = new PgoutputDecoder();
  const insert = Buffer.from('49fffffffe4e00016e', 'hex');
  decoder.open(insert, 0, insert.length);
  expect(decoder.relationId).toBe(0xffff_fffe);
  const begin = Buffer.from(`42ffffffffffffffff0000000000000000ffffffff`, 'hex');
  decoder.open(begin, 0, begin.length);
  expect(decoder.control()).toEqual({
    kind: 'begin',
    finalLsn: 0xffff_ffff_ffff_ffffn,
    commitMicros: 946_684_800_000_000n,
    xid: 0xffff_ffff,
  });
});
