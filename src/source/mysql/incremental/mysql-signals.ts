import { mysqlFragmentProblem } from '../../../../dialects/mysql/mysql-sql-fragment.ts';
import { repairedKeys } from '../../incremental/repaired-rows.ts';
import type { SignalDialect } from '../../incremental/snapshot-tasks.ts';
import { orderedKey } from '../snapshot/key-range.ts';
import { storedText } from './key-texts.ts';
import type { KnownTable } from './table-reading.ts';
import { isKeyed } from './table-reading.ts';

/** What signals name, as MySQL and MariaDB have it. */
export const MYSQL_SIGNALS: SignalDialect<KnownTable> = {
  isKeyed,
  repairKeys({ definition, schema }, request) {
    const key = orderedKey(definition)?.columns ?? [];
    return repairedKeys(schema, request, {
      keyColumns: key.map(({ name }) => name),
      encoding: 'latin1',
      stored(name, text) {
        const column = key.find((each) => each.name === name);
        return column === undefined ? text : storedText(column, text);
      },
    });
  },
  conditionProblem: mysqlFragmentProblem,
};
