/**
 * What a transform of one's own is made of: the types that a module named in
 * `transforms.<name>.type` is written against. Types only, and nothing else is imported here, so
 * that the file can be copied or shipped as it stands.
 *
 *     import type { MakeTransform } from 'tidemark/transform';
 *
 *     export const transform: MakeTransform = (properties, tools) => (record) => {
 *       const { value } = record.value;
 *       return tools.get(value, 'op') === properties.without ? null : record;
 *     };
 */

/**
 * The export `transform` of the module. Called once, at the start, with the properties of the
 * transform in the pipeline file (`transforms.<name>.` taken off, without `type`, `predicate` and
 * `negate`); it may be async. What it returns is called for every record and never waits.
 */
export type MakeTransform = (
  properties: Readonly<Record<string, string>>,
  tools: TransformTools,
) => ApplyTransform | Promise<ApplyTransform>;

/**
 * The record that takes the place of this one, or null: it is dropped. Records are never changed,
 * only copied. At the start it is also asked with a row without values, to learn its topic.
 */
export type ApplyTransform = (record: TransformRecord) => TransformRecord | null;

/** A record between source and log, or between log and sink. */
export interface TransformRecord {
  readonly topic: string;
  readonly key: RecordData;
  /** Of a change of a row: Debezium's envelope, unless a transform took it off. */
  readonly value: RecordData;
  readonly headers: readonly RecordHeaderData[];
  /** Null: the time when it is written. */
  readonly timestampMs: number | null;
  /** On a source the partition that was chosen, on a sink the one in the log. */
  readonly partition?: number;
  /** On sinks only. */
  readonly offset?: number;
}

/** A value with its schema; both null: no key, or a tombstone. */
export interface RecordData {
  readonly schema: RecordSchema | null;
  readonly value: RecordValue;
}

/** A header with its name. */
export interface RecordHeaderData extends RecordData {
  readonly name: string;
}

/** Kafka Connect's schema. Give equal values the same object: it is known by its identity. */
export interface RecordSchema {
  readonly type:
    | 'int8'
    | 'int16'
    | 'int32'
    | 'int64'
    | 'float32'
    | 'float64'
    | 'boolean'
    | 'string'
    | 'bytes'
    | 'array'
    | 'map'
    | 'struct';
  readonly optional: boolean;
  readonly name?: string;
  readonly version?: number;
  readonly doc?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly default?: RecordValue;
  /** Of an array's elements, of a map's values. */
  readonly valueSchema?: RecordSchema;
  readonly keySchema?: RecordSchema;
  readonly fields?: readonly { readonly name: string; readonly schema: RecordSchema }[];
}

/** A struct; its values stand in the order of its fields. */
export interface RecordStruct {
  readonly schema: RecordSchema;
  readonly values: readonly RecordValue[];
}

/**
 * int64 is a bigint, smaller whole numbers and floats are numbers, bytes a Buffer, decimals
 * `{ unscaled, scale }`, arrays arrays and maps Maps.
 */
export type RecordValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Buffer
  | { readonly unscaled: bigint; readonly scale: number }
  | RecordStruct
  | readonly RecordValue[]
  | ReadonlyMap<string | number, RecordValue>;

/** What structs are read and changed with; changed schemas are made once. */
export interface TransformTools {
  /** The value of a field, also under a path such as `after.id`; null where there is none. */
  readonly get: (struct: RecordValue, path: string) => RecordValue;
  /**
   * The struct with another value in a field that it has, or with a new field at its end. Throws
   * for anything but a struct.
   */
  readonly set: (
    struct: RecordValue,
    name: string,
    value: RecordValue,
    schema?: RecordSchema,
  ) => RecordStruct;
  /** The struct without these fields. */
  readonly without: (struct: RecordValue, names: readonly string[]) => RecordStruct;
}
