import { expect, test } from 'vitest';
import {
  runAll,
  snapshotSettings,
  tableLocks,
} from '../../../../src/source/mysql/snapshot/snapshot-sessions.ts';
import { mariadbFacts, mysqlFacts } from '../../../support/mysql-facts.ts';

test('no limit of the server cuts a read off (PITFALLS B117)', () => {
  const [mysql = ''] = snapshotSettings(mysqlFacts(), 7);
  expect(mysql).toMatch(/net_write_timeout = 86400.*lock_wait_timeout = 7.*max_execution_time = 0/);
  const [old = ''] = snapshotSettings(mysqlFacts({ version: 50_651 }), 7);
  expect(old).not.toContain('max_execution_time');
  const [mariadb = ''] = snapshotSettings(mariadbFacts(), 7);
  expect(mariadb).toContain('max_statement_time = 0');
  expect(mariadb).toContain('idle_readonly_transaction_timeout = 0');
});

test('a lock waits for what is under way, before 5.7 by InnoDB’s own (PITFALLS B113)', () => {
  const tables = ['a', 'b'].map((name) => ({ database: 'd', name }));
  const lock = 'LOCK TABLES `d`.`a` READ, `d`.`b` READ';
  const old = tableLocks(mysqlFacts({ version: 50_651 }), tables);
  expect(old).toEqual(['SET SESSION autocommit = 0, innodb_table_locks = 1', lock]);
  expect(tableLocks(mysqlFacts(), tables)).toEqual([lock]);
  expect(tableLocks(mariadbFacts(), tables)).toEqual([lock]);
});

test('statements run in their order', async () => {
  const ran: string[] = [];
  const session = {
    query: (sql: string) => {
      ran.push(sql);
      return Promise.resolve({ columns: [], rows: [] });
    },
  };
  await runAll(session, ['a', 'b'], new AbortController().signal);
  expect(ran).toEqual(['a', 'b']);
});
