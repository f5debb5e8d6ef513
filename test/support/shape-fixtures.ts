import type { ColumnSchema, TableSchema } from '../../src/model/table-schema.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import type { ColumnShape, ShapeEvent, TableShape } from '../../src/model/table-shape.ts';

/** A column that is an integer and may be null, but for what is given. */
export function column(name: string, more: Partial<ColumnShape> = {}): ColumnShape {
  return {
    name,
    number: null,
    type: 'integer',
    nullable: true,
    default: null,
    generated: null,
    counted: null,
    members: null,
    charset: null,
    comment: null,
    ...more,
  };
}

/** The table `public.t`, keyed by `id`. */
export function shape(columns: readonly ColumnShape[], more: Partial<TableShape> = {}): TableShape {
  return {
    id: { catalog: 'shop', schema: 'public', table: 't' },
    incarnation: '1',
    columns,
    key: ['id'],
    replicaIdentity: 'default',
    charset: null,
    comment: null,
    ...more,
  };
}

/** Records of `public.t` with these fields, keyed by the first. */
export function schemaOf(fields: Readonly<Record<string, ConnectSchema>>): TableSchema {
  const columns = Object.entries(fields).map(([name, schema], tupleIndex): ColumnSchema => ({
    name,
    schema,
    format: { kind: 'string' },
    tupleIndex,
    sourceType: schema.type,
    identity: tupleIndex === 0,
  }));
  const id = { catalog: 'shop', schema: 'public', table: 't' };
  return { id, version: 1, columns, keyColumns: [0], replicaIdentity: 'default' };
}

interface EventParts extends Partial<Omit<ShapeEvent, 'before' | 'after'>> {
  readonly before: TableShape | null;
  readonly after: TableShape | null;
  readonly schemas?: readonly [TableSchema | null, TableSchema | null];
}

/** Something that happened at `0/16B3748`. */
export function event({ before, after, schemas = [null, null], ...more }: EventParts): ShapeEvent {
  return {
    key: '2:abc',
    before: before && { shape: before, schema: schemas[0] },
    after: after && { shape: after, schema: schemas[1] },
    position: '0/16B3748',
    atMs: 1_700_000_000_000,
    ddl: null,
    ...more,
  };
}
