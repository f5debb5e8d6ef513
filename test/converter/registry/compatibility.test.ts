import { describe, expect, test } from 'vitest';
import avsc from 'avsc';
import { parseAvroType } from '../../../src/converter/avro-type.ts';
import {
  compatibilityProblems,
  readingProblems,
} from '../../../src/converter/registry/compatibility.ts';
import type { CompatibilityLevel } from '../../../src/converter/registry/compatibility.ts';

function record(...fields: readonly object[]): string {
  return JSON.stringify({ type: 'record', name: 'R', namespace: 'n', fields });
}
const id = { name: 'id', type: 'int' };
const field = (type: unknown, more: object = {}) => record(id, { name: 'f', type, ...more });
const enumOf = (symbols: readonly string[], more: object = {}) =>
  field({ type: 'enum', name: 'E', symbols, ...more });
const fixedOf = (size: number) => field({ type: 'fixed', name: 'F', size });
const decimal = (scale: number) =>
  field({ type: 'bytes', logicalType: 'decimal', precision: 10, scale });

/** [change, old, new, backward, forward]: the table of PITFALLS C4. */
const TABLE: readonly [string, string, string, boolean, boolean][] = [
  ['add field with default', record(id), field('int', { default: 1 }), true, true],
  ['add field without default', record(id), field('int'), false, true],
  ['remove field that had a default', field('int', { default: 1 }), record(id), true, true],
  ['remove field without default', field('int'), record(id), true, false],
  ['add default to a field', field('int'), field('int', { default: 1 }), true, true],
  ['drop the default of a field', field('int', { default: 1 }), field('int'), true, true],
  [
    'rename with alias',
    record(id, { name: 'old', type: 'int' }),
    record(id, { name: 'f', type: 'int', aliases: ['old'] }),
    true,
    false,
  ],
  ['T becomes nullable', field('int'), field(['null', 'int']), true, false],
  ['nullable becomes T', field(['null', 'int']), field('int'), false, true],
  ['add union branch', field(['null', 'int']), field(['null', 'int', 'string']), true, false],
  ['int to long', field('int'), field('long'), true, false],
  ['long to float', field('long'), field('float'), true, false],
  ['float to double', field('float'), field('double'), true, false],
  ['double to float', field('double'), field('float'), false, true],
  ['string to bytes', field('string'), field('bytes'), true, true],
  ['string to int', field('string'), field('int'), false, false],
  ['add enum symbol', enumOf(['A']), enumOf(['A', 'B']), true, false],
  ['remove enum symbol', enumOf(['A', 'B']), enumOf(['A']), false, true],
  [
    'add enum symbol where the old has a default',
    enumOf(['A'], { default: 'A' }),
    enumOf(['A', 'B'], { default: 'A' }),
    true,
    true,
  ],
  ['fixed size', fixedOf(4), fixedOf(8), false, false],
  [
    'record name',
    record(id),
    JSON.stringify({ type: 'record', name: 'Q', namespace: 'n', fields: [id] }),
    false,
    false,
  ],
  [
    'record name with alias',
    record(id),
    JSON.stringify({ type: 'record', name: 'Q', namespace: 'n', aliases: ['R'], fields: [id] }),
    true,
    false,
  ],
  ['decimal scale (logical types are not looked at)', decimal(2), decimal(3), true, true],
  [
    'reorder fields, doc',
    record(id, { name: 'f', type: 'int' }),
    record({ name: 'f', type: 'int', doc: 'x' }, id),
    true,
    true,
  ],
  [
    'array items widened',
    field({ type: 'array', items: 'int' }),
    field({ type: 'array', items: 'long' }),
    true,
    false,
  ],
  [
    'map values narrowed',
    field({ type: 'map', values: 'long' }),
    field({ type: 'map', values: 'int' }),
    false,
    true,
  ],
];

