import { parseArgs } from 'node:util';
import { AvroConverter } from '../../src/converter/avro-converter.ts';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import type { Converter } from '../../src/converter/converter.ts';
import { tableRecordSchemas } from '../../src/envelope/table-record-schemas.ts';
import { compileRowEncoder } from '../../src/rowpath/compile-row-encoder.ts';
import type { WireFormat } from '../../src/rowpath/row-encoder.ts';
import type { EnvelopeOptions } from '../../src/envelope/envelope-options.ts';
import type { TableSchema } from '../../src/model/table-schema.ts';
import { SourcePositions } from '../../src/runtime/source-positions.ts';
import type { EncodedRows, Figure } from './bench-rows.ts';
import { measureEncoder, OPTIONS, TABLE } from './bench-rows.ts';
import { MYSQL_TABLE, mysqlRows } from './mysql-bench-rows.ts';

/**
 * µs per row of the compiled encoders alone, for the 12 columns of the workload (inserts, one
 * transaction to a thousand rows), as PostgreSQL and as MySQL sends them. `--json` prints one
 * object as the last line.
 */

const registry = {
  register: (): Promise<number> => Promise.resolve(1),
  schemaById: (): Promise<string> => Promise.reject(new Error('not asked')),
};

interface Subject {
  readonly table: TableSchema;
  readonly options: EnvelopeOptions;
  readonly encoded?: () => EncodedRows;
  /** With position.header. */
  readonly positions?: SourcePositions;
}

const POSTGRES: Subject = { table: TABLE, options: OPTIONS };
const MYSQL: Subject = {
  table: MYSQL_TABLE,
  options: { ...OPTIONS, connector: 'mysql', database: '' },
  encoded: mysqlRows,
};

async function measure(
  format: WireFormat,
  converter: (isKey: boolean) => Converter,
  rows: number,
  { table, options, encoded, positions }: Subject = POSTGRES,
): Promise<Figure> {
  const schemas = tableRecordSchemas(table, options);
  const key = schemas.key === null ? null : await converter(true).prepare('t', schemas.key);
  const value = await converter(false).prepare('t', schemas.envelope);
  const encoder = compileRowEncoder({
    table,
    schemas,
    options,
    topic: 0,
    key,
    value,
    keyFormat: format,
    valueFormat: format,
    ...(positions === undefined ? {} : { positions }),
  });
  return measureEncoder(encoder, rows, encoded?.());
}

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, rows: { type: 'string' } },
});
const rows = Number(values.rows ?? 200_000);
const withPositions = (subject: Subject): Subject => ({
  ...subject,
  positions: new SourcePositions(),
});
const plain = (): Converter => new JsonConverter({ schemasEnable: false });
const figures = {
  json: await measure('json', () => new JsonConverter({ schemasEnable: false }), rows),
  jsonWithSchemas: await measure('json', () => new JsonConverter(), rows / 4),
  avro: await measure('avro', (isKey) => new AvroConverter(registry, { isKey }), rows),
  mysqlJson: await measure('json', () => new JsonConverter({ schemasEnable: false }), rows, MYSQL),
  jsonPositions: await measure('json', plain, rows, withPositions(POSTGRES)),
  mysqlJsonPositions: await measure('json', plain, rows, withPositions(MYSQL)),
  mysqlAvro: await measure('avro', (isKey) => new AvroConverter(registry, { isKey }), rows, MYSQL),
};
for (const [name, figure] of Object.entries(figures)) {
  const size = Math.round(figure.bytesPerRow);
  process.stdout.write(`${name}: ${figure.microsPerRow.toFixed(3)} µs a row of ${size} bytes\n`);
}
if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
