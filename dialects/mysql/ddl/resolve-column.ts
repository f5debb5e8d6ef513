import { resolveType } from './column-types.ts';
import { resolveDefault } from './default-values.ts';
import type { ColumnSyntax } from './ddl-syntax.ts';
import type { TableContext } from './statement-context.ts';
import type { ColumnDefinition, TableKey } from './table-definition.ts';

/** A column of a statement as the server makes it in a table. */
export function resolveColumn(syntax: ColumnSyntax, context: TableContext): ColumnDefinition {
  const type = resolveType(syntax.type, context);
  const isImplicit = type.base === 'timestamp' && !context.explicitDefaultsForTimestamp;
  // Without explicit_defaults_for_timestamp a TIMESTAMP is NOT NULL unless it says NULL.
  const nullable = syntax.nullable ?? !(isImplicit && syntax.generated === null);
  return {
    name: syntax.name,
    type,
    declared: {
      name: syntax.type.written,
      length: syntax.type.length,
      scale: syntax.type.scale,
      members: syntax.type.writtenMembers,
    },
    nullable: nullable && syntax.generated !== 'row-start' && syntax.generated !== 'row-end',
    default: resolveDefault(syntax.default, type, context.dialect),
    onUpdateNow: syntax.onUpdateNow,
    autoIncrement: syntax.autoIncrement,
    generated: syntax.generated,
    invisible: syntax.invisible,
    compressed: syntax.compressed,
    comment: syntax.comment ?? '',
  };
}

/**
 * What follows from the table as a whole: key columns are NOT NULL, and the first TIMESTAMP follows
 * the clock while later ones begin with zero, where the server's setting wants it so.
 */
export function completeColumns(
  columns: readonly ColumnDefinition[],
  keys: readonly TableKey[],
  context: TableContext,
): ColumnDefinition[] {
  const primary = new Set(
    keys
      .filter(({ kind }) => kind === 'primary')
      .flatMap(({ parts }) => parts.map(({ column }) => (column ?? '').toLowerCase())),
  );
  let isFirst = true;
  return columns.map((column) => {
    const nullable = column.nullable && !primary.has(column.name.toLowerCase());
    const complete = nullable === column.nullable ? column : { ...column, nullable };
    if (column.type.base !== 'timestamp') return complete;
    const wasFirst = isFirst;
    isFirst = false;
    if (column.generated !== null) return complete;
    return context.explicitDefaultsForTimestamp ? complete : implicitTimestamp(complete, wasFirst);
  });
}

function implicitTimestamp(column: ColumnDefinition, isFirst: boolean): ColumnDefinition {
  if (column.nullable || column.default !== null) return column;
  const fraction = column.type.length ?? 0;
  if (isFirst && column.onUpdateNow === null) {
    const written = 'CURRENT_TIMESTAMP';
    return { ...column, default: { kind: 'now', fraction, written }, onUpdateNow: fraction };
  }
  const text = `0000-00-00 00:00:00${fraction === 0 ? '' : `.${'0'.repeat(fraction)}`}`;
  return { ...column, default: { kind: 'literal', text, written: text } };
}
