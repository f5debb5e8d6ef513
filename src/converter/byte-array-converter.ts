import { TidemarkError } from '../foundation/errors.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';
import type { Converter, PreparedSchema } from './converter.ts';

const EMPTY = Buffer.alloc(0);

/**
 * Connect's ByteArrayConverter: bytes pass as they are. With a delegate, Debezium's
 * BinaryDataConverter: that one writes what is no bytes; without, it is refused.
 */
export class ByteArrayConverter implements Converter {
  readonly #delegate: Converter | null;

  constructor(delegate: Converter | null = null) {
    this.#delegate = delegate;
  }

  prepare(topic: string, schema: ConnectSchema): Promise<PreparedSchema> {
    if (schema.type === 'bytes') return Promise.resolve({ schema, prefix: EMPTY, suffix: EMPTY });
    if (this.#delegate !== null) return this.#delegate.prepare(topic, schema);
    return Promise.reject(
      new TidemarkError(
        'SCHEMA_INVALID',
        `the bytearray converter takes bytes, and ${topic} has ${schema.name ?? schema.type}`,
        { cure: 'Set delegate.converter.type, or use the json or the avro converter.' },
      ),
    );
  }

  fromConnect(prepared: PreparedSchema, value: ConnectValue): Buffer | null {
    const other = this.#otherFor(prepared);
    if (other !== null) return other.fromConnect(prepared, value);
    if (value === null || Buffer.isBuffer(value)) return value;
    throw new TidemarkError('VALUE_CONVERSION', 'the bytearray converter takes only bytes');
  }

  nullOf(prepared: PreparedSchema): Buffer | null {
    return this.#otherFor(prepared)?.nullOf?.(prepared) ?? null;
  }

  toConnect(topic: string, bytes: Buffer | null): Struct | null {
    if (bytes === null) return null;
    throw new TidemarkError(
      'RECORD_FORMAT',
      `records of ${topic} are plain bytes, which cannot become rows`,
      { cure: 'Use the json converter with schemas.enable=true, or the avro converter.' },
    );
  }

  #otherFor({ schema }: PreparedSchema): Converter | null {
    return schema.type === 'bytes' ? null : this.#delegate;
  }
}