describe('the table of changes (PITFALLS C4)', () => {
  test.each(TABLE)('%s', (_what, before, after, backward, forward) => {
    const passes = (level: CompatibilityLevel) =>
      compatibilityProblems(level, after, [before]).length === 0;
    expect({ backward: passes('BACKWARD'), forward: passes('FORWARD') }).toEqual({
      backward,
      forward,
    });
    expect(passes('FULL')).toBe(backward && forward);
    expect(passes('NONE')).toBe(true);
  });

  // avsc takes renamed records, and knows no enum defaults in resolution.
  const judged = TABLE.filter(([what]) => !/record name|enum symbol where/.test(what));
  test.each(judged)('avsc agrees: %s', (_what, before, after) => {
    const reads = (reader: string, writer: string) => {
      try {
        const parse = (text: string) => avsc.Type.forSchema(JSON.parse(text) as avsc.Schema);
        parse(reader).createResolver(parse(writer));
        return true;
      } catch {
        return false;
      }
    };
    const ours = (reader: string, writer: string) =>
      readingProblems(parseAvroType(reader), parseAvroType(writer)).length === 0;
    expect(ours(after, before)).toBe(reads(after, before));
    expect(ours(before, after)).toBe(reads(before, after));
  });
});

describe('levels', () => {
  const v1 = field('string', { default: '' });
  const v2 = record(id);
  const v3 = field('int', { default: 0 });

  test('drop and add again with another type passes pairwise, not transitively (C39)', () => {
    for (const level of ['BACKWARD', 'FORWARD', 'FULL'] as const) {
      expect(compatibilityProblems(level, v3, [v1, v2])).toEqual([]);
      const transitive = compatibilityProblems(`${level}_TRANSITIVE`, v3, [v1, v2]);
      expect(transitive.length).toBeGreaterThan(0);
    }
  });

  test('the first schema of a subject is always taken', () => {
    expect(compatibilityProblems('FULL_TRANSITIVE', v1, [])).toEqual([]);
  });

  test('problems name the field and both types', () => {
    expect(compatibilityProblems('BACKWARD', field('int'), [field('string')])).toEqual([
      'the new schema cannot read data of the old one: f: int cannot be read from string',
    ]);
    expect(compatibilityProblems('BACKWARD', field('int'), [record(id)])).toEqual([
      'the new schema cannot read data of the old one: ' +
        'f: the field has no default and is not written',
    ]);
  });

  test('a problem inside a nullable record is said where it is', () => {
    const nested = (type: string) =>
      field(['null', { type: 'record', name: 'In', fields: [{ name: 'x', type }] }]);
    expect(compatibilityProblems('BACKWARD', nested('int'), [nested('string')])).toEqual([
      'the new schema cannot read data of the old one: f.x: int cannot be read from string',
    ]);
  });

  test('records that contain themselves end', () => {
    const list = (type: string) =>
      JSON.stringify({
        type: 'record',
        name: 'L',
        fields: [
          { name: 'next', type: ['null', 'L'], default: null },
          { name: 'v', type },
        ],
      });
    expect(compatibilityProblems('FULL', list('int'), [list('int')])).toEqual([]);
    expect(compatibilityProblems('BACKWARD', list('int'), [list('string')])).toHaveLength(1);
  });
});

describe('schemas that are not valid', () => {
  test.each([
    ['not JSON', '{'],
    ['no type', '{}'],
    ['unknown type', '"strin"'],
    ['name', '{"type":"record","name":"1a","fields":[]}'],
    ['no fields', '{"type":"record","name":"a"}'],
    ['field twice', record(id, id)],
    ['default of the wrong branch (C6)', field(['null', 'int'], { default: 1 })],
    ['union in union', '["int",["string"]]'],
    ['branch twice', '["int","int"]'],
    ['name twice', field({ type: 'record', name: 'R', fields: [] })],
  ])('%s', (_what, text) => {
    expect(() => parseAvroType(text)).toThrow(expect.objectContaining({ code: 'SCHEMA_INVALID' }));
  });
});
