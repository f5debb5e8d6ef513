import { createHash } from 'node:crypto';
import { TidemarkError } from '../../foundation/errors.ts';
import type { JsonNode, JsonObject } from '../../foundation/lossless-json.ts';
import { isJsonObject } from '../../foundation/lossless-json.ts';
import type { BulkOutcome, BulkWriter } from './bulk-writer.ts';
import type { SearchClient } from './search-client.ts';
import { answerError, serverReason } from './search-errors.ts';

/** Where a state is kept. */
export interface StatePlace {
  readonly index: string;
  /** As `stateId` makes it. */
  readonly id: string;
}

/** A state as it was read; it is written only if it is still that one. */
export interface StoredState {
  readonly source: JsonObject;
  readonly seqNo: number;
  readonly term: number;
}

/** What is to become of a state. */
export interface StateWrite extends StatePlace {
  /** What it was made of; null: nothing was there. */
  readonly before: StoredState | null;
  /** Null: it is deleted. */
  readonly text: string | null;
}

/** Bytes that both products take in an id. */
const ID_MAX = 512;

/** The id of what is kept of a document, or of a row that is nested into `field`. */
export function stateId(field: string | null, id: string): string {
  return fittingId(field === null ? `parent/${id}` : `child/${field}/${id}`);
}

/** The text itself, or a digest of it. */
export function fittingId(whole: string): string {
  if (Buffer.byteLength(whole) <= ID_MAX) return whole;
  return `sha256/${createHash('sha256').update(whole).digest('hex')}`;
}

/**
 * States that several tasks change: read by GET, which sees what was written a moment ago, and
 * written by compare-and-set (`if_seq_no`), so that nobody overwrites what another one has added.
 */
export class StateStore {
  readonly #client: SearchClient;
  readonly #bulk: BulkWriter;

  constructor(client: SearchClient, bulk: BulkWriter) {
    this.#client = client;
    this.#bulk = bulk;
  }

  read(
    places: readonly StatePlace[],
    signal: AbortSignal,
  ): Promise<readonly (StoredState | null)[]> {
    return readStates(this.#client, places, signal);
  }

  /** `newer` where somebody else was faster: then it is to be read again. */
  write(writes: readonly StateWrite[], signal: AbortSignal): Promise<readonly BulkOutcome[]> {
    const actions = writes.map(({ index, id, before, text }) => {
      const action = text === null ? 'delete' : before === null ? 'create' : 'index';
      const as =
        before === null ? '' : `,"if_seq_no":${before.seqNo},"if_primary_term":${before.term}`;
      const place = `"_index":${JSON.stringify(index)},"_id":${JSON.stringify(id)}`;
      return { line: `{"${action}":{${place}${as}}}`, document: () => text };
    });
    return actions.length === 0 ? Promise.resolve([]) : this.#bulk.write(actions, signal);
  }
}

/** Of each place what is there now; null: nothing. */
export async function readStates(
  client: SearchClient,
  places: readonly StatePlace[],
  signal: AbortSignal,
): Promise<readonly (StoredState | null)[]> {
  if (places.length === 0) return [];
  const docs = places.map(({ index, id }) => ({ _index: index, _id: id }));
  const answer = await client.request('POST', '/_mget', JSON.stringify({ docs }), signal);
  if (answer.status !== 200) throw answerError('_mget', answer);
  const found = isJsonObject(answer.body ?? undefined) ? (answer.body as JsonObject)['docs'] : [];
  if (!Array.isArray(found) || found.length !== places.length) throw shortAnswer();
  return (found as readonly JsonNode[]).map(stateOf);
}

function stateOf(doc: JsonNode): StoredState | null {
  if (!isJsonObject(doc)) throw shortAnswer();
  const { found, error, _source: source, _seq_no: seqNo, _primary_term: term } = doc;
  if (error !== undefined) {
    const { type, text } = serverReason(error);
    // Who writes a state makes its index first.
    if (type === 'index_not_found_exception') return null;
    throw new TidemarkError('SINK_SERVER', `_mget: ${text}`);
  }
  if (found !== true) return null;
  if (!isJsonObject(source) || typeof seqNo !== 'number' || typeof term !== 'number') {
    throw shortAnswer();
  }
  return { source, seqNo, term };
}

function shortAnswer(): TidemarkError {
  return new TidemarkError('SINK_SERVER', '_mget: the answer does not have what was asked');
}
