import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AvroConverter } from '../../src/converter/avro-converter.ts';
import { avroSchemaText } from '../../src/converter/avro-schema.ts';
import type { SchemaRegistry } from '../../src/converter/converter.ts';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import { DecodeError } from '../../src/foundation/byte-reader.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../src/model/connect-schema.ts';
import { anyStruct, plain } from '../support/arbitrary-schema.ts';
import { avscType, bare, toAvsc } from '../support/avsc-oracle.ts';
import { goldenRecords } from '../support/golden-records.ts';

/** Ids by text, as any registry gives them. */
class MemoryRegistry implements SchemaRegistry {
  readonly texts: string[] = [];
  readonly subjects: string[] = [];

  register(subject: string, schema: string): Promise<number> {
    this.subjects.push(subject);
    if (!this.texts.includes(schema)) this.texts.push(schema);
    return Promise.resolve(this.texts.indexOf(schema) + 258);
  }

  schemaById(id: number): Promise<string> {
    const text = this.texts[id - 258];
    return text === undefined ? Promise.reject(new Error('unknown id')) : Promise.resolve(text);
  }
}

function setUp() {
  const registry = new MemoryRegistry();
  return { registry, converter: new AvroConverter(registry, { isKey: false }) };
}

async function encode(converter: AvroConverter, schema: ConnectSchema, value: ConnectValue) {
  return converter.fromConnect(await converter.prepare('t', schema), value) as Buffer;
}

function one(field: ConnectSchema, value: ConnectValue): Struct {
  return {
    schema: {
      type: 'struct',
      optional: false,
      name: 'n.S',
      fields: [{ name: 'v', schema: field }],
    },
    values: [value],
  };
}

/** Annotations that Avro has no place for do not come back: see each test of avro-schema. */
async function body(field: ConnectSchema, value: ConnectValue): Promise<string> {
  const struct = one(field, value);
  return (await encode(setUp().converter, struct.schema, struct)).subarray(5).toString('hex');
}

describe('wire format', () => {
  test('00, the id in four bytes, then bare Avro (PITFALLS C1)', async () => {
    const { converter, registry } = setUp();
    const struct = one({ type: 'string', optional: false }, 'hé');
    const bytes = await encode(converter, struct.schema, struct);
    expect(bytes.toString('hex')).toBe('00000001020668c3a9');
    expect(registry.subjects).toEqual(['t-value']);
  });

  test('subjects: <topic>-key and <topic>-value; registered once (C40)', async () => {
    const registry = new MemoryRegistry();
    const key = new AvroConverter(registry, { isKey: true });
    const { schema } = one({ type: 'int8', optional: true }, 1);
    await key.prepare('a.b.c', schema);
    await key.prepare('a.b.c', { ...schema });
    await key.prepare('other', schema);
    expect(registry.subjects).toEqual(['a.b.c-key', 'other-key']);
  });

  test('a tombstone is null in both directions (C3)', async () => {
    const { converter } = setUp();
    const prepared = await converter.prepare('t', one({ type: 'int8', optional: true }, 1).schema);
    expect(converter.fromConnect(prepared, null)).toBeNull();
    expect(converter.toConnect('t', null)).toBeNull();
  });

  test('a bare bytes schema has no length (C4)', async () => {
    const { converter } = setUp();
    const bytes = await encode(converter, { type: 'bytes', optional: false }, Buffer.from([7, 8]));
    expect(bytes.subarray(5).toString('hex')).toBe('0708');
  });

  test.each([
    ['single-object encoding (C20)', 'c301aabbccddeeff0011'],
    ['JSON', Buffer.from('{"a":1}').toString('hex')],
    ['too short', '00000001'],
    ['nothing', ''],
  ])('%s is refused', (_what, hex) => {
    const { converter } = setUp();
    expect(() => converter.toConnect('t', Buffer.from(hex, 'hex'))).toThrow(
      expect.objectContaining({ code: 'RECORD_FORMAT' }),
    );
  });
});

describe('primitive encodings', () => {
  test.each<[string, ConnectSchema['type'], ConnectValue, string]>([
    ['long 0', 'int64', 0n, '00'],
    ['long -1', 'int64', -1n, '01'],
    ['long 64', 'int64', 64n, '8001'],
    ['the least long, ten bytes (C5)', 'int64', -(2n ** 63n), 'ffffffffffffffffff01'],
    ['the greatest long', 'int64', 2n ** 63n - 1n, 'feffffffffffffffff01'],
    ['beyond doubles', 'int64', 9007199254740993n, '8280808080808020'],
    ['int8', 'int8', -128, 'ff01'],
    ['the least int', 'int32', -(2 ** 31), 'ffffffff0f'],
    ['float NaN (C19)', 'float32', NaN, '0000c07f'],
    ['double -0 (C19)', 'float64', -0, '0000000000000080'],
    ['string in UTF-8 bytes (C18)', 'string', '😀', '08f09f9880'],
    ['decimal of zero is one byte (C8)', 'bytes', { unscaled: 0n, scale: 2 }, '0200'],
    ['decimal 128 keeps its sign (C8)', 'bytes', { unscaled: 128n, scale: 2 }, '040080'],
  ])('%s', async (_what, type, value, hex) => {
    const name = type === 'bytes' ? { name: 'org.apache.kafka.connect.data.Decimal' } : {};
    const parameters = { scale: '2' };
    expect(await body({ type, optional: false, ...name, parameters }, value)).toBe(hex);
  });

  test('null is branch 0, or branch 1 where a default comes first (C6)', async () => {
    expect(await body({ type: 'int32', optional: true }, null)).toBe('00');
    expect(await body({ type: 'int32', optional: true }, 1)).toBe('0202');
    expect(await body({ type: 'int32', optional: true, default: 5 }, null)).toBe('02');
    expect(await body({ type: 'int32', optional: true, default: 5 }, 1)).toBe('0002');
  });

  test('blocks with a negative count are read (C17)', async () => {
    const { converter } = setUp();
    const items = { type: 'int32', optional: false } as const;
    const struct = one({ type: 'array', optional: false, valueSchema: items }, [1, 2, 3]);
    const bytes = await encode(converter, struct.schema, struct);
    const blocks = Buffer.concat([bytes.subarray(0, 5), Buffer.from('03040204020600', 'hex')]);
    const read = await converter.toConnect('t', blocks);
    expect(read?.values).toEqual([[1, 2, 3]]);
  });
});

