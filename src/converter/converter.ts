import type { ConnectData } from '../model/connect-record.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';

/**
 * Struct ↔ bytes, the general path. Encoding a schema that was not seen before may need the
 * registry; `prepare` does that, so that `fromConnect` never waits.
 */
export interface Converter {
  /** Registers the schema if it has to be known elsewhere. Throws SCHEMA_INCOMPATIBLE. */
  prepare(topic: string, schema: ConnectSchema): Promise<PreparedSchema>;
  /** Null value → null (tombstone, PITFALLS C3). */
  fromConnect(prepared: PreparedSchema, value: ConnectValue): Buffer | null;
  /** What stands for a null that has a schema; absent: a tombstone, as without one. */
  nullOf?(prepared: PreparedSchema): Buffer | null;
  /** Waits only for a schema id that is not cached. Null bytes → null. */
  toConnect(topic: string, bytes: Buffer | null): Promise<Struct | null> | Struct | null;
  /**
   * The same of what is no struct either, such as the lines of a file, with its schema; absent: the
   * form tells no types. Nothing at all has no schema.
   */
  toData?(topic: string, bytes: Buffer | null): Promise<ConnectData> | ConnectData;
}

/** A schema that is known wherever it has to be, with the constant bytes of its records. */
export interface PreparedSchema {
  readonly schema: ConnectSchema;
  /** Bytes before every encoded value: Avro `00` + schema id, JSON `{"schema":…,"payload":`. */
  readonly prefix: Buffer;
  readonly suffix: Buffer;
}

/** What kind of schema a registry holds, by Confluent's names. */
export type SchemaType = 'AVRO' | 'JSON';

/** What the converters need of a registry (Confluent's REST or the embedded one). */
export interface SchemaRegistry {
  /**
   * The schema's id under the subject; registers a new one. Throws SCHEMA_INCOMPATIBLE,
   * SCHEMA_INVALID or REGISTRY_REFUSED when the registry will not have it.
   */
  register(subject: string, schema: string, type?: SchemaType): Promise<number>;
  /** Schema text by id. Throws SCHEMA_UNKNOWN. */
  schemaById(id: number): Promise<string>;
}
