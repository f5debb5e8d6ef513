import type { TargetDialect } from '../../../dialects/dialect.ts';
import { changeColumns } from './change-columns.ts';
import { PositionGuard } from './position-guard.ts';
import { RangeApplier } from './range-applier.ts';
import { AbsentValues } from './row-plan.ts';
import type { TellDdl } from './schema-keeper.ts';
import { SchemaKeeper } from './schema-keeper.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import { TableNaming } from './table-naming.ts';
import type { TableParts } from './table-parts.ts';

/** What writes rows of a sink, whoever asks: its task, or a replay beside it. */
export interface SqlSinkParts {
  readonly tables: TableParts;
  readonly applier: RangeApplier;
  /** Null: rows are taken in the order of the log. */
  readonly guard: PositionGuard | null;
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
  const guard = options.positionGuard ? new PositionGuard(dialect, options) : null;
  return {
    guard,
    tables: { dialect, options, naming, keeper, targets, changes },
    applier: new RangeApplier(dialect, options, changes, placeholder, guard),
  };
}
