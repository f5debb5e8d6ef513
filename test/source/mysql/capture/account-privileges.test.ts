import { expect, test } from 'vitest';
import {
  mayEverywhere,
  mayOn,
  parseGrants,
} from '../../../../src/source/mysql/capture/account-privileges.ts';

/** Lines as MySQL 9.7 and MariaDB 10.11 print them. */
const GRANTS = parseGrants([
  "GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO `low`@`%` IDENTIFIED BY PASSWORD '*23AE'",
  'GRANT SELECT, LOCK TABLES ON `shop`.* TO `low`@`%`',
  'GRANT SELECT (`id`, `name`), INSERT ON `crm`.`people` TO `low`@`%`',
  'GRANT SELECT ON `crm`.`orders` TO `low`@`%`',
  'GRANT SELECT ON `te``am\\_1%`.* TO `low`@`%`',
  'GRANT EXECUTE ON PROCEDURE `shop`.`p` TO `low`@`%`',
  'GRANT PROXY ON ``@`%` TO `low`@`%`',
  'GRANT `reader`@`%` TO `low`@`%`',
  'REVOKE SELECT ON `shop`.* FROM `low`@`%`',
]);

test('what is held everywhere', () => {
  expect(mayEverywhere(GRANTS, 'REPLICATION SLAVE')).toBe(true);
  expect(mayEverywhere(GRANTS, 'SUPER', 'BINLOG MONITOR')).toBe(true);
  expect(mayEverywhere(GRANTS, 'SELECT', 'LOCK TABLES', 'EXECUTE')).toBe(false);
  const all = parseGrants(['GRANT ALL PRIVILEGES ON *.* TO `root`@`%` WITH GRANT OPTION']);
  expect(mayEverywhere(all, 'REPLICATION SLAVE')).toBe(true);
  expect(mayOn(all, 'SELECT', 'any', 'table')).toBe(true);
});

test.each([
  ['SELECT', 'shop', 'orders', true],
  ['INSERT', 'shop', 'orders', false],
  ['SELECT', 'shop2', 'orders', false],
  ['SELECT', 'crm', 'orders', true],
  // Some of its columns are not the table.
  ['SELECT', 'crm', 'people', false],
  ['INSERT', 'crm', 'people', true],
  // The database of a GRANT is a pattern.
  ['SELECT', 'te`am_1xyz', 't', true],
  ['SELECT', 'te`amx1', 't', false],
])('%s on %s.%s: %s', (privilege, database, table, may) => {
  expect(mayOn(GRANTS, privilege, database, table)).toBe(may);
});

test('lines that are no grants are left out', () => {
  expect(parseGrants(['', 'GRANT', 'nonsense ON *.* TO x'])).toEqual({
    everywhere: new Set(),
    within: new Map(),
  });
});
