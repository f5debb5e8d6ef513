import type { ConversionFailures } from '../envelope/unconverted.ts';
import type { TableId } from '../model/table-schema.ts';
import { tableName } from '../model/table-schema.ts';
import type { Logger } from './logger.ts';

/** Is told of each record with placeholders, by the paths of the fields: `after.price`. */
export type UnconvertedListener = (table: TableId, paths: readonly string[]) => void;

/**
 * Logs values that were replaced by a placeholder: of each field the first one, then the tenth, the
 * hundredth and so on, so that a column full of them does not fill the log. With
 * event.converting.failure.handling.mode=skip in the debug log only.
 */
export function conversionWarnings(
  logger: Logger,
  mode: ConversionFailures | undefined,
): UnconvertedListener {
  const counts = new Map<string, number>();
  const text = 'values without a form in the schema of their column were replaced';
  return (table, paths) => {
    for (const path of paths) {
      const field = `${tableName(table)}.${path.slice(path.indexOf('.') + 1)}`;
      const values = (counts.get(field) ?? 0) + 1;
      counts.set(field, values);
      if (!Number.isInteger(Math.log10(values))) continue;
      const about = { code: 'VALUE_CONVERSION', field, values };
      if (mode === 'skip') logger.debug(about, text);
      else logger.warn(about, text);
    }
  };
}
