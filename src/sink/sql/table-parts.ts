import type { TargetDialect, TargetName } from '../../../dialects/dialect.ts';
import type { ChangeColumn } from './change-columns.ts';
import type { SchemaKeeper } from './schema-keeper.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import type { TableNaming } from './table-naming.ts';

/** What topics share. */
export interface TableParts {
  readonly dialect: TargetDialect;
  readonly options: SqlSinkOptions;
  readonly naming: TableNaming;
  readonly keeper: SchemaKeeper;
  /** What is told of each change beside its row. */
  readonly changes: readonly ChangeColumn[];
  /** Where the sink's topics go, as far as they are known. */
  readonly targets: () => readonly TargetName[];
}
