import type { ColumnDefinition } from '../../../../dialects/mysql/ddl/table-definition.ts';
import type { BinlogTable, OmittedValue } from '../binlog/binlog-table.ts';
import type { PlacedColumn } from './binlog-columns.ts';
import { defaultText } from './mysql-field-schema.ts';

/**
 * By column of the table map: the value in a row whose INSERT did not name the column, and which
 * the server did not log (binlog_row_image MINIMAL and NOBLOB). What it computes it logs.
 */
export function omittedValues(
  table: Pick<BinlogTable, 'columns'>,
  placed: readonly PlacedColumn[],
): readonly OmittedValue[] {
  const values: OmittedValue[] = table.columns.map(() => undefined);
  for (const { definition, index } of placed) values[index] = omittedValue(definition);
  return values;
}

function omittedValue(column: ColumnDefinition): OmittedValue {
  const { default: given, nullable, generated, autoIncrement, type } = column;
  if (generated !== null || autoIncrement) return undefined;
  // In the time zone of whoever wrote the statement, which it does not tell.
  const isInstant = type.base === 'timestamp';
  const text = isInstant ? null : defaultText(column, 'exact');
  if (text !== null) return Buffer.from(text, type.base === 'bit' ? 'latin1' : 'utf8');
  if (given !== null) return undefined;
  if (nullable) return null;
  // Strict or not, an ENUM that must have a value has its first.
  const [first] = type.members ?? [];
  return type.base === 'enum' && first !== undefined ? Buffer.from(first) : undefined;
}
