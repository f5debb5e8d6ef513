import { expect, test } from 'vitest';
import { selectOverrides } from '../../src/config/source-snapshot-options.ts';
import { examinedMysqlSource } from '../support/examined-mysql-source.ts';
import { sourceProblems } from '../support/examined-source.ts';

const OVERRIDES = 'snapshot.select.statement.overrides';
const BASED = 'snapshot.mode.configuration.based';

test.each([
  [{ [OVERRIDES]: 'a.b' }, `names a.b, and there is no ${OVERRIDES}.a.b`],
  [{ [`${OVERRIDES}.a.b`]: 'SELECT 1' }, 'does not name a.b, so its SELECT would not be used'],
  [{ [OVERRIDES]: 'a.b,c', [`${OVERRIDES}.a.b`]: 'SELECT 1' }, 'names c, and'],
  [{ 'snapshot.query.mode': 'custom' }, `use ${OVERRIDES}`],
  [{ 'snapshot.window': '22-6' }, 'must have the form 22:00-06:00'],
  [{ 'snapshot.window': '22:00-06:00', 'snapshot.window.timezone': 'Berlin' }, 'time zone'],
  [{ 'snapshot.window': '22:00-06:00', 'snapshot.mode': 'initial_only' }, 'needs a stream'],
  [{ 'snapshot.mode': 'configuration_based' }, 'nothing would be done'],
  [
    { 'snapshot.mode': 'configuration_based', [`${BASED}.snapshot.on.data.error`]: 'true' },
    'use when_needed',
  ],
  [
    {
      'snapshot.mode': 'configuration_based',
      [`${BASED}.snapshot.data`]: 'true',
      'snapshot.window': '22:00-06:00',
    },
    'needs a stream',
  ],
])('%j is refused', (input, message) => {
  expect(sourceProblems(input)).toEqual([expect.stringContaining(message)]);
});

test('what fits together is taken', () => {
  expect(
    sourceProblems({
      [OVERRIDES]: 'a.b, db.a.c,"A"."D"',
      [`${OVERRIDES}.a.b`]: 'SELECT 1',
      [`${OVERRIDES}.db.a.c`]: 'SELECT 2',
      [`${OVERRIDES}."A"."D"`]: 'SELECT 3',
      'snapshot.query.mode': 'select_all',
      'snapshot.window': '22:00-06:00,12:00-13:00',
      'snapshot.window.timezone': 'Europe/Berlin',
      'snapshot.max.rows.per.second': '5000',
      'snapshot.delay.ms': '10s',
      'streaming.delay.ms': '500',
      'snapshot.mode': 'configuration_based',
      [`${BASED}.snapshot.data`]: 'true',
      [`${BASED}.start.stream`]: 'true',
      [`${BASED}.snapshot.on.data.error`]: 'true',
    }),
  ).toEqual([]);
});

test('tables are named as either family quotes them', () => {
  const names = ['shop.a', '`shop`.`b`', '"shop"."c"'];
  const { options, problems } = examinedMysqlSource({
    [OVERRIDES]: names.join(),
    ...Object.fromEntries(names.map((name) => [`${OVERRIDES}.${name}`, 'SELECT 1'])),
  });
  expect(problems).toEqual([]);
  expect(selectOverrides(options).map(({ table }) => table)).toEqual([
    'shop.a',
    'shop.b',
    'shop.c',
  ]);
});
