import { must } from '../foundation/assert.ts';
import type { ByteWriter } from '../foundation/byte-writer.ts';
import type { ConnectField, ConnectSchema, ConnectValue } from '../model/connect-schema.ts';
import type { MysqlTextFormat } from '../model/mysql-text-format.ts';
import { parts, readDateParts, readDatetimeParts, readDurationParts } from './mysql-text-scan.ts';
import type { PartsReader } from './mysql-text-scan.ts';
import { prepareBytes, writePrepared } from './prepared-bytes.ts';
import type { PreparedBytes } from './prepared-bytes.ts';
import type { TextEncoder } from './text-encoder.ts';

/** How a struct of numbers is written: what stands between them is constant. */
export interface StructWire {
  readonly open: string;
  readonly close: string;
  /** What precedes a part: its name, or the branch of its union. */
  readonly before: (field: ConnectField, first: boolean) => string | Buffer;
  /** A field whose value is known beforehand, with what precedes it. */
  readonly constant: (field: ConnectField, first: boolean, value: ConnectValue) => string | Buffer;
  readonly write: (out: ByteWriter, value: number) => void;
}

type PartsFormat = Extract<MysqlTextFormat, { kind: 'calendar-parts' }>;

/** Fields by their place in `parts`. */
const SLOTS: Readonly<Record<string, number>> = {
  year: 0,
  month: 1,
  day: 2,
  hour: 3,
  hours: 3,
  minute: 4,
  minutes: 4,
  second: 5,
  seconds: 5,
  nanos: 6,
};

const READERS: Readonly<Record<PartsFormat['part'], PartsReader>> = {
  date: readDateParts,
  timestamp: readDatetimeParts,
  'zoned-timestamp': readDatetimeParts,
  duration: readDurationParts,
};

/** The parts of a text as fields of a struct (time.precision.mode=structured). */
export function calendarPartsEncoder(
  format: PartsFormat,
  schema: ConnectSchema,
  general: TextEncoder,
  wire: StructWire,
): TextEncoder {
  const read = READERS[format.part];
  const { pieces, end: last } = laidOut(format, schema, wire);
  const { write } = wire;
  return (bytes, start, end, out) => {
    if (!read(bytes, start, end)) {
      general(bytes, start, end, out);
      return;
    }
    for (let i = 0; i < pieces.length; i++) {
      const { before, slot } = pieces[i] as Piece;
      writePrepared(out, before);
      write(out, parts[slot] as number);
    }
    writePrepared(out, last);
  };
}

/** A part of the text, and the constant bytes in front of it. */
interface Piece {
  readonly before: PreparedBytes;
  readonly slot: number;
}

function laidOut(
  format: PartsFormat,
  schema: ConnectSchema,
  wire: StructWire,
): { readonly pieces: readonly Piece[]; readonly end: PreparedBytes } {
  const pieces: Piece[] = [];
  let constant = Buffer.from(wire.open);
  const add = (more: string | Buffer): void => {
    constant = Buffer.concat([constant, Buffer.from(more)]);
  };
  must(schema.fields, 'a struct has fields').forEach((field, i) => {
    const slot = SLOTS[field.name];
    if (slot === undefined) {
      add(wire.constant(field, i === 0, constantOf(field.name, format)));
      return;
    }
    add(wire.before(field, i === 0));
    pieces.push({ before: prepareBytes(constant), slot });
    constant = Buffer.alloc(0);
  });
  add(wire.close);
  return { pieces, end: prepareBytes(constant) };
}

/** What no text says. */
function constantOf(name: string, { part, digits }: PartsFormat): ConnectValue {
  if (name === 'precision') return digits;
  if (part === 'duration') return 0;
  if (part !== 'zoned-timestamp') return null;
  return name === 'offsetSeconds' ? 0 : name === 'zoneId' ? 'Z' : null;
}
