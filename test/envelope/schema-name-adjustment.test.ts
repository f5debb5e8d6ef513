import { describe, expect, test } from 'vitest';
import { adjustSchemaNames } from '../../src/envelope/schema-name-adjustment.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';

describe('names made valid for Avro as Debezium does (PITFALLS C11)', () => {
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
