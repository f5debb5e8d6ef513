import type { ConnectSchema } from '../model/connect-schema.ts';
import type { ColumnSchema, TableSchema } from '../model/table-schema.ts';
import type { ColumnShape, TableShape } from '../model/table-shape.ts';

/**
 * The shape of a table as its records show it, and no more: what stands between two of them does
 * not depend on when somebody looks into a catalog.
 */
export function recordShape({ id, columns, keyColumns, replicaIdentity }: TableSchema): TableShape {
  return {
    id,
    incarnation: null,
    columns: columns.map(columnShape),
    key: keyColumns.flatMap((index) => columns[index]?.name ?? []),
    replicaIdentity,
    charset: null,
    comment: null,
  };
}

function columnShape({ name, schema, sourceType }: ColumnSchema): ColumnShape {
  const members = enumMembers(schema);
  return {
    name,
    number: null,
    // Where it lists its members they are told by themselves.
    type: members === null ? sourceType : sourceType.replace(/\(.*\)/s, ''),
    nullable: schema.optional,
    default: schema.default === undefined ? null : defaultText(schema.default),
    generated: null,
    counted: null,
    members,
    charset: null,
    comment: null,
  };
}

const MEMBERS = new Set(['io.debezium.data.Enum', 'io.debezium.data.EnumSet']);

/** Of an enum or a set, in order; a comma inside of one has a backslash in front. Null: neither. */
export function enumMembers({ name, parameters }: ConnectSchema): readonly string[] | null {
  const allowed = parameters?.['allowed'];
  if (allowed === undefined || !MEMBERS.has(name ?? '')) return null;
  return allowed.split(/(?<!\\),/).map((member) => member.replaceAll('\\,', ','));
}

function defaultText(value: ConnectSchema['default']): string {
  return typeof value === 'string'
    ? value
    : JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}` : part));
}
