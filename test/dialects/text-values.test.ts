import { describe, expect, test } from 'vitest';
import { parseColumnText, parseText, placeholderValue } from '../../dialects/text-values.ts';
import type { ConnectSchema, ConnectType } from '../../src/model/connect-schema.ts';
import type { ColumnSchema, TextFormat } from '../../src/model/table-schema.ts';

const schema = (type: ConnectType): ConnectSchema => ({ type, optional: false });

function column(type: ConnectType, format: TextFormat): ColumnSchema {
  const place = { name: 'c', tupleIndex: 0, sourceType: 'x', identity: false };
  return { ...place, schema: schema(type), format };
}

describe('texts of either family', () => {
  test('go to their own parser', () => {
    expect(parseText({ kind: 'boolean' }, schema('boolean'), 't')).toBe(true);
    expect(parseText({ kind: 'number-boolean' }, schema('boolean'), '1')).toBe(true);
    expect(parseText({ kind: 'raw-bits' }, schema('bytes'), '\u0001\u0002')).toEqual(
      Buffer.from('0201', 'hex'),
    );
  });

  test('an error names the column', () => {
    const table = { catalog: 'def', schema: 'shop', table: 'orders' };
    const wrong = column('int64', { kind: 'unsigned-long' });
    expect(() => parseColumnText(table, wrong, '18446744073709551615')).toThrow(
      /^shop\.orders\.c \(x\): the number does not fit in 64 bits/,
    );
  });

  test('bytes that are absent are those of the placeholder', () => {
    const bytes = column('bytes', { kind: 'raw-bytes', encoding: 'bytes' });
    expect(placeholderValue(bytes, '__x')).toEqual(Buffer.from('__x'));
    const hex = column('string', { kind: 'raw-bytes', encoding: 'hex' });
    expect(placeholderValue(hex, '__x')).toBe('__x');
  });
});
