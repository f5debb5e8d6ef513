import { fragmentProblem } from '../../../../dialects/postgres/postgres-sql-fragment.ts';
import { repairedKeys } from '../../incremental/repaired-rows.ts';
import type { SignalDialect } from '../../incremental/snapshot-tasks.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import { rowKeyColumns } from './row-key-columns.ts';

/** What signals name, as PostgreSQL has it. */
export const POSTGRES_SIGNALS: SignalDialect<Pick<CapturedTable, 'schema' | 'info'>> = {
  isKeyed: ({ info }) => rowKeyColumns(info) !== null,
  repairKeys({ info, schema }, request) {
    const keyColumns = rowKeyColumns(info) ?? [];
    return repairedKeys(schema, request, {
      keyColumns,
      encoding: 'utf8',
      stored: (_, text) => text,
    });
  },
  conditionProblem: fragmentProblem,
};
