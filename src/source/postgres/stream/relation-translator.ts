import type {
  ColumnInfo,
  TableInfo,
  UniqueIndexInfo,
} from '../../../../dialects/postgres/postgres-catalog.ts';
import type { RelationColumn, RelationMessage } from '../pgoutput/pgoutput-message.ts';
import type { TableShape } from '../capture/table-schema-builder.ts';

/** What is known besides the Relation message; any of it may be missing or too new. */
export interface RelationKnowledge {
  /** The catalog as of now; null: the table has been dropped since. */
  readonly catalog: TableInfo | null;
  /** The table as it was described before; null at the first sight. */
  readonly previous: TableInfo | null;
  /** `format_type` of the relation's columns by name. */
  readonly typeTexts: ReadonlyMap<string, string>;
  /** Columns that were nullable as of the change: a row showed it. */
  readonly nullable?: readonly string[];
}

function sameColumn(column: RelationColumn, known: ColumnInfo): boolean {
  return (
    column.name === known.name &&
    column.typeOid === known.typeOid &&
    column.typeModifier === known.typmod
  );
}

/** Every column of the relation stands in the catalog as it is (P21). */
export function columnsAgree(relation: RelationMessage, table: TableInfo | null): boolean {
  return (
    table !== null &&
    relation.columns.every((column) => table.columns.some((known) => sameColumn(column, known)))
  );
}

/**
 * The table as of the change. Names, order, types and identity come from the Relation message; the
 * catalog is newer than the change, so nullability, defaults and key come from it only where the
 * columns agree, else from the description before (P21), else they are unknown: nullable.
 */
export function tableAsOf(relation: RelationMessage, knowledge: RelationKnowledge): TableShape {
  const { catalog, previous, typeTexts, nullable = [] } = knowledge;
  const sources = columnsAgree(relation, catalog) ? [catalog] : [previous, catalog];
  const known = sources.filter((source) => source !== null);
  const tupleColumns = relation.columns.map((column, index): ColumnInfo => {
    for (const source of known) {
      const match = source.columns.find((candidate) => sameColumn(column, candidate));
      if (match === undefined) continue;
      return nullable.includes(column.name) ? { ...match, notNull: false } : match;
    }
    return {
      // No attribute number is negative, so that it cannot meet one of the catalog.
      number: -1000 - index,
      name: column.name,
      typeOid: column.typeOid,
      typmod: column.typeModifier,
      typeText: typeTexts.get(column.name) ?? `type ${column.typeOid}`,
      notNull:
        column.identity && relation.replicaIdentity !== 'full' && !nullable.includes(column.name),
      defaultExpression: null,
      generated: null,
      identity: null,
      comment: null,
    };
  });
  const base = known[0] ?? emptyTable(relation);
  const table: TableInfo = {
    ...base,
    oid: relation.relationId,
    schema: relation.schema,
    name: relation.table,
    replicaIdentity: relation.replicaIdentity,
    columns: tupleColumns,
    uniqueIndexes: uniqueIndexes(relation, tupleColumns, known),
  };
  return { table, tupleColumns };
}

/** The catalog's indexes over columns that are there, with the identity that the relation flags. */
function uniqueIndexes(
  relation: RelationMessage,
  columns: readonly ColumnInfo[],
  known: readonly TableInfo[],
): readonly UniqueIndexInfo[] {
  const numbers = new Set(columns.map((column) => column.number));
  const candidates = known
    .map((table) => table.uniqueIndexes.filter((i) => i.columns.every((n) => numbers.has(n))))
    .find((indexes) => indexes.length > 0);
  const indexes = candidates ?? [];
  const { replicaIdentity } = relation;
  if (replicaIdentity === 'full' || replicaIdentity === 'nothing') return indexes;
  const flagged = columns.filter((_, i) => relation.columns[i]?.identity === true);
  const isFlagged = (index: UniqueIndexInfo): boolean =>
    index.columns.length === flagged.length &&
    flagged.every((column) => index.columns.includes(column.number));
  const primary = replicaIdentity === 'default';
  // Kind d or i without a flagged column: no primary key, or the index was dropped (P35).
  if (flagged.length === 0) return indexes.filter((index) => !index.primary || !primary);
  if (indexes.some((index) => isFlagged(index) && (primary ? index.primary : true))) {
    return indexes.map((index) => ({ ...index, replicaIdentity: !primary && isFlagged(index) }));
  }
  // The identity has changed since: the flags are right as of the change (P4).
  const asOfChange: UniqueIndexInfo = {
    name: '',
    columns: flagged.map((column) => column.number),
    primary,
    replicaIdentity: !primary,
    immediate: true,
  };
  return [asOfChange, ...indexes.filter((index) => !index.primary || !primary)];
}

/** A table of which the catalog knows nothing any more; it can still be read from the WAL. */
function emptyTable(relation: RelationMessage): TableInfo {
  return {
    oid: relation.relationId,
    schema: relation.schema,
    name: relation.table,
    kind: 'table',
    persistence: 'permanent',
    replicaIdentity: relation.replicaIdentity,
    owner: '',
    columns: [],
    uniqueIndexes: [],
    parentOid: 0,
    rootOid: relation.relationId,
    rowSecurity: false,
    canSelect: false,
    owned: false,
    estimatedRows: -1,
    pages: 0,
  };
}
