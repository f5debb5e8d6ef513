import { describe, expect, test, vi } from 'vitest';
import type { ColumnConverter, ColumnFacts } from '../../src/model/column-converter.ts';
import {
  ColumnConversions,
  type LoadedColumnConverter,
} from '../../src/source/column-conversions.ts';

const FACTS: ColumnFacts = {
  name: 'mail',
  database: 'shop',
  schema: 'public',
  table: 'person',
  type: 'citext',
  typeName: 'citext',
  length: null,
  scale: null,
  optional: false,
  default: null,
};

function loaded(
  convert: unknown,
  more: Partial<LoadedColumnConverter> = {},
): LoadedColumnConverter {
  const converter = convert as ColumnConverter;
  return {
    name: 'a',
    module: './a.ts',
    file: '/a.ts',
    selector: null,
    properties: {},
    convert: converter,
    ...more,
  };
}

const upper: ColumnConverter = () => ({
  schema: { type: 'string' },
  convert: (text) => text.toUpperCase(),
});

describe('who is asked', () => {
  test('with the facts and its properties, once for the same facts', () => {
    const ask = vi.fn<ColumnConverter>(upper);
    const conversions = new ColumnConversions([loaded(ask, { properties: { locale: 'de' } })]);
    const first = conversions.of(FACTS);
    expect(conversions.of({ ...FACTS })).toBe(first);
    expect(ask).toHaveBeenCalledTimes(1);
    expect(ask).toHaveBeenCalledWith(FACTS, { locale: 'de' });
    conversions.of({ ...FACTS, optional: true });
    expect(ask).toHaveBeenCalledTimes(2);
    expect(first?.format.convert('ab')).toBe('AB');
  });

  test('the first that wants the column has it; selectors tell who is asked at all', () => {
    const none = vi.fn<ColumnConverter>(() => null);
    const notAsked = vi.fn<ColumnConverter>(upper);
    const conversions = new ColumnConversions([
      loaded(none),
      loaded(notAsked, { selector: [/^public\.other\..*$/i] }),
      loaded(upper, { selector: [/^public\.person\.mail$/i] }),
    ]);
    expect(conversions.of(FACTS)?.format.convert('x')).toBe('X');
    expect(none).toHaveBeenCalledTimes(1);
    expect(notAsked).not.toHaveBeenCalled();
    expect(conversions.idle).toHaveLength(2);
    expect(conversions.of({ ...FACTS, name: 'id' })).toBeNull();
  });

  test('the identity tells names, files, selectors and properties, whatever their order', () => {
    const of = (properties: Record<string, string>): string =>
      JSON.stringify(new ColumnConversions([loaded(upper, { properties })]).identity);
    expect(of({ a: '1', b: '2' })).toBe(of({ b: '2', a: '1' }));
    expect(of({ a: '1' })).not.toBe(of({ a: '2' }));
  });
});

describe('what does not keep to the contract', () => {
  test.each<[string, unknown, string]>([
    [
      'throws',
      () => {
        throw new Error('no such locale');
      },
      'no such locale',
    ],
    ['is async', async () => Promise.resolve(null), 'must not be async'],
    ['is async and fails', async () => Promise.reject(new Error('late')), 'must not be async'],
    ['returns a text', () => 'string', 'must return null or an object'],
    ['has no function', () => ({ schema: { type: 'string' } }), 'convert must be a function'],
    ['has no schema', () => ({ convert: String }), 'schema must be an object'],
    ['has a wrong schema', () => ({ schema: { type: 'text' }, convert: String }), 'schema.type'],
  ])('one that %s', (_, convert, reason) => {
    const conversions = new ColumnConversions([loaded(convert)]);
    const of = (): unknown => conversions.of(FACTS);
    expect(of).toThrow('converter a (/a.ts), asked about public.person.mail');
    expect(of).toThrow(reason);
    expect(of).toThrow(expect.objectContaining({ code: 'CONVERTER_INVALID' }));
  });

  test('the first failure stands for all columns: it is one problem, not hundreds', () => {
    const ask = vi.fn<ColumnConverter>(() => {
      throw new Error('no such locale');
    });
    const conversions = new ColumnConversions([loaded(ask)]);
    const errorOf = (name: string): unknown => {
      try {
        return conversions.of({ ...FACTS, name });
      } catch (error) {
        return error;
      }
    };
    const first = errorOf('a');
    expect(first).toBeInstanceOf(Error);
    expect(errorOf('b')).toBe(first);
    expect(ask).toHaveBeenCalledTimes(1);
  });

  test('the facts cannot be changed', () => {
    const conversions = new ColumnConversions([
      loaded((column: { name: string }) => {
        column.name = 'other';
        return null;
      }),
    ]);
    expect(() => conversions.of(FACTS)).toThrow('read only');
  });
});

describe('values', () => {
  const of = (convert: (text: string) => unknown, optional = false) => {
    const answer = { schema: { type: 'int32' }, convert };
    const column = new ColumnConversions([loaded(() => answer)]).of({ ...FACTS, optional });
    return (text: string) => column?.format.convert(text);
  };

  test('an exception is a value that cannot be converted, told without the value', () => {
    const fail = of((text) => {
      throw new TypeError(`bad value ${text}\n    at secret (/x/${text}.ts:1:2)`);
    });
    expect(() => fail('hidden')).toThrow(expect.objectContaining({ code: 'VALUE_CONVERSION' }));
    expect(() => fail('hidden')).toThrow(
      /^converter a threw TypeError at column-conv[^ ]*:\d+:\d+$/,
    );
    expect(() => fail('hidden')).not.toThrow(/hidden/);
  });

  test('an exception that is none, too', () => {
    // oxlint-disable-next-line only-throw-error -- code of others does it
    expect(() =>
      of(() => {
        throw 'hidden';
      })('x'),
    ).toThrow('converter a threw a string');
  });

  test('a result that the schema cannot hold', () => {
    expect(() => of((text) => text)('1')).toThrow('converter a returned a string for int32');
    expect(() => of(() => null)('1')).toThrow('null for int32');
    expect(of(() => null, true)('1')).toBeNull();
  });
});