describe('against avsc', () => {
  test('avsc reads our bytes, and writes the same ones', async () => {
    await fc.assert(
      fc.asyncProperty(anyStruct, async ({ schema, value }) => {
        // avsc keeps maps in plain objects, where this name is lost.
        fc.pre(!JSON.stringify(plain(value), bigintText).includes('__proto__'));
        const { converter } = setUp();
        const bytes = (await encode(converter, schema, value)).subarray(5);
        const type = avscType(avroSchemaText(schema));
        const expected = toAvsc(schema, value);
        expect(bare(type.fromBuffer(bytes))).toEqual(bare(expected));
        expect(type.toBuffer(expected).toString('hex')).toBe(bytes.toString('hex'));
      }),
      { numRuns: 300 },
    );
  });

  function bigintText(_key: string, value: unknown): unknown {
    return typeof value === 'bigint' ? value.toString() : value;
  }

  test('avsc reads the records of Debezium as we write them', async () => {
    const json = new JsonConverter();
    const { converter } = setUp();
    for (const record of goldenRecords('values')) {
      const struct = json.toConnect('t', Buffer.from(record.value ?? '')) as Struct;
      const bytes = await encode(converter, struct.schema, struct);
      const read = avscType(avroSchemaText(struct.schema)).fromBuffer(bytes.subarray(5)) as unknown;
      expect(bare(read)).toEqual(bare(toAvsc(struct.schema, struct)));
      expect(plain(await converter.toConnect('t', bytes))).toEqual(plain(struct));
    }
  });
});

describe('reading', () => {
  test('every struct comes back as it was', async () => {
    await fc.assert(
      fc.asyncProperty(anyStruct, async ({ schema, value }) => {
        const { converter } = setUp();
        const bytes = await encode(converter, schema, value);
        const back = (await converter.toConnect('t', bytes)) as Struct;
        expect(plain(back)).toEqual(plain(value));
        expect(back.schema).toEqual(schema);
      }),
    );
  });

  test('texts that change, return and are long are never mixed up', async () => {
    const { converter } = setUp();
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.constantFrom(
            '',
            'a',
            'b',
            'ab',
            'aé',
            'é',
            'x'.repeat(64),
            'x'.repeat(65),
            'y'.repeat(64),
          ),
          {
            maxLength: 300,
          },
        ),
        async (texts) => {
          for (const text of texts) {
            const struct = one({ type: 'string', optional: false }, text);
            const bytes = await encode(converter, struct.schema, struct);
            expect((await converter.toConnect('t', bytes))?.values[0]).toBe(text);
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  test('a record may be reused by its owner after it was read', async () => {
    const { converter } = setUp();
    const struct = one({ type: 'bytes', optional: false }, Buffer.from([1, 2, 3]));
    const bytes = await encode(converter, struct.schema, struct);
    const read = await converter.toConnect('t', bytes);
    bytes.fill(0xee);
    expect(read?.values).toEqual([Buffer.from([1, 2, 3])]);
  });

  test('any prefix or mutation gives a value or DecodeError, and nothing else', async () => {
    const { converter } = setUp();
    const json = new JsonConverter();
    const golden = goldenRecords('values')[0]?.value ?? '';
    const struct = json.toConnect('t', Buffer.from(golden)) as Struct;
    const bytes = await encode(converter, struct.schema, struct);
    await converter.toConnect('t', bytes);
    const attempt = (damaged: Buffer) => {
      try {
        void converter.toConnect('t', damaged);
        return null;
      } catch (error) {
        return error;
      }
    };
    for (let end = 5; end < bytes.length; end++) {
      expect(attempt(bytes.subarray(0, end))).toBeInstanceOf(DecodeError);
    }
    fc.assert(
      fc.property(fc.nat(bytes.length - 6), fc.nat(255), (at, byte) => {
        const damaged = Buffer.from(bytes);
        damaged[at + 5] = byte;
        const error = attempt(damaged);
        if (error !== null) expect(error).toBeInstanceOf(DecodeError);
      }),
      { numRuns: 2000 },
    );
  });

  test('bytes after the record are an error', async () => {
    const { converter } = setUp();
    const struct = one({ type: 'int32', optional: false }, 1);
    const bytes = await encode(converter, struct.schema, struct);
    await converter.toConnect('t', bytes);
    expect(() => converter.toConnect('t', Buffer.concat([bytes, Buffer.alloc(1)]))).toThrow(
      DecodeError,
    );
  });
});
