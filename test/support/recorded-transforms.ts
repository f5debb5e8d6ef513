import { readFileSync } from 'node:fs';
import path from 'node:path';
import { examineOptions } from '../../src/config/resolve-options.ts';
import { TRANSFORM_OPTIONS, transformSettings } from '../../src/config/transform-options.ts';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import { headerBytes } from '../../src/converter/simple-header.ts';
import { TidemarkError } from '../../src/foundation/errors.ts';
import { JsonNumber, parseLosslessJson } from '../../src/foundation/lossless-json.ts';
import { schemaFromJson, valueFromJson } from '../../src/model/connect-json.ts';
import type { ConnectData, ConnectRecord } from '../../src/model/connect-record.ts';
import type { HypertableCatalog } from '../../src/transform/hypertable-catalog.ts';
import { TransformWaits } from '../../src/transform/transform-waits.ts';
import type { ApplyChain } from '../../src/transform/transform-chain.ts';
import { transformChain } from '../../src/transform/transform-chain.ts';

/** A record as the recorder writes it; schemas stand in a list of the file. */
interface RecordedData {
  readonly schema: number | null;
  readonly payload: unknown;
}

interface RecordedRecord {
  readonly topic: string;
  readonly partition?: number;
  readonly timestamp?: number;
  readonly key: RecordedData | null;
  readonly value: RecordedData | null;
  readonly headers: readonly {
    readonly name: string;
    readonly text?: string | null;
    readonly data: RecordedData | null;
  }[];
}

type Outcome = RecordedRecord | { readonly error: string } | null;

interface RecordedFile {
  readonly schemas: readonly unknown[];
  readonly samples: Readonly<Record<string, RecordedRecord>>;
  readonly cases: readonly {
    readonly type: string;
    readonly properties: Readonly<Record<string, string>>;
    readonly in: readonly string[];
    readonly out: readonly Outcome[];
    readonly refused?: string;
  }[];
}

/** One record through one transform: what came out in Java, and what comes out here. */
export interface Comparison {
  readonly title: string;
  readonly wanted: unknown;
  readonly found: unknown;
}

const FOLDER = path.resolve(import.meta.dirname, '../golden/transforms');

/**
 * Runs all recorded cases of a transform. Failures are equal to failures, whatever they say; a
 * case whose title is in `differing` is left out, and is to be tested by itself.
 */
export async function compareRecorded(
  name: string,
  differing: readonly string[] = [],
  hypertables?: HypertableCatalog,
): Promise<readonly Comparison[]> {
  const text = readFileSync(path.join(FOLDER, `${name}.json`), 'utf8');
  const file = parseLosslessJson(text) as unknown as RecordedFile;
  const schemas = file.schemas.map((node) => schemaFromJson(node as never));
  const comparisons: Comparison[] = [];
  const left = new Set(differing);
  for (const one of file.cases) {
    const settings = JSON.stringify(one.properties).replaceAll('"', '').slice(1, -1);
    const chain = await chainOf(one.type, one.properties, hypertables);
    if (one.refused !== undefined || chain instanceof TidemarkError) {
      const wanted = one.refused === undefined ? 'accepted' : 'refused';
      const found = chain instanceof TidemarkError ? 'refused' : 'accepted';
      if (!left.delete(settings)) comparisons.push({ title: settings, wanted, found });
      continue;
    }
    for (const [i, sample] of one.in.entries()) {
      const title = `${sample}: ${settings}`;
      const record = toRecord(file.samples[sample] as RecordedRecord, schemas);
      const found = await outcomeOf(chain, record);
      const wanted = wantedOf(one.out[i] ?? null, file.schemas);
      if (!left.delete(title)) comparisons.push({ title, wanted, found });
    }
  }
  if (left.size > 0) throw new Error(`no such cases: ${[...left].join(' | ')}`);
  return comparisons;
}

