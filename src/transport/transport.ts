import type { RecordBatch } from './record-batch.ts';

/**
 * The port to where records and offsets live. Two drivers: `embedded` and `kafka`; both pass
 * test/transport/conformance.ts. It knows bytes, topics and offsets, no events.
 */
export interface Transport extends AsyncDisposable {
  /** Creates the topic when it is missing; the handle, a small integer, is of this process. */
  openTopic(name: string, options?: TopicOptions): Promise<number>;
  /** Null when there is no such topic. */
  describeTopic(name: string): Promise<TopicDescription | null>;
  /** With a pattern only those whose name it covers somewhere: a cluster may have thousands. */
  listTopics(pattern?: RegExp): Promise<readonly TopicDescription[]>;

  /**
   * Appends the records and stores the source offsets, all or nothing. The partition is Java's
   * murmur2 of the key (round robin without a key: partition 0 in the embedded log, so that order
   * is kept). Resolves when both are **durable** (flushed, not merely committed: ruling 9): only
   * then may an offset be confirmed to the source. One append at a time; the batch may be used
   * again after it resolved. With `more`, and in a log that has transactions over several appends,
   * this one is durable only together with the next one without: nobody sees it before that.
   * Throws STORE_FULL, STORE_IO, RECORD_TOO_LARGE, KAFKA_*.
   */
  append(batch: RecordBatch, offsets: StoredOffsets | null, more?: boolean): Promise<void>;

  /**
   * Appends records that belong to no source: beside `append`, whatever transaction that is in, and
   * in any number at a time. Durable when resolved; after an error some may be there, so that they
   * are told at least once. Throws as `append`.
   */
  appendBeside(batch: RecordBatch): Promise<void>;

  /** Stores offsets without records, all or none; durable when resolved. `value` null deletes. */
  storeOffset(offsets: StoredOffsets): Promise<void>;
  loadOffset(key: string): Promise<string | null>;
  listOffsets(): Promise<readonly { readonly key: string; readonly value: string }[]>;

  /**
   * Ruling 3: in one transaction the topics get the next generation, their records are dropped and
   * `offsets` are stored. Offsets of records go on rising. Topics that are missing are created,
   * with the default options and generation 1: open a topic first to choose its own.
   */
  beginGeneration(topics: readonly string[], offsets: StoredOffsets): Promise<void>;

  /** A consumer of a group. `topics` may be a pattern: new topics are picked up as they appear. */
  consumer(options: ConsumerOptions): Promise<Consumer>;
  /** All, or those of the names that are there. */
  listGroups(names?: readonly string[]): Promise<readonly GroupDescription[]>;
  /** Forgets a group: retention and compaction no longer wait for it (ruling 8). */
  deleteGroup(group: string): Promise<void>;
  /**
   * Moves a group that is away; durable when resolved, all or nothing. One that nobody has seen yet
   * begins there. Throws GROUP_IN_USE while it has a member, OFFSET_OUT_OF_RANGE beyond the end,
   * TOPIC_UNKNOWN.
   */
  setGroupOffsets(
    group: string,
    offsets: readonly (TopicPartition & { readonly offset: number })[],
  ): Promise<void>;
  /**
   * Of each partition the offset of the first record with that timestamp or a later one; the end
   * where there is none. Throws TOPIC_UNKNOWN.
   */
  offsetsAt(
    topic: string,
    timestampMs: number,
  ): Promise<readonly (TopicPartition & { readonly offset: number })[]>;

  /** Small durable documents beside the log (schemas of the registry, generations, status). */
  readonly documents: DocumentStore;

  /** Null where the storage is not the daemon's own. */
  statistics(): TransportStatistics | null;
}

/** How a topic is made. */
export interface TopicOptions {
  /** Default 1. An existing topic keeps its own. */
  readonly partitions?: number;
  /** `delete` (default) honours retention; `compact` keeps the newest record of a key. */
  readonly cleanup?: 'delete' | 'compact';
  /** Age in ms after which records may go; absent = for ever. */
  readonly retentionMs?: number;
  /** Bytes per partition above which the oldest records may go; absent = no bound. */
  readonly retentionBytes?: number;
  /** Of a topic whose maker knows better than the rules for topics; -1: the brokers' default. */
  readonly replicationFactor?: number;
}

/** A topic as it stands. */
export interface TopicDescription {
  readonly name: string;
  /**
   * 1 at first; rises with every snapshot, to a number that no other log had before it: targets
   * remember it beyond the life of a log.
   */
  readonly generation: number;
  readonly cleanup: 'delete' | 'compact';
  readonly partitions: readonly PartitionDescription[];
}

/** A partition as it stands. */
export interface PartitionDescription {
  readonly partition: number;
  /** Offset of the oldest record, or `endOffset` when empty. */
  readonly startOffset: number;
  /** Offset that the next record will get. */
  readonly endOffset: number;
  /** Null: only the brokers know. */
  readonly bytes: number | null;
}

