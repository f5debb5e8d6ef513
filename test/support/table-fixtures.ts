import type {
  ColumnInfo,
  TableInfo,
  TypeInfo,
  UniqueIndexInfo,
} from '../../dialects/postgres/postgres-catalog.ts';
import type { CaptureLists } from '../../src/source/postgres/capture/capture-filter.ts';
import type { CapturedTable } from '../../src/source/postgres/capture/captured-tables.ts';

/** They leave nothing out. */
export const NO_LISTS: CaptureLists = {
  schemaInclude: [],
  schemaExclude: [],
  tableInclude: [],
  tableExclude: [],
  columnInclude: [],
  columnExclude: [],
};

/** A base type of no extension, unless told otherwise. */
export function typeInfo(name: string, more: Partial<TypeInfo> = {}): TypeInfo {
  return {
    oid: 1,
    schema: 'pg_catalog',
    name,
    kind: 'base',
    category: 'X',
    elementOid: 0,
    arrayOid: 0,
    baseOid: 0,
    baseTypmod: -1,
    delimiter: ',',
    labels: [],
    extension: null,
    ...more,
  };
}

/** Catalog rows of made-up tables, for tests of what is made from them. */
export function columnInfo(name: string, more: Partial<ColumnInfo> = {}): ColumnInfo {
  return {
    number: 1,
    name,
    typeOid: 23,
    typmod: -1,
    typeText: 'integer',
    notNull: false,
    defaultExpression: null,
    generated: null,
    identity: null,
    comment: null,
    ...more,
  };
}

export function uniqueIndex(
  columns: readonly number[],
  more: Partial<UniqueIndexInfo> = {},
): UniqueIndexInfo {
  return { name: 'key', columns, primary: false, replicaIdentity: false, immediate: true, ...more };
}

/** `id integer PRIMARY KEY, note integer` unless told otherwise. */
export function tableInfo(more: Partial<TableInfo> = {}): TableInfo {
  const columns = more.columns ?? [
    columnInfo('id', { number: 1, notNull: true }),
    columnInfo('note', { number: 2 }),
  ];
  const oid = more.oid ?? 16_400;
  return {
    oid,
    schema: 'public',
    name: 'orders',
    kind: 'table',
    persistence: 'permanent',
    replicaIdentity: 'default',
    owner: 'app',
    uniqueIndexes: [uniqueIndex([1], { primary: true })],
    parentOid: 0,
    rootOid: oid,
    rowSecurity: false,
    canSelect: true,
    owned: true,
    estimatedRows: -1,
    pages: 0,
    ...more,
    columns,
  };
}

export function capturedTable(
  info: TableInfo,
  names: { captured?: readonly string[]; sent?: readonly string[] },
): CapturedTable {
  const sent = names.sent ?? info.columns.map((column) => column.name);
  const captured = names.captured ?? sent;
  return {
    info,
    schema: {
      id: { catalog: 'shop', schema: info.schema, table: info.name },
      version: 1,
      columns: captured.map((name) => ({
        name,
        schema: { type: 'int32', optional: true },
        format: { kind: 'integer' },
        tupleIndex: sent.indexOf(name),
        sourceType: 'integer',
        identity: false,
      })),
      keyColumns: [],
      replicaIdentity: info.replicaIdentity,
    },
    tupleColumns: sent.map((name, i) => columnInfo(name, { number: i + 1 })),
    storage: [info],
    columnList: null,
    rowFilter: null,
  };
}