async function chainOf(
  type: string,
  properties: Readonly<Record<string, string>>,
  hypertables: HypertableCatalog | undefined,
): Promise<ApplyChain | TidemarkError> {
  const input: Record<string, string> = { transforms: 't', 'transforms.t.type': type };
  for (const [name, value] of Object.entries(properties)) input[`transforms.t.${name}`] = value;
  const providers = { environment: {}, folder: '/' };
  const { options } = examineOptions(TRANSFORM_OPTIONS, input, { where: 's', providers });
  try {
    return await transformChain(transformSettings(options), {
      folder: '/',
      warn: () => undefined,
      ...(hypertables === undefined ? {} : { hypertables }),
    });
  } catch (error) {
    if (error instanceof RangeError) return new TidemarkError('CONFIG_INVALID', error.message);
    if (error instanceof TidemarkError) return error;
    throw error;
  }
}

function toRecord(
  sample: RecordedRecord,
  schemas: readonly ReturnType<typeof schemaFromJson>[],
): ConnectRecord {
  const data = (node: RecordedData | null): ConnectData => {
    const schema = node?.schema === null ? undefined : schemas[node?.schema ?? -1];
    if (node === null || schema === undefined) return { schema: null, value: null };
    return { schema, value: valueFromJson(schema, node.payload as never) };
  };
  return {
    topic: sample.topic,
    key: data(sample.key),
    value: data(sample.value),
    headers: sample.headers.map((header) => ({ name: header.name, ...data(header.data) })),
    timestampMs: sample.timestamp ?? null,
  };
}

function wantedOf(outcome: Outcome, schemas: readonly unknown[]): unknown {
  if (outcome === null) return 'dropped';
  if ('error' in outcome) return 'failed';
  const data = (node: RecordedData | null): unknown =>
    node === null
      ? null
      : { schema: byValue(schemas[node.schema ?? -1] ?? null), payload: byValue(node.payload) };
  return {
    topic: outcome.topic,
    partition: outcome.partition ?? null,
    timestamp: outcome.timestamp ?? null,
    key: data(outcome.key),
    value: data(outcome.value),
    headers: outcome.headers.map((header) => ({
      name: header.name,
      text: header.text ?? null,
      data: data(header.data),
    })),
  };
}

const CONVERTER = new JsonConverter({ schemasEnable: true, replaceNullWithDefault: false });

async function outcomeOf(chain: ApplyChain, record: ConnectRecord): Promise<unknown> {
  try {
    const made = chain(record);
    return made === null ? 'dropped' : await written(made);
  } catch (error) {
    if (error instanceof TidemarkError) return 'failed';
    if (!(error instanceof TransformWaits)) throw error;
    await error.ready(new AbortController().signal);
    return await outcomeOf(chain, record);
  }
}

/** The record as our converters write it. */
async function written(record: ConnectRecord): Promise<unknown> {
  return {
    topic: record.topic,
    partition: record.partition ?? null,
    timestamp: record.timestampMs,
    key: await json(record.key),
    value: await json(record.value),
    headers: await Promise.all(
      record.headers.map(async (header) => ({
        name: header.name,
        text: headerBytes(header)?.toString() ?? null,
        data: await json(header),
      })),
    ),
  };
}

async function json({ schema, value }: ConnectData): Promise<unknown> {
  if (schema === null) return null;
  const prepared = await CONVERTER.prepare('t', schema);
  const bytes =
    value === null ? CONVERTER.nullOf(prepared) : CONVERTER.fromConnect(prepared, value);
  return bytes === null ? null : byValue(parseLosslessJson(bytes.toString()));
}

/** Numbers by their value: the recorder's library writes them in another form. */
function byValue(node: unknown): unknown {
  if (node instanceof JsonNumber) return Number(node.text);
  if (Array.isArray(node)) return (node as readonly unknown[]).map(byValue);
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(Object.entries(node).map(([name, child]) => [name, byValue(child)]));
}
