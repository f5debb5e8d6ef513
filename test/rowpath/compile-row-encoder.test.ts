import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseText, placeholderValue } from '../../dialects/postgres/postgres-text-values.ts';
import { AvroConverter } from '../../src/converter/avro-converter.ts';
import type { Converter, PreparedSchema } from '../../src/converter/converter.ts';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import { headerText } from '../../src/converter/simple-header.ts';
import { changeToRecords, truncateToRecords } from '../../src/envelope/change-records.ts';
import type { ChangeRecord } from '../../src/envelope/change-records.ts';
import type { EnvelopeOptions } from '../../src/envelope/envelope-options.ts';
import { tableRecordSchemas } from '../../src/envelope/table-record-schemas.ts';
import type { RowChange, RowOperation } from '../../src/model/change-event.ts';
import type { ConnectValue } from '../../src/model/connect-schema.ts';
import { lsn } from '../../src/model/lsn.ts';
import { RowImage } from '../../src/model/row-image.ts';
import type { ColumnSchema, TableSchema } from '../../src/model/table-schema.ts';
import { compileRowEncoder } from '../../src/rowpath/compile-row-encoder.ts';
import type { RowEncoderContext, WireFormat } from '../../src/rowpath/row-encoder.ts';
import { RecordBatch } from '../../src/transport/record-batch.ts';
import type { TypeCase } from './value-arbitraries.ts';
import { SCALAR_CASES, TYPE_CASES } from './value-arbitraries.ts';

const OPTIONS: EnvelopeOptions = {
  topicPrefix: 'shop',
  connector: 'postgresql',
  version: '0.1.0',
  database: 'db',
  tombstonesOnDelete: true,
  unavailableValuePlaceholder: '__debezium_unavailable_value',
  absentHeader: true,
  contextHeaders: [{ name: '__debezium.context.taskId', value: '0' }],
};
const MICROS = 1_795_250_776_723_798n;

interface Wire {
  readonly name: string;
  readonly format: WireFormat;
  readonly converter: (isKey: boolean) => Converter;
  readonly json?: RowEncoderContext['valueJson'];
}

const registry = {
  register: (subject: string) => Promise.resolve(subject.length),
  schemaById: () => Promise.reject(new Error('not asked')),
};
const replaced = { replaceNullWithDefault: true };
const WIRES: readonly Wire[] = [
  { name: 'JSON with schemas', format: 'json', converter: () => new JsonConverter() },
  {
    name: 'JSON',
    format: 'json',
    converter: () => new JsonConverter({ schemasEnable: false }),
  },
  {
    name: 'JSON, numbers and defaults',
    format: 'json',
    converter: () => new JsonConverter({ ...replaced, decimalFormat: 'NUMERIC' }),
    json: { ...replaced, decimalFormat: 'NUMERIC' },
  },
  { name: 'Avro', format: 'avro', converter: (isKey) => new AvroConverter(registry, { isKey }) },
  {
    name: 'Avro, defaults',
    format: 'avro',
    converter: (isKey) => new AvroConverter(registry, { isKey, ...replaced }),
    json: replaced,
  },
];

interface Encoded {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, string])[];
}

/** Avro bytes are not text; latin1 keeps each byte apart. */
const shown = (bytes: Buffer | null, wire: Wire): string | null =>
  bytes === null ? null : bytes.toString(wire.format === 'json' ? 'utf8' : 'latin1');

function readBatch(batch: RecordBatch, wire: Wire): Encoded[] {
  const bytes = batch.writer.bytes;
  return Array.from({ length: batch.count }, (_, i) => {
    const keyEnd = batch.keyEnds[i] as number;
    const valueEnd = batch.valueEnds[i] as number;
    const key = keyEnd < 0 ? null : bytes.subarray(batch.keyStarts[i], keyEnd);
    const value = valueEnd < 0 ? null : bytes.subarray(batch.valueStarts[i], valueEnd);
    const headers: [string, string][] = [];
    let at = batch.headerStarts[i] as number;
    while (at < (batch.headerEnds[i] as number)) {
      const nameEnd = at + 2 + bytes.readUInt16BE(at);
      const valueStart = nameEnd + 4;
      const end = valueStart + bytes.readInt32BE(nameEnd);
      headers.push([
        bytes.toString('utf8', at + 2, nameEnd),
        bytes.toString('utf8', valueStart, end),
      ]);
      at = end;
    }
    return { key: shown(key, wire), value: shown(value, wire), headers };
  });
}

interface Bench {
  readonly context: RowEncoderContext;
  compiled(change: RowChange): Encoded[];
  general(change: RowChange): Encoded[];
  truncated(change: RowChange): readonly [Encoded[], Encoded[]];
}

