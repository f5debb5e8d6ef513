import { parseArgs } from 'node:util';
import { examineOptions } from '../../src/config/resolve-options.ts';
import { TRANSFORM_OPTIONS, transformSettings } from '../../src/config/transform-options.ts';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import { tableRecordSchemas } from '../../src/envelope/table-record-schemas.ts';
import { compileRowEncoder } from '../../src/rowpath/compile-row-encoder.ts';
import { RecordWriter } from '../../src/runtime/record-writer.ts';
import { TransformingEncoder } from '../../src/runtime/transforming-encoder.ts';
import { transformChain } from '../../src/transform/transform-chain.ts';
import { RecordBatch } from '../../src/transport/record-batch.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { measureEncoder, OPTIONS, TABLE } from './bench-rows.ts';

/**
 * µs per row of 12 columns with transforms, beside the compiled encoder of a pipeline without any
 * (JSON without schemas; from the text of the row to the bytes of the record).
 */

const UNWRAP = { type: 'ExtractNewRecordState', 'add.fields': 'op,source.lsn' };
const CHAINS: Readonly<Record<string, readonly Readonly<Record<string, string>>[]>> = {
  'a predicate that never holds': [{ type: 'Filter', predicate: 'none' }],
  RegexRouter: [{ type: 'RegexRouter', regex: '(.*)', replacement: 'x.$1' }],
  ExtractNewRecordState: [UNWRAP],
  'unwrap, ReplaceField, InsertField, TimestampConverter': [
    UNWRAP,
    { type: 'ReplaceField$Value', exclude: 'meta', renames: 'note:remark' },
    { type: 'InsertField$Value', 'static.field': 'origin', 'static.value': 'shop' },
    {
      type: 'TimestampConverter$Value',
      field: 'created_at',
      'target.type': 'string',
      format: 'yyyy-MM-dd HH:mm:ss',
    },
  ],
  Flatten: [{ type: 'Flatten$Value' }],
  'Filter with an expression': [
    {
      type: 'io.debezium.transforms.Filter',
      language: 'js',
      condition: "value.op == 'c' && value.after.customer_id >= 0",
    },
  ],
};

const schemas = tableRecordSchemas(TABLE, OPTIONS);
const converter = new JsonConverter({ schemasEnable: false });

async function withTransforms(
  chain: readonly Readonly<Record<string, string>>[],
): Promise<TransformingEncoder> {
  const input: Record<string, string> = { transforms: chain.map((_, i) => `t${i}`).join(',') };
  for (const [i, properties] of chain.entries()) {
    for (const [name, value] of Object.entries(properties))
      input[`transforms.t${i}.${name}`] = value;
    if (!('predicate' in properties)) continue;
    Object.assign(input, { predicates: 'none', 'predicates.none.type': 'RecordIsTombstone' });
  }
  const providers = { environment: {}, folder: '/' };
  const { options } = examineOptions(TRANSFORM_OPTIONS, input, { where: 'source', providers });
  const context = { folder: '/', warn: () => undefined };
  const transport: Pick<Transport, 'openTopic'> = { openTopic: () => Promise.resolve(0) };
  const writer = new RecordWriter({
    transport: transport as Transport,
    key: converter,
    value: converter,
    topicOptions: {},
    apply: await transformChain(transformSettings(options), context),
  });
  const encoder = new TransformingEncoder({ table: TABLE, schemas, options: OPTIONS }, writer);
  // The first record waits for its topic.
  measureEncoder(encoder, 2000);
  const batch = new RecordBatch();
  await writer.drain(() => batch, new AbortController().signal);
  return encoder;
}

const { values } = parseArgs({ options: { rows: { type: 'string' } } });
const rows = Number(values.rows ?? 100_000);
const key = schemas.key === null ? null : await converter.prepare('t', schemas.key);
const value = await converter.prepare('t', schemas.envelope);
const compiled = compileRowEncoder({
  table: TABLE,
  schemas,
  options: OPTIONS,
  topic: 0,
  key,
  value,
  keyFormat: 'json',
  valueFormat: 'json',
});
const base = measureEncoder(compiled, rows).microsPerRow;
process.stdout.write(`without transforms: ${base.toFixed(2)} µs a row\n`);
for (const [name, chain] of Object.entries(CHAINS)) {
  const { microsPerRow } = measureEncoder(await withTransforms(chain), rows);
  const factor = (microsPerRow / base).toFixed(1);
  process.stdout.write(`${name}: ${microsPerRow.toFixed(2)} µs a row, ${factor} times that\n`);
}
