import type { ConnectSchema, ConnectValue } from '../model/connect-schema.ts';
import type { AvroDecode, AvroReader, AvroSkip } from './avro-reader.ts';
import type { RecordFields } from './late-struct.ts';
import { LateStruct } from './late-struct.ts';

/** The fields of an envelope, and where it has what every sink asks for; -1: nowhere. */
export interface EnvelopeFields extends RecordFields {
  readonly op: number;
  readonly before: number;
  readonly after: number;
}

/**
 * An envelope. Every sink asks for the row and what became of it, and few for more: its block, its
 * times and its transaction are no objects until somebody does. Thousands of envelopes wait for a
 * put, and what they are made of is what a collector has to carry.
 */
export class LateEnvelope extends LateStruct {
  readonly #places: EnvelopeFields;
  readonly #op: ConnectValue;
  readonly #before: ConnectValue;
  readonly #after: ConnectValue;

  /** Reads it where the reader stands, which goes past it. */
  constructor(schema: ConnectSchema, fields: EnvelopeFields, reader: AvroReader) {
    super(schema, fields, reader.bytes, reader.position);
    const { decoders, skips } = fields;
    let op: ConnectValue = null;
    let before: ConnectValue = null;
    let after: ConnectValue = null;
    for (let i = 0; i < skips.length; i++) {
      if (i === fields.after) after = (decoders[i] as AvroDecode)(reader);
      else if (i === fields.op) op = (decoders[i] as AvroDecode)(reader);
      else if (i === fields.before) before = (decoders[i] as AvroDecode)(reader);
      else (skips[i] as AvroSkip)(reader);
    }
    this.#places = fields;
    this.#op = op;
    this.#before = before;
    this.#after = after;
  }

  override once(): readonly ConnectValue[] {
    const { before, after } = this.#places;
    // The same structs each time: what they have read they keep.
    return super
      .once()
      .map((value, i) => (i === after ? this.#after : i === before ? this.#before : value));
  }

  override peek(place: number): ConnectValue | undefined {
    const { op, before, after } = this.#places;
    if (place === after) return this.#after;
    if (place === op) return this.#op;
    return place === before ? this.#before : super.peek(place);
  }
}
