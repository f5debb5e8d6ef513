import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { painted } from '../../src/cli/screen-text.ts';
import { FIRST_STATE } from '../../src/cli/status-keys.ts';
import { shownRows, tableHeading, tableLine } from '../../src/cli/status-tables.ts';
import { ROW } from '../support/status-pictures.ts';

const line = (change: object): string => {
  const segments = tableLine({ ...ROW, ...change }, 100, 1_000_000);
  return stripVTControlCharacters(painted(segments, 100, true))
    .replaceAll(/ +/g, ' ')
    .trim();
};

test('a table tells of its snapshot, its pace, its change and what holds it', () => {
  expect(line({ phase: 'snapshot', percent: 43, perSecond: 12_345.6, lagRecords: null })).toBe(
    'public.a snapshot 43 12,346 -',
  );
  const lastChange = { atMs: 970_000, summary: '+ x int' };
  expect(line({ lastChange, deadLetters: 3, perSecond: null })).toBe(
    'public.a streaming - 0 3 + x int, 30.0 s ago',
  );
  const held = [{ where: 'dwh', code: 'SINK_SCHEMA' }];
  expect(line({ held, lagRecords: 1200 })).toBe('public.a held 5.0 1,200 SINK_SCHEMA (dwh)');
});

test('tables are sorted and filtered; equal ones by name, as people count', () => {
  const rows = [
    { ...ROW, table: 't_10', perSecond: 1, lagRecords: 9 },
    { ...ROW, table: 't_2', perSecond: 1, lagRecords: null },
    { ...ROW, table: 'Orders', perSecond: 50, lastChange: { atMs: 1, summary: '' } },
    { ...ROW, table: 'u', perSecond: null, held: [{ where: 'a', code: 'c' }] },
  ];
  const names = (change: object): readonly string[] =>
    shownRows(rows, { ...FIRST_STATE, ...change }).map(({ table }) => table);
  expect(names({})).toEqual(['Orders', 't_2', 't_10', 'u']);
  expect(names({ isReversed: true })).toEqual(['u', 't_10', 't_2', 'Orders']);
  expect(names({ sort: 'rate' })).toEqual(['Orders', 't_2', 't_10', 'u']);
  expect(names({ sort: 'lag' })[0]).toBe('t_10');
  expect(names({ sort: 'change' })[0]).toBe('Orders');
  expect(names({ sort: 'trouble' })[0]).toBe('u');
  expect(names({ filter: 'ORD' })).toEqual(['Orders']);
});

test('the column that decides is marked', () => {
  const heading = (change: object): string =>
    tableHeading({ ...FIRST_STATE, ...change }, 80)[0]?.[0] ?? '';
  expect(heading({})).toContain('TABLE▼');
  expect(heading({ sort: 'rate', isReversed: true })).toContain('RATE/S▲');
});