/** Where a source stands, as it wrote it itself. */
export interface StoredOffset {
  /** Identity of the source task, e.g. Connect's `["name",{"server":"shop"}]`. */
  readonly key: string;
  /** JSON text; null deletes. */
  readonly value: string | null;
}

/**
 * Debezium's entry and our own beside it (ruling 12). Of several, all are stored or none: where
 * only a partition is atomic, they go into one batch of the partition that the first one's key
 * selects.
 */
export type StoredOffsets = StoredOffset | readonly StoredOffset[];

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** What a consumer reads, and as which group. */
export interface ConsumerOptions {
  readonly group: string;
  /** Exact names, or a regular expression over the whole name. */
  readonly topics: readonly string[] | RegExp;
  /**
   * Where a partition without committed offset begins; default `earliest`. `latest` is the end when
   * the group was first registered; topics that appear later are read from their beginning.
   */
  readonly startAt?: 'earliest' | 'latest';
  /** False: read only, nothing is registered and nothing held back from retention (`tail`). */
  readonly register?: boolean;
  /**
   * Partitions go to another member when the promise resolves (it must not reject): until then
   * what was polled of them may be applied and committed, `commit` works. From the call on `poll`
   * returns nothing of them and `assignment` is without them. Also called when the consumer is
   * disposed. A transport whose consumers share nothing never calls it.
   */
  readonly onRevoked?: (partitions: readonly TopicPartition[]) => Promise<void>;
  /** Partitions are gone already, another member may read them: nothing of them may be applied. */
  readonly onLost?: (partitions: readonly TopicPartition[]) => void;
}

/** A range of one partition's records. The bytes are a copy of the caller's own. */
export interface FetchedRecords {
  readonly topic: string;
  readonly partition: number;
  readonly generation: number;
  readonly records: readonly LogRecord[];
  /** Where this partition is read next. */
  readonly nextOffset: number;
  /** Offset after the partition's last record, as of this fetch. */
  readonly endOffset: number;
}

/**
 * A record of the log. Key, value and headers may be made anew whenever they are asked for, and a
 * spread has none of them: see `copyOf`.
 */
export interface LogRecord {
  readonly offset: number;
  /** Rises by one over the whole log, all topics: the order in which records were appended. */
  readonly sequence: number;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
  /** Bytes of key and value, where they are known without making those. */
  readonly size?: number;
}

/** A header of a record. */
export interface RecordHeader {
  readonly name: string;
  readonly value: Buffer | null;
}

/** Reads the log as a member of a group. */
export interface Consumer extends AsyncDisposable {
  /**
   * Records after the positions of this consumer, in the order of the log-wide sequence across its
   * partitions as far as `maxBytes` reaches (one record always does); consecutive records of one
   * partition stand together. An empty list only when the signal aborted, the consumer was closed,
   * or `maxWaitMs` passed.
   *
   * A new generation is told once: the poll returns at once and holds, for each partition concerned
   * and for nothing else, one entry without records, with the new generation and its first offset;
   * from then on `assignment` has them too. No record of the new generation comes before that, and
   * none of the old one after it, so that a sink can empty its table even when no record follows.
   * What the consumer finds when it is made is not told: `assignment` has it.
   *
   * Of partitions in `except` (`topic/partition`) no records are handed over this time.
   */
  poll(options: {
    readonly maxBytes: number;
    readonly maxWaitMs: number;
    readonly signal: AbortSignal;
    readonly except?: ReadonlySet<string> | undefined;
  }): Promise<readonly FetchedRecords[]>;
  /** The partitions read now, with the generation of their topic. */
  assignment(): readonly (TopicPartition & {
    readonly generation: number;
    readonly position: number;
  })[];
  /** Throws OFFSET_OUT_OF_RANGE. */
  seek(partition: TopicPartition, offset: number): void;
  /** Stores where the group goes on; durable when resolved. */
  commit(offsets: readonly (TopicPartition & { readonly offset: number })[]): Promise<void>;
}

/** What a group has read, and how far there is to go. */
export interface GroupDescription {
  readonly group: string;
  readonly offsets: readonly (TopicPartition & {
    readonly offset: number;
    readonly endOffset: number;
  })[];
}

/** Small durable texts by collection and key. */
export interface DocumentStore {
  /** Value of a key in a collection, or null. */
  get(collection: string, key: string): string | null;
  entries(collection: string): readonly { readonly key: string; readonly value: string }[];
  /** All writes or none; durable when resolved. `value` null deletes. */
  write(
    writes: readonly {
      readonly collection: string;
      readonly key: string;
      readonly value: string | null;
    }[],
  ): Promise<void>;
}

/** What the transport holds and uses. */
export interface TransportStatistics {
  /** Size of the store, free pages included. */
  readonly bytesUsed: number;
  readonly bytesLimit: number;
  /** Pages inside the file that are free for use again, in bytes. */
  readonly bytesReusable: number;
  readonly records: number;
  /** Age of the oldest open read transaction, ms. */
  readonly oldestReaderMs: number;
}
