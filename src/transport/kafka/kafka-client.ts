import type { RecordBatch } from '../record-batch.ts';
import type { LogRecord, TopicPartition } from '../transport.ts';

/**
 * What the Kafka transport needs of a client library. Each library stands behind one file; both
 * pass test/transport/kafka/client-contract.ts. Errors are TidemarkErrors of the table's KAFKA_*
 * codes (`kafka-errors.ts`); `backoff` among them may pass by themselves.
 */
export interface KafkaClient extends AsyncDisposable {
  readonly admin: KafkaAdmin;
  /**
   * An idempotent producer with `acks=all`. With `transactionalId` it fences older ones of the same
   * id before it resolves.
   */
  producer(options: KafkaProducerOptions): Promise<KafkaProducer>;
  consumer(options: KafkaConsumerOptions): Promise<KafkaConsumer>;
}

/** How to reach the brokers and as whom. */
export interface KafkaConnection {
  /** `host:port` each. */
  readonly bootstrapServers: readonly string[];
  readonly clientId: string;
  /** Null: plain text. Asked for each new connection, so that renewed certificates are used. */
  readonly tls: (() => KafkaTls) | null;
  readonly sasl: KafkaSasl | null;
  /** request.timeout.ms */
  readonly requestTimeoutMs: number;
  /** socket.connection.setup.timeout.ms */
  readonly connectTimeoutMs: number;
  /** metadata.max.age.ms */
  readonly metadataMaxAgeMs: number;
}

/** Certificates as PEM, or a PKCS#12 store. */
export interface KafkaTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly pfx?: Buffer;
  readonly passphrase?: string;
  /** False: `ssl.endpoint.identification.algorithm=` (empty), the host name is not compared. */
  readonly checkHost: boolean;
  /** `ssl.enabled.protocols`; absent: TLS 1.2 and 1.3. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
}

export type KafkaSasl =
  | {
      readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
      readonly username: string;
      readonly password: string;
    }
  | { readonly mechanism: 'OAUTHBEARER'; readonly token: () => Promise<string> };

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** How records are produced. */
export interface KafkaProducerOptions {
  /** Null: idempotent without transactions. */
  readonly transactionalId: string | null;
  readonly transactionTimeoutMs: number;
  readonly compression: Compression;
  /** Largest produce request for one partition, before compression (`batch.size`). */
  readonly batchBytes: number;
  /** max.request.size */
  readonly maxRequestBytes: number;
  /** Requests under way to one broker (`max.in.flight.requests.per.connection`), at most 5. */
  readonly maxInFlight: number;
  /** How long retries of a record go on (`delivery.timeout.ms`). */
  readonly deliveryTimeoutMs: number;
  /**
   * Of the producer in whose place this one comes, without transactions: requests of it that still
   * lie in a broker are refused from the first batch of this one on, instead of being appended
   * behind newer records of their keys. Absent: it is the first.
   */
  readonly after?: ProducerIdentity;
}

/** What a broker knows a producer by. */
export interface ProducerIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/** Records of one batch that go into one partition, in this order. */
export interface PartitionRecords extends TopicPartition {
  /** Numbers of records in the RecordBatch; its columns say where their bytes are. */
  readonly records: Int32Array;
}

/** Sends records; one call of `send` at a time. */
export interface KafkaProducer extends AsyncDisposable {
  readonly identity: ProducerIdentity;
  /**
   * Resolves when every record is acknowledged by all in-sync replicas (in a transaction: written;
   * the commit makes them visible). Retriable failures of a broker or of single partitions are
   * tried again inside, with the sequence numbers that they had, so that nothing is doubled or
   * reordered; what was acknowledged is never sent again. After a rejection the producer is of no
   * more use: dispose of it and go on from the stored offset with a new one. Throws
   * KAFKA_FENCED, KAFKA_ACCESS, RECORD_TOO_LARGE, KAFKA_TIMEOUT, KAFKA_CONNECT, KAFKA_BROKER.
   */
  send(batch: RecordBatch, partitions: readonly PartitionRecords[]): Promise<void>;
  /** The three throw KAFKA_FENCED when a newer producer of the same id is there. */
  beginTransaction(): Promise<void>;
  commitTransaction(): Promise<void>;
  abortTransaction(): Promise<void>;
}

/** A topic as the cluster describes it. */
export interface KafkaTopic {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
}

/** How a topic is created; -1 leaves a number to the broker. */
export interface KafkaTopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly configs: Readonly<Record<string, string>>;
}

