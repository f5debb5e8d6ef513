import { expect, test } from 'vitest';
import { sequenceTable } from '../../../../dialects/mysql/ddl/sequence-table.ts';
import { described, MARIADB } from '../../../support/mysql-ddl.ts';

// DESCRIBE of a sequence, MariaDB 10.11.18.
test('a sequence is stored as a table (PITFALLS B109)', () => {
  const set = { charset: 'latin1', collation: 'latin1_swedish_ci' };
  const table = sequenceTable({ database: 'shop', name: 's' }, set);
  expect(table).toMatchObject({ database: 'shop', name: 's', kind: 'sequence', charset: 'latin1' });
  expect(described(table, MARIADB)).toEqual([
    'next_not_cached_value bigint(21) not null',
    'minimum_value bigint(21) not null',
    'maximum_value bigint(21) not null',
    'start_value bigint(21) not null',
    'increment bigint(21) not null',
    'cache_size bigint(21) unsigned not null',
    'cycle_option tinyint(1) unsigned not null',
    'cycle_count bigint(21) not null',
  ]);
});
