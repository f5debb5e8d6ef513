import { expect, test } from 'vitest';
import { mayNotConvert, unconvertedPath } from '../../src/envelope/unconverted.ts';
import type { ColumnSchema, TextFormat } from '../../src/model/table-schema.ts';

function column(format: TextFormat): ColumnSchema {
  return {
    name: 'a b',
    schema: { type: 'string', optional: true },
    format,
    tupleIndex: 0,
    sourceType: 'x',
    identity: false,
  };
}

test('formats with values that their schema cannot hold', () => {
  expect(mayNotConvert(column({ kind: 'decimal', scale: 2 }))).toBe(true);
  expect(mayNotConvert(column({ kind: 'timestamp', unit: 'us' }))).toBe(true);
  expect(mayNotConvert(column({ kind: 'integer' }))).toBe(false);
  expect(mayNotConvert(column({ kind: 'string' }))).toBe(false);
});

test('a path has the name of the field, not of the column', () => {
  const text = column({ kind: 'string' });
  expect(unconvertedPath('after', text)).toBe('after.a b');
  expect(unconvertedPath('before', text, 'avro')).toBe('before.a_b');
});
