import { expect, test } from 'vitest';
import { nearestName } from '../../src/config/nearest-name.ts';
import { POSTGRES_OPTIONS } from '../../src/config/postgres-options.ts';

const names = POSTGRES_OPTIONS.map((option) => option.name);

test.each([
  ['database.pasword', 'database.password'],
  ['databse.hostname', 'database.hostname'],
  ['table.inculde.list', 'table.include.list'],
  ['tables.include.list', 'table.include.list'],
  ['table_include_list', 'table.include.list'],
  ['slotname', 'slot.name'],
  ['topicPrefix', 'topic.prefix'],
])('%s was meant as %s', (slip, meant) => {
  expect(nearestName(slip, names)).toBe(meant);
});

test('neighbours swapped are one slip', () => {
  expect(nearestName('ab', ['ba', 'abcdefgh'])).toBe('ba');
});

test.each(['', 'colour', 'kafka.brokers'])('%j is near to nothing', (text) => {
  expect(nearestName(text, names)).toBeUndefined();
});
