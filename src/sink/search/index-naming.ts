import { indexName } from '../../../dialects/search/index-name.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { SinkRecord } from '../../model/sink-record.ts';
import { sourceField } from '../record-change.ts';
import type { SearchSinkOptions } from './search-sink-options.ts';

/** What of a record may name its index; no value where only the topic is known. */
type NamingRecord = Pick<SinkRecord, 'topic' | 'destination' | 'value' | 'timestampMs'>;

const PLACEHOLDER = /\$\{([^}]*)\}/g;
/** What needs more than the name of a topic. */
const OF_RECORD = /\$\{(?:source|timestamp)\./;
const OF_TIME = /\$\{timestamp\./;

/** Names of indices, aliases and data streams. */
export class IndexNaming {
  readonly #format: string;
  readonly #ofTopic: ReadonlyMap<string, string>;
  readonly #isOfRecord: boolean;
  /** By topic: its index, or the one to which its last record went. */
  readonly #known = new Map<string, string>();
  /** By the name of an index what it was made of. */
  readonly #texts = new Map<string, string>();

  constructor({ indexFormat, indexOfTopic }: SearchSinkOptions) {
    this.#format = indexFormat;
    this.#ofTopic = indexOfTopic;
    this.#isOfRecord = OF_RECORD.test(indexFormat);
  }

  /**
   * Null: the record does not say, such as a tombstone of a topic of which nothing else came yet.
   * Throws SINK_RECORD, and SINK_SCHEMA for a name that no index can have.
   */
  of(record: NamingRecord): string | null {
    const topic = record.destination ?? record.topic;
    if (!this.#isOfRecord || this.#ofTopic.has(topic)) return this.ofTopic(topic);
    if (record.value === null) return this.#known.get(topic) ?? null;
    const name = this.#named(this.#filled(topic, record));
    this.#known.set(topic, name);
    return name;
  }

  /** Null: records of one topic may go to several. Throws SINK_SCHEMA. */
  ofTopic(topic: string): string | null {
    const given = this.#ofTopic.get(topic);
    if (given === undefined && this.#isOfRecord) return null;
    let name = this.#known.get(topic);
    if (name === undefined) {
      name = given === undefined ? this.#named(this.#filled(topic, null)) : indexName(given);
      this.#known.set(topic, name);
    }
    return name;
  }

  /** Two tables must not end in one index because letters were changed (PITFALLS S14). */
  #named(text: string): string {
    const name = indexName(text);
    if (OF_TIME.test(this.#format)) return name;
    const known = this.#texts.get(name);
    if (known === undefined) this.#texts.set(name, text);
    else if (known !== text) {
      throw new TidemarkError('SINK_SCHEMA', `${text} and ${known} would be the index ${name}`, {
        cure: 'Name one of them otherwise: topic.index.map, or a RegexRouter.',
      });
    }
    return name;
  }

  #filled(topic: string, record: NamingRecord | null): string {
    return this.#format.replaceAll(PLACEHOLDER, (whole, name: string) => {
      if (name === 'topic') return topic;
      if (record === null || record.value === null) return whole;
      const [kind = '', rest = ''] = name.split(/\.(.*)/s);
      if (kind === 'timestamp') return timeText(rest, record.timestampMs);
      const text = sourceField(record.value, rest);
      if (text !== null) return text;
      throw new TidemarkError('SINK_RECORD', `${topic}: the record has no ${name}`, {
        cure: 'It names the index (index.name.format): use ${topic} for records without it.',
      });
    });
  }
}

/** The parts of a pattern are yyyy, MM, dd and HH, in UTC. */
function timeText(pattern: string, timestampMs: number): string {
  const iso = new Date(timestampMs).toISOString();
  return pattern
    .replace('yyyy', iso.slice(0, 4))
    .replace('MM', iso.slice(5, 7))
    .replace('dd', iso.slice(8, 10))
    .replace('HH', iso.slice(11, 13));
}
