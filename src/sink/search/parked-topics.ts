import type { ErrorCode } from '../../foundation/error-table.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { JsonNode, JsonObject } from '../../foundation/lossless-json.ts';
import { formatLosslessJson, isJsonObject } from '../../foundation/lossless-json.ts';
import { NOTHING_PARKED, type ParkedSet, printable, type StoredParkedKey } from '../parked-key.ts';
import { documentPages } from './document-scan.ts';
import { indexPath } from './index-maker.ts';
import type { SearchClient } from './search-client.ts';
import { answerError, answerReason } from './search-errors.ts';
import { hiddenIndex } from './hidden-index.ts';
import type { SearchSinkOptions } from './search-sink-options.ts';
import { fittingId, type StatePlace, type StateStore, type StoredState } from './state-store.ts';

/** Of all sinks into the cluster, as the table of that name in a database. */
export const PARKED_INDEX = 'tidemark_parked';

/** The keys of a topic that wait, as the index has them. */
export interface ParkedTopic {
  readonly topic: string;
  readonly keys: ParkedSet;
  /** Null: none wait. */
  readonly stored: StoredState | null;
}

/** What scans look for; the keys themselves are only kept. */
const MAPPING: JsonObject = { dynamic: false, properties: { sink: { type: 'keyword' } } };
const PAGE = 100;
/** Of a key; all keys of a topic are one document. */
const MESSAGE_LENGTH_MAX = 500;

type ParkedOptions = Pick<SearchSinkOptions, 'name' | 'createIndices' | 'shards' | 'replicas'>;

/**
 * Which keys of a search sink wait: one document for each topic, changed by compare-and-set, since
 * tasks and a replay share it. Its text names the sink in the way that no other sink's can.
 */
export class ParkedTopics {
  readonly #client: SearchClient;
  readonly #store: StateStore;
  readonly #options: ParkedOptions;

  constructor(client: SearchClient, store: StateStore, options: ParkedOptions) {
    this.#client = client;
    this.#store = store;
    this.#options = options;
  }

  /** Makes the index where it is missing. Throws what the server says. */
  async prepare(signal: AbortSignal): Promise<void> {
    if (await this.#exists(signal)) return;
    const body = formatLosslessJson(hiddenIndex(this.#options, MAPPING));
    if (!this.#options.createIndices) {
      throw new TidemarkError('SINK_SCHEMA', `there is no index ${PARKED_INDEX}`, {
        cure:
          `errors.park key keeps there which keys wait. Create it: PUT ${PARKED_INDEX} ${body}, ` +
          'or switch create.indices on.',
      });
    }
    const answer = await this.#client.request('PUT', indexPath(PARKED_INDEX), body, signal);
    const isThere = answerReason(answer).type === 'resource_already_exists_exception';
    if (answer.status !== 200 && !isThere) throw answerError(`PUT ${PARKED_INDEX}`, answer);
  }

  /** One request, however many topics. */
  async load(
    topics: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, ParkedTopic>> {
    const stored = await this.#store.read(
      topics.map((topic) => this.#placeOf(topic)),
      signal,
    );
    return new Map(
      topics.map((topic, i) => {
        const found = stored[i] ?? null;
        const keys = found === null ? NOTHING_PARKED : readKeys(found.source);
        return [topic, { topic, keys, stored: found }];
      }),
    );
  }

  /** Of all topics of the sink that have some, also without an index. */
  async all(signal: AbortSignal): Promise<readonly ParkedSet[]> {
    if (!(await this.#exists(signal))) return [];
    const query = { term: { sink: this.#options.name } };
    const search = { size: PAGE, sort: ['_doc'], query };
    const found: ParkedSet[] = [];
    for await (const hits of documentPages(this.#client, PARKED_INDEX, signal, search)) {
      for (const { _source: source } of hits) {
        if (isJsonObject(source)) found.push(readKeys(source));
      }
    }
    return found;
  }

  /** False: somebody else has changed them since they were read. */
  async store(before: ParkedTopic, after: ParkedSet, signal: AbortSignal): Promise<boolean> {
    if (after === before.keys || (after.size === 0 && before.stored === null)) return true;
    const { topic, stored } = before;
    const text = after.size === 0 ? null : textOf(this.#options.name, topic, after);
    const [outcome] = await this.#store.write(
      [{ ...this.#placeOf(topic), before: stored, text }],
      signal,
    );
    if (outcome?.kind === 'refused') throw outcome.error;
    return outcome?.kind === 'done';
  }

  async #exists(signal: AbortSignal): Promise<boolean> {
    const path = indexPath(PARKED_INDEX);
    const answer = await this.#client.request('GET', path, undefined, signal);
    if (answer.status === 404) return false;
    if (answer.status === 200) return true;
    throw answerError(`GET ${PARKED_INDEX}`, answer);
  }

  #placeOf(topic: string): StatePlace {
    return { index: PARKED_INDEX, id: fittingId(JSON.stringify([this.#options.name, topic])) };
  }
}

function textOf(sink: string, topic: string, keys: ParkedSet): string {
  const entries = [...keys.values()].flat().map((one) => {
    const { key, partition, generation, offset, nextOffset, letters, sinceMs, code } = one;
    const message = printable(one.message).slice(0, MESSAGE_LENGTH_MAX);
    return [key, partition, generation, offset, nextOffset, letters, sinceMs, code, message];
  });
  return JSON.stringify({ sink, topic, keys: entries });
}

/** Reads `textOf`. */
function readKeys({ topic, keys }: JsonObject): ParkedSet {
  if (typeof topic !== 'string' || !Array.isArray(keys)) throw unreadable();
  const found = new Map<string, readonly StoredParkedKey[]>();
  for (const node of keys as readonly JsonNode[]) {
    const entry = readEntry(topic, node);
    found.set(entry.key, [...(found.get(entry.key) ?? []), entry]);
  }
  return found;
}

function readEntry(topic: string, node: JsonNode): StoredParkedKey {
  const all = Array.isArray(node) ? (node as readonly JsonNode[]) : [];
  const textAt = (at: number): string => {
    const text = all[at];
    if (typeof text === 'string') return text;
    throw unreadable();
  };
  const numberAt = (at: number): number => {
    const number = Number(all[at] ?? NaN);
    if (Number.isSafeInteger(number)) return number;
    throw unreadable();
  };
  return {
    topic,
    key: textAt(0),
    partition: numberAt(1),
    generation: numberAt(2),
    offset: numberAt(3),
    nextOffset: numberAt(4),
    letters: numberAt(5),
    sinceMs: numberAt(6),
    code: textAt(7) as ErrorCode,
    message: textAt(8),
  };
}

function unreadable(): TidemarkError {
  return new TidemarkError('SINK_SCHEMA', `the index ${PARKED_INDEX} was changed by somebody`, {
    cure: `Delete it, and read the tables of the sink again (tidemark snapshot).`,
  });
}
