import { expect, test } from 'vitest';
import { mysqlTarget } from '../../../dialects/mysql/mysql-target-dialect.ts';
import {
  HISTORY_KEY,
  HISTORY_OWN_COLUMNS,
  wantedHistoryColumns,
} from '../../../src/sink/sql/history-columns.ts';

test('the key has room for any source and position, and fits an index of InnoDB', () => {
  const columns = wantedHistoryColumns({ schema: 's', table: 't' }, mysqlTarget);
  expect(columns.map(({ name }) => name)).toEqual(HISTORY_OWN_COLUMNS);
  const lengths = Object.values(HISTORY_KEY).map((name) => {
    const { ddl } = columns.find((column) => column.name === name)!.type;
    return Number(/^varchar\((\d+)\)$/.exec(ddl)![1]);
  });
  expect(lengths.reduce((sum, length) => sum + 4 * length, 0)).toBeLessThanOrEqual(3072);
  const [source, position, op, image, row] = lengths;
  // The longest name of a topic; a position of a binlog with the mark of a generation; a digest.
  expect([source! >= 249, position! >= 43, op! >= 1, image! >= 6, row! >= 32]).toEqual(
    Array.from({ length: 5 }, () => true),
  );
});
