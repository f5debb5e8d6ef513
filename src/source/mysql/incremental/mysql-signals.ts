import { mysqlFragmentProblem } from '../../../../dialects/mysql/mysql-sql-fragment.ts';
import type { SignalDialect } from '../../incremental/snapshot-tasks.ts';
import type { KnownTable } from './table-reading.ts';
import { isKeyed } from './table-reading.ts';

/** What signals name, as MySQL and MariaDB have it. */
export const MYSQL_SIGNALS: SignalDialect<KnownTable> = {
  isKeyed,
  conditionProblem: mysqlFragmentProblem,
};
