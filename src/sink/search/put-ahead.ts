import type { SinkRecord } from '../../model/sink-record.ts';
import type { DocumentChange } from './document-change.ts';
import type { WrittenChanges } from './document-writer.ts';
import { isReady } from './put-round.ts';
import type { BegunWorks, WorkRules } from './put-works.ts';
import type { SearchParts } from './search-parts.ts';
import type { SearchTopic, TopicWork } from './search-topic.ts';
import { inOrder } from './search-topic.ts';
import { topicSegments, type TopicSegment } from './topic-segments.ts';

/** What a put has of a topic, made before it is put. */
interface EarlySegment {
  readonly records: number;
  readonly segment: TopicSegment;
}

/** A put that was begun before it was its turn. */
export class EarlyPut implements BegunWorks {
  readonly records: readonly SinkRecord[];
  readonly changes: readonly DocumentChange[];
  readonly #segments: ReadonlyMap<string, EarlySegment>;
  readonly #written: Promise<WrittenChanges>;
  /** Whether there was room for more since. */
  #isSpare = false;
  #spare: (() => void) | null = null;

  /** `write`: calls what it is given when all changes are under way and there is room for more. */
  constructor(
    records: readonly SinkRecord[],
    segments: ReadonlyMap<string, EarlySegment>,
    changes: readonly DocumentChange[],
    write: (spare: () => void) => Promise<WrittenChanges>,
  ) {
    this.records = records;
    this.changes = changes;
    this.#segments = segments;
    this.#written = write(() => {
      this.#isSpare = true;
      this.#spare?.();
    });
    // Whoever puts the records is told, if it comes to that.
    this.#written.catch(() => undefined);
  }

  segmentsOf({ progress, records, begins }: TopicWork): readonly TopicSegment[] | null {
    const early = this.#segments.get(progress.topic);
    if (early === undefined || begins || early.records !== records.length) return null;
    return [early.segment];
  }

  /** Null: what is to be written now is something else. `spare`: as `BulkWriter.write` has it. */
  async written(
    changes: readonly DocumentChange[],
    spare: () => void,
  ): Promise<WrittenChanges | null> {
    const isSame =
      changes.length === this.changes.length &&
      changes.every((change, i) => change === this.changes[i]);
    if (!isSame) {
      await this.ended();
      return null;
    }
    if (this.#isSpare) spare();
    else this.#spare = spare;
    return this.#written;
  }

  async ended(): Promise<void> {
    await this.#written.catch(() => undefined);
  }
}

/**
 * Begins with the next put while the server works on the end of this one: else it has nothing to do
 * between two of them, while answers are read and documents made.
 *
 * Invariant: what is written early counts for nothing until it is put, and is such that writing it
 * again changes nothing: documents with a version, whose values the record has, of an index that is
 * ready for them. None of them is one that is under way, so bulks still overtake each other without
 * harm. What breaks otherwise: a put that fails is tried again, behind the one after it.
 */
export class PutAhead {
  readonly #rules: WorkRules;
  readonly #topics: ReadonlyMap<string, SearchTopic>;
  #early: EarlyPut | null = null;

  constructor(rules: WorkRules, topics: ReadonlyMap<string, SearchTopic>) {
    this.#rules = rules;
    this.#topics = topics;
  }

  /** Begins with the next put, where nothing of it depends on `underWay` or on waiting. */
  begin(
    parts: SearchParts,
    records: readonly SinkRecord[],
    underWay: readonly DocumentChange[],
    signal: AbortSignal,
  ): void {
    // Documents of several rows are read before they are written.
    if (this.#early !== null || this.#rules.roles !== null) return;
    const segments = this.#segmentsOf(records);
    if (segments === null) return;
    const taken = new Set(underWay.map(documentOf));
    const changes: DocumentChange[] = [];
    for (const [topic, { segment }] of segments) {
      const progress = this.#topics.get(topic) as SearchTopic;
      for (const change of segment.changes.all()) {
        if (!this.#isSimple(parts, progress, change) || taken.has(documentOf(change))) return;
        changes.push(change);
      }
    }
    this.#early = new EarlyPut(records, segments, changes, (spare) =>
      parts.writer.write(changes, signal, spare),
    );
  }

  /** What was begun of a put; null: nothing. What was begun of another one is given up. */
  async take(records: readonly SinkRecord[]): Promise<EarlyPut | null> {
    const early = this.#early;
    this.#early = null;
    if (early === null || early.records === records) return early;
    await early.ended();
    return null;
  }

  /** Nothing that was begun is under way any more; its put finds it all the same. */
  async ended(): Promise<void> {
    await this.#early?.ended();
  }

  /** Null: of one of the topics something is to be done beside writing documents. */
  #segmentsOf(records: readonly SinkRecord[]): ReadonlyMap<string, EarlySegment> | null {
    const { naming, options } = this.#rules;
    const segments = new Map<string, EarlySegment>();
    for (const [topic, ofTopic] of Map.groupBy(records, (record) => record.topic)) {
      const progress = this.#topics.get(topic);
      if (progress === undefined || progress.parked !== null) return null;
      if (ofTopic.some(({ generation }) => generation !== progress.generation)) return null;
      const made = topicSegments(inOrder(ofTopic), naming, options);
      const [segment] = made;
      if (segment === undefined) continue;
      if (made.length > 1 || segment.truncate !== null || segment.refused.length > 0) return null;
      segments.set(topic, { records: ofTopic.length, segment });
    }
    return segments;
  }

  #isSimple(
    { indexes, writer }: SearchParts,
    progress: SearchTopic,
    change: DocumentChange,
  ): boolean {
    return (
      change.id !== null &&
      change.version !== null &&
      writer.isPlain(change) &&
      // While an index is filled, documents go to another one.
      indexes.known(change.index)?.former === null &&
      isReady(indexes, this.#rules.options, progress, change)
    );
  }
}

function documentOf({ index, id }: DocumentChange): string {
  return `${index}/${id ?? ''}`;
}
