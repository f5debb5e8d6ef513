import type { TypedColumn } from '../../../../dialects/postgres/postgres-types.ts';
import type { ConnectSchema } from '../../../model/connect-schema.ts';
import type { PostgresTextFormat } from '../../../model/table-schema.ts';

/** What a column's type becomes. */
export interface ColumnType {
  readonly schema: ConnectSchema;
  readonly format: PostgresTextFormat;
  /** Name of the root type, `enum` for all enums. */
  readonly rootName?: string;
}

/** Knows the types of one database under the configured handling modes. */
export interface ColumnTypes {
  /** Null: the type is not supported. */
  typeOf(column: TypedColumn): ColumnType | null;
}
