import type { Option } from '../../src/config/option.ts';
import type { ResolvedOptions } from '../../src/config/option.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';
import { TRANSFORM_OPTIONS, transformSettings } from '../../src/config/transform-options.ts';
import { POSTGRES_SOURCE_SCHEMA } from '../../src/envelope/postgres-source-block.ts';
import { TRANSACTION_SCHEMA } from '../../src/envelope/source-block.ts';
import type { ConnectRecord } from '../../src/model/connect-record.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../src/model/connect-schema.ts';

/** Resolved properties of a source that has this one transform, named `t`. */
export function transformOptions(
  type: string,
  given: Record<string, string> = {},
): ResolvedOptions {
  const own = Object.entries(given).map(([name, value]) => [`transforms.t.${name}`, value]);
  return examine(TRANSFORM_OPTIONS, {
    transforms: 't',
    'transforms.t.type': type,
    ...(Object.fromEntries(own) as Record<string, string>),
  });
}

/** The transform's own options. */
export function ownOptions(type: string, given: Record<string, string> = {}): ResolvedOptions {
  const [setting] = transformSettings(transformOptions(type, given));
  if (setting?.kind !== 'built-in') throw new Error('no transform');
  return setting.options;
}

function examine(table: readonly Option[], input: Record<string, string>): ResolvedOptions {
  const providers = { environment: {}, folder: '/' };
  return examineOptions(table, input, { where: 's', providers }).options;
}

const TEXT: ConnectSchema = { type: 'string', optional: true };
const KEY: ConnectSchema = {
  type: 'struct',
  optional: false,
  name: 'p.public.t.Key',
  fields: [{ name: 'id', schema: { type: 'int32', optional: false } }],
};
/** Columns id, v (default `dflt`) and w of `p.public.t`. */
export const ROW: ConnectSchema = {
  type: 'struct',
  optional: true,
  name: 'p.public.t.Value',
  fields: [
    { name: 'id', schema: { type: 'int32', optional: false } },
    { name: 'v', schema: { ...TEXT, default: 'dflt' } },
    { name: 'w', schema: TEXT },
  ],
};

const row = (schema: ConnectSchema, values: readonly ConnectValue[] | null): Struct | null =>
  values === null ? null : { schema, values };

/** A change record with envelope; images as lists of values. */
export function changeRecord(
  op: string,
  before: readonly ConnectValue[] | null,
  after: readonly ConnectValue[] | null,
  schema: ConnectSchema = ROW,
): ConnectRecord {
  const envelope: ConnectSchema = {
    type: 'struct',
    optional: false,
    name: 'p.public.t.Envelope',
    version: 2,
    fields: [
      { name: 'before', schema },
      { name: 'after', schema },
      { name: 'source', schema: POSTGRES_SOURCE_SCHEMA },
      { name: 'transaction', schema: TRANSACTION_SCHEMA },
      { name: 'op', schema: { type: 'string', optional: false } },
      { name: 'ts_ms', schema: { type: 'int64', optional: true } },
    ],
  };
  const source = (POSTGRES_SOURCE_SCHEMA.fields ?? []).map(({ name }): ConnectValue => {
    if (name === 'lsn') return 77n;
    return name === 'table' ? 't' : null;
  });
  const values = [
    row(schema, before),
    row(schema, after),
    { schema: POSTGRES_SOURCE_SCHEMA, values: source },
    null,
    op,
    5n,
  ];
  return {
    topic: 'p.public.t',
    key: { schema: KEY, value: { schema: KEY, values: [1] } },
    value: { schema: envelope, value: { schema: envelope, values } },
    headers: [],
    timestampMs: 9,
  };
}

/** The tombstone behind a delete. */
export function tombstone(): ConnectRecord {
  return { ...changeRecord('d', [1, null, null], null), value: { schema: null, value: null } };
}

/** A struct's values by name. */
export function plain(record: ConnectRecord | null): Record<string, ConnectValue> | null {
  const struct = record?.value.value as Struct | null | undefined;
  if (struct === null || struct === undefined) return null;
  const fields = struct.schema.fields ?? [];
  return Object.fromEntries(fields.map(({ name }, i) => [name, struct.values[i] ?? null]));
}
