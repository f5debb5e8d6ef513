import { expect, test } from 'vitest';
import {
  COMPATIBILITY_LEVELS,
  type CompatibilityLevel,
} from '../../../src/converter/registry/compatibility.ts';
import { judgeJsonSchema } from '../../../src/converter/registry/json-verdict.ts';

type Fields = Readonly<Record<string, unknown>>;

const INT = { type: 'integer', 'connect.type': 'int32' };
const LONG = { type: 'integer', 'connect.type': 'int64' };
const TEXT = { type: 'string' };
const orNull = (schema: unknown): unknown => ({ oneOf: [{ type: 'null' }, schema] });
const record = (properties: Fields, more: Fields = {}): Fields => ({
  type: 'object',
  properties,
  ...more,
});

/** As Debezium's: both images of a row have their fields. */
function envelope(fields: Fields): string {
  const image = orNull(record(fields));
  return JSON.stringify(record({ before: image, after: image, op: TEXT }));
}

const judged = (level: CompatibilityLevel, fresh: string, ...old: readonly string[]) =>
  judgeJsonSchema(
    level,
    fresh,
    old.map((schema, i) => ({ version: i + 1, schema })),
    'confluent',
  );

test('each level: what it forbids, and whom it forgets', () => {
  const [old, fresh] = [envelope({ qty: INT }), envelope({ qty: { type: 'number' } })];
  expect(COMPATIBILITY_LEVELS.map((level) => [level, judged(level, fresh, old)?.grade])).toEqual([
    ['NONE', 'warning'],
    ['BACKWARD', 'warning'],
    ['BACKWARD_TRANSITIVE', 'warning'],
    ['FORWARD', 'breaking'],
    ['FORWARD_TRANSITIVE', 'breaking'],
    ['FULL', 'breaking'],
    ['FULL_TRANSITIVE', 'breaking'],
  ]);
});

test('the field is named as the row has it, once for both images', () => {
  const old = envelope({ qty: orNull(INT) });
  expect(judged('BACKWARD', envelope({ qty: orNull(TEXT) }), old)).toEqual({
    grade: 'breaking',
    level: 'BACKWARD',
    version: 1,
    changes: ['field qty was int or null, is string or null'],
    text:
      'field qty was int or null, is string or null: BACKWARD forbids it ' +
      '(compared with version 1)',
  });
});

test('new and dropped fields of open records: why a level minds is told', () => {
  const [less, more] = [envelope({ a: INT }), envelope({ a: INT, b: INT })];
  expect(judged('BACKWARD', more, less)?.text).toBe(
    'field b is new, where older schemas let anything be: BACKWARD forbids it ' +
      '(compared with version 1)',
  );
  expect(judged('FORWARD', more, less)?.grade).toBe('warning');
  expect(judged('FORWARD', less, more)?.text).toBe(
    'field b is gone, and the new schema lets anything be there: FORWARD forbids it ' +
      '(compared with version 1)',
  );
  const closed = (fields: Fields): string =>
    JSON.stringify(record(fields, { additionalProperties: false }));
  expect(judged('BACKWARD', closed({ a: INT, b: INT }), closed({ a: INT }))).toMatchObject({
    grade: 'warning',
    changes: ['field b is new'],
  });
});

test('elements of a list of structs are told by the list; what is required by its field', () => {
  const list = (of: unknown): string =>
    JSON.stringify(record({ parts: { type: 'array', items: record({ x: of }) } }));
  expect(judged('BACKWARD', list(TEXT), list(INT))?.text).toMatch(
    /^field parts\.x was int, is string: BACKWARD forbids it/,
  );
  const [free, bound] = [{}, { required: ['a'] }].map((more) =>
    JSON.stringify(record({ a: INT }, more)),
  ) as [string, string];
  expect(judged('BACKWARD', bound, free)?.text).toMatch(/^field a is required: BACKWARD/);
});

test('a transitive level compares with all, and names the version', () => {
  const [text, none, number] = [envelope({ a: TEXT }), envelope({}), envelope({ a: INT })];
  expect(judged('FORWARD', none, text)?.grade).toBe('breaking');
  expect(judged('FORWARD_TRANSITIVE', number, text, none)?.text).toContain(
    'field a was string, is int: FORWARD_TRANSITIVE forbids it (compared with version 1)',
  );
  expect(judged('FORWARD', number, text, none)?.grade).toBe('warning');
});

test('nothing: no version, and what no rule looks at', () => {
  expect(judged('FULL', envelope({ a: INT }))).toBeNull();
  const titled = envelope({ a: { ...INT, title: 'org.example.Number', default: 3 } });
  expect(judged('FULL', titled, envelope({ a: INT }))).toBeNull();
  // Both are integers to JSON Schema: told, and allowed.
  expect(judged('FULL', envelope({ a: LONG }), envelope({ a: INT }))).toMatchObject({
    grade: 'info',
    text: 'field a was int, is long: FULL allows it',
  });
});

test('what is not ours to judge', () => {
  const foreign = JSON.stringify(record({ a: { type: 'string', pattern: 'x' } }));
  expect(judged('FULL', envelope({ a: INT }), foreign)).toBeUndefined();
});
