import type { TargetDialect } from '../../../dialects/dialect.ts';
import { changeColumns } from './change-columns.ts';
import { RangeApplier } from './range-applier.ts';
import { AbsentValues } from './row-plan.ts';
import type { TellDdl } from './schema-keeper.ts';
import { SchemaKeeper } from './schema-keeper.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import { TableNaming } from './table-naming.ts';
import type { TableParts } from './topic-table.ts';

/** What writes rows of a sink, whoever asks: its task, or a replay beside it. */
export interface SqlSinkParts {
  readonly tables: TableParts;
  readonly applier: RangeApplier;
}

/** `targets`: where the sink's topics go, as far as they are known. */
export function sqlSinkParts(
  dialect: TargetDialect,
  options: SqlSinkOptions,
  tellDdl: TellDdl,
  targets: TableParts['targets'],
): SqlSinkParts {
  const naming = new TableNaming(options, dialect.identifierMax);
  const keeper = new SchemaKeeper(dialect, options.schemaEvolution, tellDdl);
  const changes = changeColumns(options);
  const placeholder = new AbsentValues(options.unavailableValuePlaceholder);
  return {
    tables: { dialect, options, naming, keeper, targets, changes },
    applier: new RangeApplier(dialect, options, changes, placeholder),
  };
}
