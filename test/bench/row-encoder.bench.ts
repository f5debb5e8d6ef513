import { parseArgs } from 'node:util';
import { AvroConverter } from '../../src/converter/avro-converter.ts';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import type { Converter } from '../../src/converter/converter.ts';
import { tableRecordSchemas } from '../../src/envelope/table-record-schemas.ts';
import { compileRowEncoder } from '../../src/rowpath/compile-row-encoder.ts';
import type { WireFormat } from '../../src/rowpath/row-encoder.ts';
import type { Figure } from './bench-rows.ts';
import { measureEncoder, OPTIONS, TABLE } from './bench-rows.ts';

/**
 * µs per row of the compiled encoders alone, for the 12 columns of the workload (inserts, one
 * transaction to a thousand rows). `--json` prints one object as the last line.
 */

const registry = {
  register: (): Promise<number> => Promise.resolve(1),
  schemaById: (): Promise<string> => Promise.reject(new Error('not asked')),
};

async function measure(
  format: WireFormat,
  converter: (isKey: boolean) => Converter,
  rows: number,
): Promise<Figure> {
  const schemas = tableRecordSchemas(TABLE, OPTIONS);
  const key = schemas.key === null ? null : await converter(true).prepare('t', schemas.key);
  const value = await converter(false).prepare('t', schemas.envelope);
  const encoder = compileRowEncoder({
    table: TABLE,
    schemas,
    options: OPTIONS,
    topic: 0,
    key,
    value,
    keyFormat: format,
    valueFormat: format,
  });
  return measureEncoder(encoder, rows);
}

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, rows: { type: 'string' } },
});
const rows = Number(values.rows ?? 200_000);
const figures = {
  json: await measure('json', () => new JsonConverter({ schemasEnable: false }), rows),
  jsonWithSchemas: await measure('json', () => new JsonConverter(), rows / 4),
  avro: await measure('avro', (isKey) => new AvroConverter(registry, { isKey }), rows),
};
for (const [name, figure] of Object.entries(figures)) {
  const size = Math.round(figure.bytesPerRow);
  process.stdout.write(`${name}: ${figure.microsPerRow.toFixed(3)} µs a row of ${size} bytes\n`);
}
if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
