import { expect, test } from 'vitest';
import type { KeptShape } from '../../src/evolution/kept-shape.ts';
import { keptShape } from '../../src/evolution/kept-shape.ts';
import type { ShapeChange } from '../../src/evolution/shape-difference.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import type { TableSchema } from '../../src/model/table-schema.ts';
import { schemaOf } from '../support/shape-fixtures.ts';

const INT: ConnectSchema = { type: 'int32', optional: false };
const LONG: ConnectSchema = { type: 'int64', optional: false };
const TEXT: ConnectSchema = { type: 'string', optional: true };
const BOOLEAN: ConnectSchema = { type: 'boolean', optional: true };

const all = (): boolean => true;
const none = (): boolean => false;
const only =
  (kind: ShapeChange['class']) =>
  (change: ShapeChange): boolean =>
    change.class === kind;

function told(outcome: ReturnType<typeof keptShape>) {
  if ('impossible' in outcome) return outcome.impossible;
  if (outcome.shape === null) return null;
  const { table, sources } = outcome.shape;
  return table.columns.map(({ name, schema }, i) => [
    name,
    `${schema.type}${schema.optional ? '?' : ''}`,
    sources[i],
  ]);
}

function shapeOf(
  before: TableSchema,
  after: TableSchema,
  isKept: (change: ShapeChange) => boolean,
  earlier: KeptShape | null = null,
): KeptShape {
  const outcome = keptShape(before, after, earlier, isKept);
  if ('impossible' in outcome || outcome.shape === null) throw new Error('no other shape');
  return outcome.shape;
}

test('what is followed is the shape of the table', () => {
  const [old, now] = [schemaOf({ id: INT, a: TEXT }), schemaOf({ id: LONG, b: INT, c: TEXT })];
  expect(told(keptShape(old, now, null, none))).toBeNull();
});

test('new columns are left out, dropped ones are null, renamed ones keep their name', () => {
  const old = schemaOf({ id: INT, a: TEXT, gone: INT });
  expect(
    told(keptShape(old, schemaOf({ id: INT, a: TEXT, gone: INT, x: INT }), null, all)),
  ).toEqual([
    ['id', 'int32', 'id'],
    ['a', 'string?', 'a'],
    ['gone', 'int32', 'gone'],
  ]);
  expect(told(keptShape(old, schemaOf({ id: INT, a: TEXT }), null, all))).toEqual([
    ['id', 'int32', 'id'],
    ['a', 'string?', 'a'],
    ['gone', 'int32?', null],
  ]);
  expect(told(keptShape(old, schemaOf({ id: INT, b: TEXT, gone: INT }), null, all))).toEqual([
    ['id', 'int32', 'id'],
    ['a', 'string?', 'b'],
    ['gone', 'int32', 'gone'],
  ]);
});

test('each change by itself: one is followed, another is not', () => {
  const [old, now] = [
    schemaOf({ id: INT, a: INT, b: TEXT }),
    schemaOf({ id: INT, a: LONG, x: INT }),
  ];
  expect(told(keptShape(old, now, null, only('column_widened')))).toBeNull();
  const retyped = schemaOf({ id: INT, a: LONG, b: TEXT, x: INT });
  expect(told(keptShape(old, retyped, null, (change) => change.column === 'a'))).toEqual([
    ['id', 'int32', 'id'],
    ['a', 'int32', 'a'],
    ['b', 'string?', 'b'],
    ['x', 'int32', 'x'],
  ]);
});

test('a later change is followed beside one that was not', () => {
  const [old, now] = [schemaOf({ id: INT, a: TEXT }), schemaOf({ id: INT })];
  const earlier = shapeOf(old, now, all);
  const next = schemaOf({ id: INT, x: INT });
  expect(told(keptShape(now, next, earlier, none))).toEqual([
    ['id', 'int32', 'id'],
    ['a', 'string?', null],
    ['x', 'int32', 'x'],
  ]);
  expect(told(keptShape(now, schemaOf({ id: INT, a: TEXT }), earlier, all))).toBeNull();
  expect(told(keptShape(now, schemaOf({ id: INT, a: BOOLEAN }), earlier, none))).toBeNull();
});

/* A column that was dropped and kept, and another one renamed to its name: there were two of it. */
test('one that takes the name of one that left is that one, and no two have one name', () => {
  const [whole, gone] = [schemaOf({ id: INT, a: TEXT, c: TEXT }), schemaOf({ id: INT, c: TEXT })];
  const earlier = shapeOf(whole, gone, all);
  const renamed = schemaOf({ id: INT, a: TEXT });
  expect(told(keptShape(gone, renamed, earlier, none))).toBeNull();
  const other = schemaOf({ id: INT, y: TEXT });
  const kept = shapeOf(renamed, other, all);
  expect(told(keptShape(other, schemaOf({ id: INT, y: TEXT, a: TEXT }), kept, none))).toBe(
    'two columns would be called a',
  );
});

test('what cannot be kept is told', () => {
  const old = schemaOf({ id: INT, a: TEXT });
  expect(told(keptShape(old, schemaOf({ a: TEXT }), null, all))).toContain('id');
  expect(told(keptShape(old, schemaOf({ id: INT, a: BOOLEAN }), null, all))).toContain(
    'boolean cannot be written as string without loss',
  );
  const moved = { ...schemaOf({ id: INT, a: TEXT }), keyColumns: [1] };
  expect(told(keptShape(old, moved, null, all))).toContain('REPLICA IDENTITY FULL');
  const full = { ...moved, replicaIdentity: 'full' } as const;
  expect(shapeOf(old, full, only('key_changed')).table.keyColumns).toEqual([0]);
});
