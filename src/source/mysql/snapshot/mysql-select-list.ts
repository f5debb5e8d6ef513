import type {
  ColumnDefinition,
  TableDefinition,
} from '../../../../dialects/mysql/ddl/table-definition.ts';
import type { TableSchema } from '../../../model/table-schema.ts';
import { quotedName } from '../capture/server-tables.ts';

/**
 * What a SELECT names of a table so that its texts stand where those of a row of the binlog stand,
 * and are equal to them. A column that is not captured is NULL: its value never leaves the server.
 */
export function selectList(definition: TableDefinition, { columns }: TableSchema): string {
  const captured = new Set(columns.map(({ tupleIndex }) => tupleIndex));
  return definition.columns
    .map((column, i) => (captured.has(i) ? selectExpression(column) : 'NULL'))
    .join(', ');
}

/**
 * As the binlog's text has it. A FLOAT alone is printed with six digits; as the DOUBLE of the same
 * 32 bits it has all (B66). DOUBLE(M,D) and ZEROFILL show zeros that no row has.
 */
export function selectExpression({ name, type }: ColumnDefinition): string {
  const { base, scale, zerofill } = type;
  const quoted = quotedName(name);
  if (base === 'float' || (base === 'double' && (scale !== null || zerofill))) {
    return `${quoted}*1e0`;
  }
  return zerofill ? `${quoted}+0` : quoted;
}

/** `database`.`table` */
export function quotedTable({
  database,
  name,
}: Pick<TableDefinition, 'database' | 'name'>): string {
  return `${quotedName(database)}.${quotedName(name)}`;
}
