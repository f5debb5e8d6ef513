import type { TargetDialect } from '../../../dialects/dialect.ts';
import type { ChangeColumn } from '../change-metadata.ts';
import type { SchemaKeeper } from './schema-keeper.ts';
import type { TopicTarget } from './sink-state.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import type { TableNaming } from './table-naming.ts';
import type { TargetSession } from './target-session.ts';

/** What topics share. */
export interface TableParts {
  readonly dialect: TargetDialect;
  readonly options: SqlSinkOptions;
  readonly naming: TableNaming;
  readonly keeper: SchemaKeeper;
  /** What is told of each change beside its row. */
  readonly changes: readonly ChangeColumn[];
  /** Where the topics of all the sink's tasks go, as far as anybody knows. */
  readonly targets: (session: TargetSession) => Promise<readonly TopicTarget[]>;
}
