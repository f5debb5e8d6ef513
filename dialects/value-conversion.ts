import { TidemarkError } from '../src/foundation/errors.ts';
import { tableName } from '../src/model/table-schema.ts';
import type { ColumnSchema, TableId } from '../src/model/table-schema.ts';

/**
 * A text that cannot become a value of its schema. The message says what was expected and never
 * shows the text itself: rows do not belong into logs (DESIGN section 12).
 */
export function conversionError(what: string, cure?: string): TidemarkError {
  return new TidemarkError('VALUE_CONVERSION', what, cure === undefined ? {} : { cure });
}

/** The same error with the place: table, column and type. */
export function inColumn(table: TableId, column: ColumnSchema, thrown: unknown): TidemarkError {
  const reason = thrown instanceof Error ? thrown.message : 'the value cannot be represented';
  const place = `${tableName(table)}.${column.name} (${column.sourceType})`;
  const cure = thrown instanceof TidemarkError ? thrown.cure : undefined;
  return new TidemarkError('VALUE_CONVERSION', `${place}: ${reason}`, {
    cause: thrown,
    ...(cure === undefined ? {} : { cure }),
  });
}