/** A topic that was asked for; `created` is false where it was there already. */
export type CreatedTopic = KafkaTopic & { readonly created: boolean };

/** An offset of a partition. */
export type PartitionOffset = TopicPartition & { readonly offset: number };

/** Which offset of a partition: at an end, or of the first record at or after a time. */
export type OffsetTime = 'earliest' | 'latest' | { readonly timestampMs: number };

/** What is asked of and changed in the cluster. */
export interface KafkaAdmin {
  clusterId(): Promise<string>;
  /** `null`: all topics that we may see, internal ones left out. Missing ones are left out. */
  describeTopics(names: readonly string[] | null): Promise<readonly KafkaTopic[]>;
  /** Resolves when a broker knows its leaders; the others may not know of the topic yet. */
  createTopic(spec: KafkaTopicSpec): Promise<CreatedTopic>;
  deleteTopics(names: readonly string[]): Promise<void>;
  /** Of a topic; the broker's defaults included. */
  topicConfig(name: string): Promise<ReadonlyMap<string, string>>;
  /**
   * Offsets at the beginning, at the end (with `read_committed` the last stable one), or of the
   * first record at or after a time (ms; the end where there is none).
   */
  offsets(
    partitions: readonly TopicPartition[],
    at: OffsetTime,
    isolation?: Isolation,
  ): Promise<readonly PartitionOffset[]>;
  groups(): Promise<readonly string[]>;
  groupOffsets(group: string): Promise<readonly PartitionOffset[]>;
  /** The group must have no members. */
  setGroupOffsets(group: string, offsets: readonly PartitionOffset[]): Promise<void>;
  deleteGroup(group: string): Promise<void>;
}

export type Isolation = 'read_committed' | 'read_uncommitted';

/** What a consumer reads, and how. */
export interface KafkaConsumerOptions {
  /** Null: no group; all partitions of the topics, nothing is committed. */
  readonly group: string | null;
  readonly isolation: Isolation;
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** max.poll.interval.ms: what a rebalance waits for members that are still at work. */
  readonly rebalanceTimeoutMs: number;
  /** fetch.max.bytes and max.partition.fetch.bytes */
  readonly fetchMaxBytes: number;
  readonly partitionFetchBytes: number;
  /** Where partitions begin that the group gave to this member; each must be answered. */
  readonly onAssigned: (
    partitions: readonly TopicPartition[],
  ) => Promise<readonly PartitionOffset[]>;
  /**
   * Partitions that this member gives up: awaited before they are, at most until the rebalance
   * timeout, so that what was read can be applied and committed. Not called for lost ones.
   */
  readonly onRevoked: (partitions: readonly TopicPartition[]) => Promise<void>;
  /** The group went on without this member: somebody else has these partitions already. */
  readonly onLost: (partitions: readonly TopicPartition[]) => void;
}

/** Records of one partition, in order. */
export interface KafkaFetch extends TopicPartition {
  /** `sequence` is 0: the transport numbers them. */
  readonly records: readonly LogRecord[];
  /** Where this partition is read next: behind control records and aborted ones, too. */
  readonly nextOffset: number;
  readonly startOffset: number;
  /** High watermark, or the last stable offset with `read_committed`. */
  readonly endOffset: number;
}

/** A member of a group, or a reader without one. Nothing is read or committed unasked. */
export interface KafkaConsumer extends AsyncDisposable {
  /** Reads these topics from now on; resolves when partitions are assigned (maybe none). */
  subscribe(topics: readonly string[]): Promise<void>;
  assignment(): readonly (TopicPartition & { readonly position: number })[];
  /**
   * What the brokers have behind the positions; waits up to `maxWaitMs` when that is nothing.
   * Rebalances happen inside it or beside it; after `onRevoked` no record of a revoked partition is
   * returned. While nobody polls nothing more is read (backpressure), but the member stays alive.
   * Empty when the signal aborted or the consumer was closed.
   */
  poll(options: {
    readonly maxWaitMs: number;
    readonly signal: AbortSignal;
  }): Promise<readonly KafkaFetch[]>;
  /** What was read ahead of it is dropped. */
  seek(partition: TopicPartition, offset: number): void;
  committed(partitions: readonly TopicPartition[]): Promise<readonly PartitionOffset[]>;
  /** Throws KAFKA_REBALANCE when the group gave a partition to another member. */
  commit(offsets: readonly PartitionOffset[]): Promise<void>;
}
