import { expect, test } from 'vitest';
import {
  capturedTables,
  forgetSeen,
  knownTable,
} from '../../../../src/source/mysql/incremental/stream-tables.ts';
import { knownOf } from '../../../support/known-table.ts';

const a = knownOf('CREATE TABLE a (id INT)');
const b = knownOf('CREATE TABLE b (id INT)');
const schemas = {
  ofDefinition: (definition: typeof a.definition) =>
    definition === b.definition ? b.schema : null,
};

test('what is captured of the catalog', () => {
  expect(knownTable(undefined, schemas)).toBeUndefined();
  expect(knownTable(a.definition, schemas)).toBeUndefined();
  const catalog = { tables: () => [b.definition, a.definition].values() };
  expect(capturedTables(catalog, schemas)).toEqual([b]);
});

test('what a whole read saw is forgotten when all of it has come in', () => {
  const seen = ['b.000002:500', 'b.000003:4', 'b.000003:900'].map((until) => ({
    schema: 'd',
    table: 't',
    snapshot: '',
    inRecovery: false,
    until,
  }));
  const left = forgetSeen(seen, { file: 'b.000003', pos: 4 });
  expect(left.map(({ until }) => until)).toEqual(['b.000003:900']);
});
