import { describe, expect, test } from 'vitest';
import { normalizedAvroText, parseAvroType, simpleName } from '../../src/converter/avro-type.ts';

describe('normal form (PITFALLS C16)', () => {
  test.each([
    ['"string"', '{"type":"string"}', '{ "type" : "string" }'],
    [
      '{"type":"record","name":"R","namespace":"n","doc":"d","fields":[{"name":"a","type":"int",' +
        '"default":1}],"connect.version":2}',
      '{"connect.version":2,"fields":[{"default":1,"type":{"type":"int"},"name":"a"}],' +
        '"doc":"d","namespace":"n","name":"R","type":"record"}',
    ],
    [
      '{"type":"array","items":["null","long"]}',
      '{"items":["null",{"type":"long"}],"type":"array"}',
    ],
  ])('%s', (normal, ...others) => {
    expect(normalizedAvroText(normal)).toBe(normal);
    for (const other of others) expect(normalizedAvroText(other)).toBe(normal);
  });

  test('defaults and properties keep order and digits', () => {
    const text =
      '{"type":"record","name":"R","fields":[{"name":"a","type":"long",' +
      '"default":9007199254740993},{"name":"m","type":{"type":"map","values":"double"},' +
      '"default":{"z":1.50,"a":2.0}}],"p":{"type":"x","b":1,"a":2}}';
    expect(normalizedAvroText(text)).toBe(text);
  });

  test('a bare name is a schema', () => {
    expect(normalizedAvroText('string')).toBe('"string"');
  });
});

describe('names (C13)', () => {
  test('nested names take the namespace around them', () => {
    const type = parseAvroType(`{"type":"record","name":"a.b.R","fields":[
      {"name":"x","type":{"type":"enum","name":"E","symbols":["S"]}},
      {"name":"y","type":{"type":"fixed","name":"F","namespace":"c","size":1,"aliases":["G"]}},
      {"name":"z","type":"c.F"}]}`);
    const fields = type.kind === 'record' ? type.fields : [];
    expect(fields.map((field) => field.type)).toEqual([
      { kind: 'enum', name: 'a.b.E', aliases: [], symbols: ['S'], hasDefault: false },
      { kind: 'fixed', name: 'c.F', aliases: ['c.G'], size: 1 },
      { kind: 'fixed', name: 'c.F', aliases: ['c.G'], size: 1 },
    ]);
    expect(simpleName('a.b.E')).toBe('E');
  });
});
