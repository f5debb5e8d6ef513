import type { ColumnType } from '../../dialects/mysql/ddl/table-definition.ts';

/** A type as the server would show it; what is not given does not apply. */
export function mysqlColumnType(base: string, more: Partial<ColumnType> = {}): ColumnType {
  const bare = { length: null, scale: null, members: null, charset: null, collation: null };
  return { base, unsigned: false, zerofill: false, ...bare, ...more };
}
