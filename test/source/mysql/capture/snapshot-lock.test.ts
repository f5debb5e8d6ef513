import { expect, test } from 'vitest';
import { parseGrants } from '../../../../src/source/mysql/capture/account-privileges.ts';
import type {
  LockInput,
  SnapshotLock,
} from '../../../../src/source/mysql/capture/snapshot-lock.ts';
import {
  snapshotLock,
  snapshotLockText,
} from '../../../../src/source/mysql/capture/snapshot-lock.ts';
import { mariadbFacts, mysqlFacts } from '../../../support/mysql-facts.ts';

const TABLES = [{ database: 'shop', table: 'orders' }];

test.each<readonly [string, LockInput['lockingMode'], string, SnapshotLock, SnapshotLock]>([
  // Privilege, mode, MySQL, MariaDB.
  ['RELOAD ON *.*', 'minimal', 'server lock', 'server', 'commits'],
  ['FLUSH_TABLES ON *.*', 'minimal', 'its newer name', 'server', 'commits'],
  ['LOCK TABLES ON `shop`.*', 'minimal', 'tables', 'tables', 'single'],
  ['SELECT ON *.*', 'minimal', 'nothing', 'denied', 'single'],
  ['RELOAD ON *.*', 'extended', 'server lock', 'server', 'server'],
  ['LOCK TABLES ON *.*', 'extended', 'tables', 'tables', 'tables'],
  ['SELECT ON *.*', 'extended', 'nothing', 'denied', 'denied'],
  ['SELECT ON *.*', 'none', 'nothing wanted', 'none', 'none'],
])('%s, %s: %s (PITFALLS B113)', (grant, lockingMode, _name, mysql, mariadb) => {
  const privileges = parseGrants([`GRANT ${grant} TO x`]);
  const input = { privileges, lockingMode, tables: TABLES };
  expect(snapshotLock({ ...input, facts: mysqlFacts() })).toBe(mysql);
  expect(snapshotLock({ ...input, facts: mariadbFacts() })).toBe(mariadb);
});

test('each is told in words of its own, and how long it lasts', () => {
  const locks = ['none', 'server', 'tables', 'commits', 'single', 'denied'] as const;
  const texts = locks.map((lock) => snapshotLockText(lock, 'minimal'));
  expect(new Set(texts).size).toBe(locks.length);
  expect(snapshotLockText('server', 'extended')).toContain('until all rows are read');
});
