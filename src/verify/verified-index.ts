import { TidemarkError } from '../foundation/errors.ts';
import type { JsonNode, JsonObject } from '../foundation/lossless-json.ts';
import { isJsonObject } from '../foundation/lossless-json.ts';
import type { Struct } from '../model/connect-schema.ts';
import type { SinkRecord } from '../model/sink-record.ts';
import { foundIndex } from '../sink/search/known-index.ts';
import type { SearchClient } from '../sink/search/search-client.ts';
import type { SearchSinkOptions } from '../sink/search/search-sink-options.ts';
import { coversTopic } from '../sink/search/search-sink-options.ts';
import { notCompared } from './not-compared.ts';

const OF_TIME = /\$\{timestamp\./;

/** The key of rows like this one. Throws CONFIG_UNSUPPORTED where documents are no rows. */
export function keyOfDocuments({ topic, key }: SinkRecord, options: SearchSinkOptions): Struct {
  const { dataStream, keyIgnored, pipeline, indexFormat, indexOfTopic } = options;
  if (dataStream !== null) throw notCompared('a data stream: it keeps changes, not rows');
  if (coversTopic(keyIgnored, topic)) {
    throw notCompared('documents of changes: with key.ignore none stands for a row');
  }
  if (pipeline !== null) throw behindPipeline(pipeline);
  if (OF_TIME.test(indexFormat) && !indexOfTopic.has(topic)) {
    throw notCompared('indices by time: a row may have a document in each of them');
  }
  if (key === null) throw notCompared('a table without a key');
  return key;
}

/** An index whose documents are compared. */
export interface VerifiedIndex {
  /** By which they are read: an alias, but of several indices the one that is written to. */
  readonly name: string;
  readonly concrete: string;
}

/**
 * The index that the sink calls so. Throws SINK_SCHEMA where there is none, CONFIG_UNSUPPORTED for
 * one that does not keep what it is given, or that another one is about to replace: that one gets
 * the changes.
 */
export async function verifiedIndex(
  client: SearchClient,
  index: string,
  signal: AbortSignal,
): Promise<VerifiedIndex> {
  const answer = await client.request('GET', `/${encodeURIComponent(index)}`, undefined, signal);
  if (answer.status === 404) {
    throw new TidemarkError('SINK_SCHEMA', `the index ${index} does not exist`, {
      cure: 'The sink makes it with the first record: let the pipeline run first.',
    });
  }
  const { concrete, meta, mappings, settings } = foundIndex(index, answer);
  if (meta.generations.size > 1) {
    const topics = [...meta.generations.keys()].join(', ');
    throw notCompared(`${index}, which has documents of several topics: ${topics}`);
  }
  if (meta.next !== null) throw renewed(index);
  const own = at(settings, 'index');
  for (const name of ['default_pipeline', 'final_pipeline']) {
    const pipeline = own[name];
    if (typeof pipeline === 'string' && pipeline !== '_none') throw behindPipeline(pipeline);
  }
  const mode = at(at(own, 'mapping'), 'source')['mode'];
  const { mode: older, enabled, includes, excludes } = at(mappings, '_source');
  const isKept = [mode, older].every((told) => told === undefined || told === 'stored');
  if (!isKept || enabled === false || includes !== undefined || excludes !== undefined) {
    throw notCompared(`${index}, which does not keep documents as they are written (_source)`);
  }
  const behind = isJsonObject(answer.body) ? Object.keys(answer.body).length : 1;
  return { name: behind === 1 ? index : concrete, concrete };
}

/** An index that was replaced, or is about to be. */
export function renewed(index: string): TidemarkError {
  return new TidemarkError('CONFIG_UNSUPPORTED', `${index} is replaced by a new index`, {
    cure: 'Run verify again when the alias points to that one, or leave the table out (--table).',
  });
}

function at(node: JsonNode | undefined, name: string): JsonObject {
  const inner = isJsonObject(node) ? node[name] : undefined;
  return isJsonObject(inner) ? inner : {};
}

function behindPipeline(name: string): TidemarkError {
  return notCompared(`documents behind an ingest pipeline (${name}), which changes them`);
}
