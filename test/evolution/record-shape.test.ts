import { expect, test } from 'vitest';
import { enumMembers, recordShape } from '../../src/evolution/record-shape.ts';
import { shapeDifference } from '../../src/evolution/shape-difference.ts';
import { keyedTable, tableColumn } from '../support/keyed-table.ts';
import { schemaOf } from '../support/shape-fixtures.ts';

const ENUM = { type: 'string', optional: true, name: 'io.debezium.data.Enum' } as const;

test('what records show of a table, and nothing else', () => {
  expect(recordShape(keyedTable())).toMatchObject({
    incarnation: null,
    key: ['id'],
    replicaIdentity: 'default',
    columns: [
      { name: 'id', type: 'integer', nullable: false, default: null },
      { name: 'note', type: 'text', nullable: true, members: null },
    ],
  });
});

test('members are told by themselves, and not as another type', () => {
  const kind = (allowed: string) => ({
    sourceType: `enum('${allowed.split(',').join("','")}')`,
    schema: { ...ENUM, parameters: { allowed } },
    format: { kind: 'string' } as const,
  });
  const table = (allowed: string) => ({
    ...keyedTable(),
    columns: [...keyedTable().columns, tableColumn('e', 2, kind(allowed))],
  });
  const changes = shapeDifference(recordShape(table('a,b')), recordShape(table('a,b,c')));
  expect(changes).toEqual([{ class: 'members_added', column: 'e', old: 'a, b', now: 'a, b, c' }]);
  expect(enumMembers({ ...ENUM, parameters: { allowed: 'a\\,b,c' } })).toEqual(['a,b', 'c']);
  expect(enumMembers({ type: 'string', optional: true })).toBeNull();
});

test('a default of any form is a text', () => {
  const of = (value: bigint | string) =>
    recordShape(schemaOf({ id: { type: 'int64', optional: false, default: value } })).columns[0];
  expect(of(5n)?.default).toBe('"5"');
  expect(of('x')?.default).toBe('x');
});
