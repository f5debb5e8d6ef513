import { TidemarkError } from '../foundation/errors.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';
import type { Converter, PreparedSchema } from './converter.ts';

const EMPTY = Buffer.alloc(0);

/** Connect's ByteArrayConverter: bytes pass as they are, anything else is refused. */
export class ByteArrayConverter implements Converter {
  prepare(topic: string, schema: ConnectSchema): Promise<PreparedSchema> {
    if (schema.type === 'bytes') return Promise.resolve({ schema, prefix: EMPTY, suffix: EMPTY });
    return Promise.reject(
      new TidemarkError(
        'SCHEMA_INVALID',
        `the bytearray converter takes bytes, and ${topic} has ${schema.name ?? schema.type}`,
        { cure: 'Use the json or the avro converter.' },
      ),
    );
  }

  fromConnect(_prepared: PreparedSchema, value: ConnectValue): Buffer | null {
    if (value === null || Buffer.isBuffer(value)) return value;
    throw new TidemarkError('VALUE_CONVERSION', 'the bytearray converter takes only bytes');
  }

  toConnect(topic: string, bytes: Buffer | null): Struct | null {
    if (bytes === null) return null;
    throw new TidemarkError(
      'RECORD_FORMAT',
      `records of ${topic} are plain bytes, which cannot become rows`,
      { cure: 'Use the json converter with schemas.enable=true, or the avro converter.' },
    );
  }
}
