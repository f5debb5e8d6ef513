import { describe, expect, test } from 'vitest';
import {
  describeChanges,
  judgeSchema,
  sameLayout,
} from '../../../src/converter/registry/schema-verdict.ts';

interface Field {
  readonly name: string;
  readonly type: unknown;
  readonly default?: unknown;
}

const OPTIONAL_INT = { type: ['null', 'int'], default: null };

function row(...fields: readonly Field[]): string {
  return JSON.stringify({ type: 'record', name: 'V', namespace: 't', fields });
}

/** As Debezium's: both images of a row are one type. */
function envelope(...fields: readonly Field[]): string {
  const image = { type: 'record', name: 'Value', fields };
  return JSON.stringify({
    type: 'record',
    name: 'Envelope',
    namespace: 't',
    fields: [
      { name: 'before', type: ['null', image], default: null },
      { name: 'after', type: ['null', 'Value'], default: null },
      { name: 'op', type: 'string' },
    ],
  });
}

const judged = (level: Parameters<typeof judgeSchema>[0], fresh: string, ...old: string[]) =>
  judgeSchema(
    level,
    fresh,
    old.map((schema, i) => ({ version: i + 1, schema })),
  );

describe('a change that the level forbids names the field', () => {
  test('with what it was and is, once for both images of the row', () => {
    const old = envelope({ name: 'qty', type: 'int' });
    const fresh = envelope({ name: 'qty', type: 'string' });
    expect(judged('BACKWARD', fresh, old)).toEqual({
      grade: 'breaking',
      level: 'BACKWARD',
      version: 1,
      changes: ['field qty was int, is string'],
      text: 'field qty was int, is string: BACKWARD forbids it (compared with version 1)',
    });
  });

  test.each([
    ['BACKWARD', 'field b is new and has no default'],
    ['FORWARD', 'field a is gone and had no default'],
    ['FULL', 'field a is gone and had no default; field b is new and has no default'],
  ] as const)('%s: %s, and only what it forbids', (level, told) => {
    const old = row({ name: 'a', type: 'int' });
    const fresh = row({ name: 'b', type: 'int' });
    expect(judged(level, fresh, old)).toMatchObject({
      grade: 'breaking',
      text: `${told}: ${level} forbids it (compared with version 1)`,
    });
  });

  test.each([
    ['BACKWARD', { type: ['null', 'int'] }, { type: 'int' }, 'was int or null, is int'],
    ['FORWARD', { type: 'int' }, { type: ['null', 'int'] }, 'was int, is int or null'],
    ['FORWARD', { type: 'int' }, { type: 'long' }, 'was int, is long'],
    [
      'BACKWARD',
      { type: { type: 'array', items: 'long' } },
      { type: { type: 'array', items: 'int' } },
      'was array of long, is array of int',
    ],
    [
      'BACKWARD',
      { type: { type: 'map', values: 'string' } },
      { type: 'string' },
      'was map of string, is string',
    ],
    [
      'FULL',
      { type: { type: 'fixed', name: 'F', size: 4 } },
      { type: { type: 'fixed', name: 'F', size: 8 } },
      'was fixed t.F of 4 bytes, is fixed t.F of 8 bytes',
    ],
  ] as const)('%s: a type %s to %s', (level, was, is, told) => {
    const verdict = judged(level, row({ name: 'x', ...is }), row({ name: 'x', ...was }));
    expect(verdict).toMatchObject({ grade: 'breaking', changes: [`field x ${told}`] });
  });

  test('inside a struct of a column, by its path', () => {
    const point = (type: string): Field => ({
      name: 'at',
      type: { type: 'record', name: 'Point', fields: [{ name: 'x', type }] },
    });
    expect(judged('BACKWARD', row(point('int')), row(point('double')))?.changes).toEqual([
      'field at.x was double, is int',
    ]);
  });

  test('where no field tells it, in the words of the rule', () => {
    const fresh = JSON.stringify({ type: 'record', name: 'Other', fields: [] });
    expect(judged('BACKWARD', fresh, row())?.text).toMatch(
      /record t\.V is now called record Other/,
    );
  });

  test('TRANSITIVE levels compare with all versions, the others with the latest (C39)', () => {
    const text = row({ name: 'a', type: 'string', default: '' });
    const gone = row();
    const number = row({ name: 'a', type: 'int', default: 0 });
    expect(judged('BACKWARD', number, text, gone)?.grade).toBe('info');
    expect(judged('BACKWARD_TRANSITIVE', number, text, gone)).toMatchObject({
      grade: 'breaking',
      version: 1,
      text: expect.stringContaining('field a was string, is int') as string,
    });
  });
});

describe('a change that the level allows', () => {
  test('harms nobody: for information', () => {
    const old = row({ name: 'a', type: 'int' });
    const fresh = row({ name: 'a', type: 'int' }, { name: 'b', ...OPTIONAL_INT });
    expect(judged('BACKWARD', fresh, old)).toMatchObject({
      grade: 'info',
      text: 'field b is new: BACKWARD allows it',
    });
  });

  test('harms readers that the level does not protect: a warning says which', () => {
    const old = row({ name: 'a', type: 'int' });
    const fresh = row({ name: 'a', type: 'string' });
    expect(judged('NONE', fresh, old)?.text).toBe(
      'field a was int, is string: NONE allows it, but readers with the new schema cannot read ' +
        'the older records, and readers with the old schema cannot read the new records',
    );
    expect(judged('BACKWARD', row(), old)).toMatchObject({
      grade: 'warning',
      text:
        'field a is gone and had no default: BACKWARD allows it, but readers with the old ' +
        'schema cannot read the new records',
    });
  });

  test('nothing changes, or nothing came before: no verdict', () => {
    const same = row({ name: 'a', type: 'int' });
    expect(judged('FULL', same, same)).toBeNull();
    expect(judged('FULL', same)).toBeNull();
  });
});

test('a record that contains itself is compared to its end', () => {
  const tree = (type: string): string =>
    row({ name: 'label', type }, { name: 'child', type: ['null', 'V'], default: null });
  expect(describeChanges(tree('int'), tree('string'))).toEqual(['field label was int, is string']);
  expect(sameLayout(tree('int'), tree('int'))).toBe(true);
  expect(sameLayout(tree('int'), tree('long'))).toBe(false);
});

test('two schemas have one layout when only names, defaults and properties of types differ', () => {
  const a = row({ name: 'a', type: 'int' });
  const b = JSON.stringify({
    type: 'record',
    name: 'Renamed',
    fields: [{ name: 'a', type: { type: 'int', 'connect.type': 'int16' }, default: 3 }],
  });
  expect(sameLayout(a, b)).toBe(true);
  expect(sameLayout(a, row({ name: 'b', type: 'int' }))).toBe(false);
  expect(sameLayout(row({ name: 'a', ...OPTIONAL_INT }), a)).toBe(false);
});
