import { fragmentProblem } from '../../../../dialects/postgres/postgres-sql-fragment.ts';
import type { SignalDialect } from '../../incremental/snapshot-tasks.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import { rowKeyColumns } from './row-key-columns.ts';

/** What signals name, as PostgreSQL has it. */
export const POSTGRES_SIGNALS: SignalDialect<Pick<CapturedTable, 'schema' | 'info'>> = {
  isKeyed: ({ info }) => rowKeyColumns(info) !== null,
  conditionProblem: fragmentProblem,
};
