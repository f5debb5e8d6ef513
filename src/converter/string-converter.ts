import { TidemarkError } from '../foundation/errors.ts';
import type { ConnectData } from '../model/connect-record.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';
import type { Converter, PreparedSchema } from './converter.ts';
import { javaText } from '../model/java-text.ts';

const TEXT: ConnectSchema = { type: 'string', optional: true };
const EMPTY = Buffer.alloc(0);

/** Connect's StringConverter: the value's text, without its schema. Nothing can read a row back. */
export class StringConverter implements Converter {
  prepare(_topic: string, schema: ConnectSchema): Promise<PreparedSchema> {
    return Promise.resolve({ schema, prefix: EMPTY, suffix: EMPTY });
  }

  fromConnect(prepared: PreparedSchema, value: ConnectValue): Buffer | null {
    return value === null ? null : Buffer.from(javaText(prepared.schema, value));
  }

  toData(_topic: string, bytes: Buffer | null): ConnectData {
    if (bytes === null) return { schema: null, value: null };
    return { schema: TEXT, value: bytes.toString('utf8') };
  }

  toConnect(topic: string, bytes: Buffer | null): Struct | null {
    if (bytes === null) return null;
    throw new TidemarkError(
      'RECORD_FORMAT',
      `records of ${topic} are plain text, which cannot become rows`,
      { cure: 'Use the json converter with schemas.enable=true, or the avro converter.' },
    );
  }
}
