import { describe, expect, test } from 'vitest';
import {
  adjustFieldName,
  adjustFullName,
  adjustSchemaNames,
} from '../../src/envelope/schema-name-adjustment.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';

describe('names made valid for Avro as Debezium does (PITFALLS C11)', () => {
  test.each([
    ['my-topic.public.t$1.Value', 'my_topic.public.t_1.Value'],
    ['1st.public.t.Value', '_1st.public.t.Value'],
    ['shop.public.1st.Value', 'shop.public.1st.Value'],
    ['ünï.t', '_n_.t'],
  ])('avro: %s', (name, adjusted) => {
    expect(adjustFullName(name, 'avro')).toBe(adjusted);
    expect(adjustFullName(name, 'none')).toBe(name);
  });

  test.each([
    ['my-topic', 'my_u002dtopic'],
    ['a_b', 'a_u005fb'],
    ['1a', '_u0031a'],
    ['ł', '_u142'],
    ['名', '_u540d'],
  ])('avro_unicode: %s', (name, adjusted) => {
    expect(adjustFullName(name, 'avro_unicode')).toBe(adjusted);
  });

  test('a dot is not valid in a field', () => {
    expect(adjustFieldName('a.b', 'avro')).toBe('a_b');
    expect(adjustFieldName('a.b', 'avro_unicode')).toBe('a_u002eb');
    expect(adjustFieldName('9a', 'avro')).toBe('_9a');
  });

  test('two columns that become one are refused, both named', () => {
    const fields = ['a-b', 'a_b'].map((name) => ({
      name,
      schema: { type: 'int32', optional: false } as const,
    }));
    const row: ConnectSchema = { type: 'struct', optional: true, name: 's.t.Value', fields };
    expect(() => adjustSchemaNames({ key: null, row }, { fieldNameAdjustment: 'avro' })).toThrow(
      /"a-b" and "a_b" of s\.t\.Value would both become field a_b/,
    );
    const unicode = adjustSchemaNames({ key: null, row }, { fieldNameAdjustment: 'avro_unicode' });
    expect(unicode.row.fields?.map((field) => field.name)).toEqual(['a_u002db', 'a_u005fb']);
  });

  test('a renamed field tells the column where the type in the source is told', () => {
    const type = { '__debezium.source.column.type': 'INT4' };
    const fields = [
      { name: '1st', schema: { type: 'int32', optional: false, parameters: type } },
      { name: '2nd', schema: { type: 'int32', optional: false } },
      { name: 'third', schema: { type: 'int32', optional: false, parameters: type } },
    ] as const;
    const row: ConnectSchema = { type: 'struct', optional: true, name: 's.t.Value', fields };
    const { row: adjusted } = adjustSchemaNames(
      { key: null, row },
      { fieldNameAdjustment: 'avro' },
    );
    expect(adjusted.fields?.map(({ name, schema }) => [name, schema.parameters])).toEqual([
      ['_1st', { ...type, '__debezium.source.column.name': '1st' }],
      ['_2nd', undefined],
      ['third', type],
    ]);
  });
});
