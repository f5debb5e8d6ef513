import { describe, expect, test } from 'vitest';
import {
  jsonReadingProblems,
  jsonRulesAt,
  parseJsonShape,
} from '../../../src/converter/registry/json-compatibility.ts';
import type { JsonRules } from '../../../src/converter/registry/json-compatibility.ts';

type Schema = Readonly<Record<string, unknown>>;

const INT = { type: 'integer', 'connect.type': 'int32' };
const DOUBLE = { type: 'number', 'connect.type': 'float64' };
const TEXT = { type: 'string' };
const orNull = (schema: Schema): Schema => ({ oneOf: [{ type: 'null' }, schema] });
const open = (properties: Readonly<Record<string, Schema>>, more: Schema = {}): Schema => ({
  type: 'object',
  properties,
  ...more,
});
const closed = (properties: Readonly<Record<string, Schema>>): Schema =>
  open(properties, { additionalProperties: false });

function read(reader: Schema, writer: Schema, rules: JsonRules = 'confluent'): readonly string[] {
  const [own, written] = [reader, writer].map((one) => parseJsonShape(JSON.stringify(one)));
  if (!own || !written) throw new Error('not known');
  return jsonReadingProblems(own, written, rules).map(({ path, what }) => `${path} ${what}`);
}

describe.each(['confluent', 'apicurio'] as const)('as %s has it', (rules) => {
  test.each([
    ['a number takes integers', open({ a: DOUBLE }), open({ a: INT })],
    ['also where both may be null', open({ a: orNull(DOUBLE) }), open({ a: orNull(INT) })],
    ['an open record takes what it has no schema for', open({}), open({ a: INT })],
    ['a closed record gets a field that was let in by none', closed({ a: INT }), closed({})],
    ['closed records are opened', open({ a: INT }), closed({ a: INT })],
    ['what was required need not be', open({ a: INT }), open({ a: INT }, { required: ['a'] })],
    [
      'titles, defaults and places say nothing',
      open({ a: { ...INT, title: 'b', default: 3, 'connect.index': 1 } }, { $id: 'x' }),
      open({ a: INT }),
    ],
  ])('%s', (_, reader, writer) => {
    expect(read(reader, writer, rules)).toEqual([]);
  });

  test.each([
    ['integers take no number', open({ a: INT }), open({ a: DOUBLE }), 'a was double, is int'],
    [
      'what was null finds no place',
      open({ a: INT }),
      open({ a: orNull(INT) }),
      'a was int or null, is int',
    ],
    [
      'a field that anything could be in has a type',
      open({ a: INT }),
      open({}),
      'a has a type where the other schema lets anything be',
    ],
    ['a closed record loses a field', closed({}), closed({ a: INT }), 'a is not let in'],
    ['an open record is closed', closed({}), open({}), ' lets less fields in'],
    [
      'a field is required',
      open({ a: INT }, { required: ['a'] }),
      open({ a: INT }),
      'a is required',
    ],
    [
      'what is wrong inside of a struct that may be null is told there',
      open({ a: orNull(open({ b: TEXT })) }),
      open({ a: orNull(open({ b: INT })) }),
      'a.b was int, is string',
    ],
    [
      'elements of arrays, values of maps',
      open({
        a: { type: 'array', items: INT },
        m: { type: 'object', 'connect.type': 'map', additionalProperties: INT },
      }),
      open({
        a: { type: 'array', items: TEXT },
        m: { type: 'object', 'connect.type': 'map', additionalProperties: TEXT },
      }),
      'a[] was string, is int; m{} lets less fields in',
    ],
  ])('%s', (_, reader, writer, told) => {
    expect(read(reader, writer, rules).join('; ')).toBe(told);
  });
});

describe('where the products differ', () => {
  test('what becomes nullable: Apicurio knows no way from a type to a choice', () => {
    const [reader, writer] = [open({ a: orNull(INT) }), open({ a: INT })];
    expect(read(reader, writer)).toEqual([]);
    expect(read(reader, writer, 'apicurio')).toEqual(['a was int, is int or null']);
  });

  test('and compares choices by different words no further', () => {
    const any = open({ a: { anyOf: [{ type: 'null' }, TEXT] } });
    expect(read(any, open({ a: orNull(INT) }), 'apicurio')).toEqual([]);
    expect(read(any, open({ a: orNull(INT) }))).toHaveLength(1);
    expect(read(open({ a: orNull(TEXT) }), any, 'apicurio')).toHaveLength(1);
    expect(read(open({ a: { type: ['null', 'string'] } }), open({ a: TEXT }), 'apicurio')).toEqual(
      [],
    );
  });

  test('a field in place of others of one type', () => {
    const others = open({}, { additionalProperties: INT });
    const named = open({ a: DOUBLE });
    expect(read(named, others)).toEqual([]);
    expect(read(named, others, 'apicurio')).toHaveLength(1);
  });

  test('they are told apart by where their API lies', () => {
    expect(jsonRulesAt(['http://registry:8080/apis/ccompat/v7'])).toBe('apicurio');
    expect(jsonRulesAt(['http://registry:8081'])).toBe('confluent');
  });
});

test.each([
  ['$ref', { $ref: '#/definitions/a' }],
  ['allOf', { allOf: [INT] }],
  ['pattern', { type: 'string', pattern: 'a' }],
  ['minimum', { type: 'integer', minimum: 1 }],
  ['enum', { enum: ['a'] }],
  ['patternProperties', { type: 'object', patternProperties: {} }],
  ['a choice in a choice', orNull(orNull(INT))],
  ['both words', { oneOf: [INT], anyOf: [TEXT] }],
])('%s is not ours to judge, wherever it stands', (_, schema) => {
  expect(parseJsonShape(JSON.stringify(schema))).toBeNull();
  expect(parseJsonShape(JSON.stringify(open({ a: schema })))).toBeNull();
  expect(parseJsonShape(JSON.stringify({ type: 'array', items: schema }))).toBeNull();
});

test('what is no JSON is refused', () => {
  expect(() => parseJsonShape('{"type":')).toThrow('not JSON');
});