async function benchOf(table: TableSchema, wire: Wire, options = OPTIONS): Promise<Bench> {
  const schemas = tableRecordSchemas(table, options);
  const keys = wire.converter(true);
  const values = wire.converter(false);
  const key = schemas.key === null ? null : await keys.prepare(schemas.topic, schemas.key);
  const value = await values.prepare(schemas.topic, schemas.envelope);
  const context: RowEncoderContext = {
    ...{ table, schemas, options, topic: 7, key, value },
    ...{ keyFormat: wire.format, valueFormat: wire.format },
    ...(wire.json === undefined ? {} : { keyJson: wire.json, valueJson: wire.json }),
  };
  const encoder = compileRowEncoder(context);
  encoder.processedAt(MICROS);
  const recordContext = {
    schemas,
    options,
    processedMicros: MICROS,
    parse: (column: ColumnSchema, text: string): ConnectValue =>
      parseText(column.format, column.schema, text),
    placeholder: (column: ColumnSchema): ConnectValue =>
      placeholderValue(column, options.unavailableValuePlaceholder),
  };
  const encode = (record: ChangeRecord): Encoded => ({
    key:
      record.key === null ? null : shown(keys.fromConnect(key as PreparedSchema, record.key), wire),
    value: record.value === null ? null : shown(values.fromConnect(value, record.value), wire),
    headers: record.headers.map((header) => [header.name, headerText(header.value)] as const),
  });
  const withBatch = (write: (batch: RecordBatch) => number): Encoded[] => {
    const batch = new RecordBatch();
    expect(write(batch)).toBe(batch.count);
    return readBatch(batch, wire);
  };
  return {
    context,
    compiled: (change) => withBatch((batch) => encoder.row(change, batch)),
    general: (change) => changeToRecords(change, recordContext).map(encode),
    truncated: (change) => [
      withBatch((batch) => encoder.truncate(change, batch)),
      truncateToRecords(change, recordContext).map(encode),
    ],
  };
}

function tableOf(columns: readonly ColumnSchema[], keyColumns: readonly number[]): TableSchema {
  return {
    id: { catalog: 'db', schema: 'public', table: 't' },
    version: 1,
    columns,
    keyColumns,
    replicaIdentity: 'default',
  };
}

function origin(
  extra: Partial<RowChange> = {},
): Omit<RowChange, 'op' | 'table' | 'before' | 'after'> {
  return {
    lsn: lsn(649_128_472n),
    commitLsn: lsn(649_128_999n),
    previousCommitLsn: null,
    ordinal: 0,
    transactionId: 8645,
    sourceMicros: 1_795_250_776_579_200n,
    snapshot: 'false',
    beforeIsKeyOnly: false,
    ...extra,
  };
}

function column(
  typeCase: TypeCase,
  name: string,
  at: number,
  extra: Partial<ColumnSchema> = {},
): ColumnSchema {
  return {
    name,
    schema: typeCase.schema,
    format: typeCase.format,
    tupleIndex: at,
    sourceType: typeCase.name,
    identity: false,
    ...extra,
  };
}

const KEY_CASE = SCALAR_CASES.find(({ name }) => name === 'int32') as TypeCase;

/** A table with key `id` and two columns of the type: NOT NULL and nullable. */
function tableFor(typeCase: TypeCase, wire: Wire): TableSchema {
  return tableOf(
    [
      column(KEY_CASE, 'id', 0, { identity: true }),
      column(typeCase, wire.format === 'json' ? 'odd "ü" 😀' : 'plain', 1),
      column(typeCase, 'nullable', 2, { schema: { ...typeCase.schema, optional: true } }),
    ],
    [0],
  );
}

describe('every type, by the compiled path and by the general one', () => {
  for (const wire of WIRES) {
    for (const typeCase of TYPE_CASES) {
      test(`${typeCase.name} in ${wire.name}`, async () => {
        const bench = await benchOf(tableFor(typeCase, wire), wire);
        fc.assert(
          fc.property(typeCase.text, fc.option(typeCase.text), (first, second) => {
            const after = RowImage.of(['1', first, second]);
            const change: RowChange = {
              ...origin(),
              ...{ op: 'c', table: bench.context.table, before: null, after },
            };
            expect(bench.compiled(change)).toEqual(bench.general(change));
          }),
          { numRuns: 60 },
        );
      });
    }
  }
});

const operation = fc.constantFrom<RowOperation>('c', 'r', 'u', 'u', 'u', 'd');

describe('every shape of change', () => {
  for (const wire of WIRES) {
    test(`random tables and images in ${wire.name}`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.constantFrom(...SCALAR_CASES), { minLength: 1, maxLength: 4 }),
          fc.boolean(),
          fc.boolean(),
          fc.infiniteStream(fc.nat()),
          operation,
          async (cases, keyed, keyOnly, stream, op) => {
            const next = (below: number): number => (stream.next().value as number) % below;
            const columns = cases.map((typeCase, i) => {
              const optional = i > 0 && next(2) === 0;
              const schema = { ...typeCase.schema, optional };
              return column(typeCase, `c${i}`, i, { schema, identity: i === 0 });
            });
            const table = tableOf(columns, keyed ? [0] : []);
            const value = (i: number, absent: boolean): string | null | undefined => {
              const { schema } = columns[i] as ColumnSchema;
              if (absent && i > 0 && next(3) === 0) return undefined;
              if (schema.optional && next(3) === 0) return null;
              const { text } = cases[i] as TypeCase;
              return fc.sample(text, { numRuns: 1, seed: next(1 << 30) })[0] as string;
            };
            const image = (absent: boolean): RowImage =>
              RowImage.of(cases.map((_, i) => value(i, absent)));
            const old = op === 'd' || (op === 'u' && next(3) > 0);
            const change: RowChange = {
              ...origin({
                beforeIsKeyOnly: keyOnly,
                previousCommitLsn: next(2) === 0 ? null : lsn(12n),
                lsn: lsn(next(2) === 0 ? 0xffffffffffffffffn : BigInt(next(1 << 30))),
                transactionId: next(2) === 0 ? null : 4_294_967_295,
              }),
              ...{ op, table, before: old ? image(false) : null },
              after: op === 'd' ? null : image(true),
            };
            const options = { ...OPTIONS, tombstonesOnDelete: next(2) === 0 };
            const bench = await benchOf(table, wire, options);
            expect(bench.compiled(change)).toEqual(bench.general(change));
            const [compiled, general] = bench.truncated(change);
            expect(compiled).toEqual(general);
          },
        ),
        { numRuns: 150 },
      );
    });
  }
});
