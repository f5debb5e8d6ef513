import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { systemClock } from '../../../foundation/clock.ts';
import type { BrokerAddress } from '../broker-address.ts';

/**
 * The only door to kafkajs. Its public API is enough for neither end of ours: its producer sends
 * acknowledged records again under new sequence numbers, or never sends them, when a leader moves
 * while it retries (the answers are remembered by broker, not by partition); its consumer has no
 * hook before partitions are given up; both make several objects per record. What we use is below
 * that: connections with SASL and TLS, the pool of brokers, and the requests of the protocol. The
 * version is pinned, and has been the last one since 2023.
 */
const load = createRequire(import.meta.url);

/** A request as it goes through a connection. */
interface QueueEntry {
  readonly apiKey: number;
  readonly apiName: string;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly resolve: (answer: { readonly payload: Buffer }) => void;
  readonly reject: (error: unknown) => void;
}

/** The requests of one connection that are not answered. */
interface RequestQueue {
  readonly pending: unknown[];
  readonly inflight: Map<number, unknown>;
  readonly throttledUntil: number;
  push(request: {
    readonly entry: QueueEntry;
    readonly expectResponse: boolean;
    readonly requestTimeout: number | null;
    readonly sendRequest: () => void;
  }): void;
  rejectAll(error: unknown): void;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
  maybeThrottle(ms: number): void;
}

/** One of the two connections to a broker. */
export interface KafkajsConnection {
  readonly socket: Socket | undefined;
  readonly requestQueue: RequestQueue;
  isConnected(): boolean;
  isAuthenticated(): boolean;
  authenticate(): Promise<void>;
  nextCorrelationId(): number;
  failIfNotConnected(): void;
}

interface ConnectionPool {
  readonly host: string;
  readonly port: number;
  readonly pool: readonly KafkajsConnection[];
  getConnection(index: number): Promise<KafkajsConnection>;
  send(request: ProtocolRequest): Promise<unknown>;
}

interface ProtocolRequest {
  readonly request: object;
  readonly response: {
    readonly decode: (payload: Buffer) => Promise<object>;
    readonly parse: (decoded: object) => Promise<object>;
  };
  readonly requestTimeout?: number | null;
}

/** A partition as the brokers describe it. */
export interface PartitionMetadata {
  readonly partitionErrorCode: number;
  readonly partitionId: number;
  /** -1: none at the moment. */
  readonly leader: number;
  readonly replicas: readonly number[];
}

/** A topic as the brokers describe it. */
export interface TopicMetadata {
  readonly topicErrorCode: number;
  readonly topic: string;
  readonly isInternal: boolean;
  readonly partitionMetadata: readonly PartitionMetadata[];
}

/** What the brokers say about themselves and topics. */
export interface ClusterMetadata {
  readonly clusterId: string;
  readonly controllerId: number;
  readonly topicMetadata: readonly TopicMetadata[];
}

/** Offsets of partitions by topic, as the library wants and gives them. */
export interface TopicOffsets {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
}

/** A member as the leader of its group sees it. */
export interface GroupMember {
  readonly memberId: string;
  readonly memberMetadata: Buffer;
}

/** A broker, and what can be asked of it. */
export interface KafkajsBroker {
  readonly nodeId: number | null;
  readonly connectionPool: ConnectionPool;
  readonly lookupRequest: (
    key: number,
    definition: unknown,
  ) => (options: object) => ProtocolRequest;
  metadata: (topics: readonly string[]) => Promise<ClusterMetadata>;
  disconnect(): Promise<void>;
  findGroupCoordinator(options: {
    readonly groupId: string;
    readonly coordinatorType: number;
  }): Promise<{ readonly coordinator: { readonly nodeId: number } }>;
  initProducerId(options: {
    readonly transactionalId: string | undefined;
    readonly transactionTimeout: number;
  }): Promise<{ readonly producerId: string; readonly producerEpoch: number }>;
  addPartitionsToTxn(
    options: Transaction & {
      readonly topics: readonly { topic: string; partitions: readonly number[] }[];
    },
  ): Promise<unknown>;
  endTxn(options: Transaction & { readonly transactionResult: boolean }): Promise<unknown>;
  joinGroup(options: {
    readonly groupId: string;
    readonly sessionTimeout: number;
    readonly rebalanceTimeout: number;
    readonly memberId: string;
    readonly groupProtocols: readonly { readonly name: string; readonly metadata: Buffer }[];
  }): Promise<{
    readonly generationId: number;
    readonly leaderId: string;
    readonly memberId: string;
    readonly members: readonly GroupMember[];
  }>;
  syncGroup(options: {
    readonly groupId: string;
    readonly generationId: number;
    readonly memberId: string;
    readonly groupAssignment: readonly { memberId: string; memberAssignment: Buffer }[];
  }): Promise<{ readonly memberAssignment: Buffer }>;
  heartbeat(options: {
    readonly groupId: string;
    readonly groupGenerationId: number;
    readonly memberId: string;
  }): Promise<unknown>;
  leaveGroup(options: { readonly groupId: string; readonly memberId: string }): Promise<unknown>;
  offsetCommit(options: {
    readonly groupId: string;
    readonly groupGenerationId: number;
    readonly memberId: string;
    readonly topics: readonly TopicOffsets[];
  }): Promise<unknown>;
  offsetFetch(options: {
    readonly groupId: string;
    readonly topics: readonly { topic: string; partitions: readonly { partition: number }[] }[];
  }): Promise<{ readonly responses: readonly TopicOffsets[] }>;
  listOffsets(options: {
    readonly isolationLevel: number;
    readonly topics: readonly {
      topic: string;
      partitions: readonly { partition: number; timestamp: number }[];
    }[];
  }): Promise<{ readonly responses: readonly TopicOffsets[] }>;
  deleteTopics(options: {
    readonly topics: readonly string[];
    readonly timeout: number;
  }): Promise<unknown>;
  describeConfigs(options: {
    readonly resources: readonly { type: number; name: string }[];
  }): Promise<{
    readonly resources: readonly {
      readonly configEntries: readonly { configName: string; configValue: string | null }[];
    }[];
  }>;
  listGroups(): Promise<{ readonly groups: readonly { readonly groupId: string }[] }>;
  deleteGroups(groups: readonly string[]): Promise<unknown>;
}

interface Transaction {
  readonly transactionalId: string;
  readonly producerId: string;
  readonly producerEpoch: number;
}

/** The brokers that are known, and the metadata. */
interface BrokerPool {
  metadata: ClusterMetadata | null;
  readonly brokers: Readonly<Record<string, KafkajsBroker>>;
  readonly seedBroker: KafkajsBroker | undefined;
  createBroker: (options: object) => KafkajsBroker;
  findConnectedBroker(): Promise<KafkajsBroker>;
}

/** The library's view of a cluster. */
export interface KafkajsCluster {
  readonly brokerPool: BrokerPool;
  readonly connectionPoolBuilder: { build: (address?: object) => Promise<ConnectionPool> };
  readonly targetTopics: Set<string>;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  isConnected(): boolean;
  removeBroker(address: { readonly host: string; readonly port: number }): void;
  findBroker(options: { readonly nodeId: number }): Promise<KafkajsBroker>;
}

const Cluster = load('kafkajs/src/cluster/index.js') as new (options: object) => KafkajsCluster;
const { requests } = load('kafkajs/src/protocol/requests/index.js') as {
  readonly requests: { readonly Metadata: unknown; readonly CreateTopics: unknown };
};
const Encoder = load('kafkajs/src/protocol/encoder.js') as new () => {
  writeInt32(value: number): { writeBoolean(value: boolean): object };
};
const METADATA_KEY = 3;
const CREATE_TOPICS_KEY = 19;

interface SilentLogger {
  readonly namespace: () => SilentLogger;
  readonly debug: () => void;
  readonly info: () => void;
  readonly warn: () => void;
  readonly error: () => void;
}

/** What fails is thrown as well; the library would write it to the console. */
const SILENT: SilentLogger = {
  namespace: () => SILENT,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
};

function nothing(): void {
  // Nothing is logged here.
}

/** A cluster whose brokers are mended; the options are the library's. */
export function newCluster(options: object, seeds: readonly BrokerAddress[]): KafkajsCluster {
  const cluster = new Cluster({ ...options, logger: SILENT });
  const { brokerPool, connectionPoolBuilder } = cluster;
  const create = brokerPool.createBroker;
  brokerPool.createBroker = (brokerOptions) => {
    const broker = create(brokerOptions);
    broker.metadata = (topics) => describeCluster(broker, topics);
    return broker;
  };
  const build = connectionPoolBuilder.build;
  let next = 0;
  // Without an address it takes a bootstrap server, and an IPv6 one apart at its first colon.
  connectionPoolBuilder.build = async (address = seeds[next++ % seeds.length]) =>
    mendedPool(await build(address));
  return cluster;
}

function mendedPool(connections: ConnectionPool): ConnectionPool {
  for (const { requestQueue } of connections.pool) {
    requestQueue.scheduleCheckPendingRequests = () => {
      checkAfterThrottle(requestQueue);
    };
  }
  return connections;
}

/**
 * Metadata of topics, or of all (`null`). The library throws for the whole answer when one topic of
 * it is missing, forbidden or without a leader; we need to know which, and what the others are. And
 * it takes no topics for all of them, which may be thousands that we may not even see.
 */
export async function describeCluster(
  broker: KafkajsBroker,
  topics: readonly string[] | null,
): Promise<ClusterMetadata> {
  const metadata = broker.lookupRequest(METADATA_KEY, requests.Metadata);
  const asked = metadata({ topics: topics ?? [], allowAutoTopicCreation: false });
  const none = () => Promise.resolve(new Encoder().writeInt32(0).writeBoolean(false));
  const request = topics?.length === 0 ? { ...asked.request, encode: none } : asked.request;
  return (await answerAsItIs(broker, { ...asked, request })) as ClusterMetadata;
}

/** A topic to create, as the library wants it. */
export interface NewTopic {
  readonly topic: string;
  readonly numPartitions: number;
  readonly replicationFactor: number;
  readonly configEntries: readonly { readonly name: string; readonly value: string }[];
}

/** Creates a topic; the library leaves out why it was not. */
export async function createTopic(
  broker: KafkajsBroker,
  topic: NewTopic,
  timeoutMs: number,
): Promise<{ readonly errorCode: number; readonly errorMessage?: string | null }> {
  const request = broker.lookupRequest(CREATE_TOPICS_KEY, requests.CreateTopics);
  const asked = request({ topics: [topic], timeout: timeoutMs, validateOnly: false });
  const { topicErrors } = (await answerAsItIs(broker, asked)) as {
    readonly topicErrors: readonly { errorCode: number; errorMessage?: string | null }[];
  };
  return topicErrors[0] ?? { errorCode: 0 };
}

/** Without the library's reading of errors. */
function answerAsItIs(broker: KafkajsBroker, asked: ProtocolRequest): Promise<unknown> {
  const { decode } = asked.response;
  const response = { decode, parse: (decoded: object) => Promise.resolve(decoded) };
  return broker.connectionPool.send({ ...asked, response });
}

/**
 * The library makes a timer of negative length after each answer, which Node 24 warns about on
 * stderr; one is needed only while requests wait for the end of a throttle.
 */
function checkAfterThrottle(queue: RequestQueue): void {
  if (queue.pending.length === 0) return;
  systemClock.after(Math.max(queue.throttledUntil - Date.now(), 10), () => {
    queue.checkPendingRequests();
  });
}

/** Asks over a connection in the bytes given, without the library's copies of them. */
export async function sendBytes(
  broker: KafkajsBroker,
  connectionIndex: number,
  request: {
    readonly apiKey: number;
    readonly apiName: string;
    readonly apiVersion: number;
    readonly clientId: string;
    readonly chunks: readonly Buffer[];
    readonly timeoutMs: number;
  },
): Promise<Buffer> {
  const connection = await broker.connectionPool.getConnection(connectionIndex);
  if (!connection.isAuthenticated()) await connection.authenticate();
  connection.failIfNotConnected();
  const { apiKey, apiName, apiVersion } = request;
  const correlationId = connection.nextCorrelationId();
  const header = requestHeader(request, correlationId);
  const { payload } = await new Promise<{ readonly payload: Buffer }>((resolve, reject) => {
    connection.requestQueue.push({
      entry: { apiKey, apiName, apiVersion, correlationId, resolve, reject },
      expectResponse: true,
      requestTimeout: request.timeoutMs,
      sendRequest: () => {
        const { socket } = connection;
        if (socket === undefined) return;
        socket.cork();
        socket.write(header);
        for (const chunk of request.chunks) socket.write(chunk);
        socket.uncork();
      },
    });
  });
  return payload;
}

function requestHeader(
  request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly clientId: string;
    readonly chunks: readonly Buffer[];
  },
  correlationId: number,
): Buffer {
  const clientId = Buffer.from(request.clientId);
  let size = 10 + clientId.length;
  for (const chunk of request.chunks) size += chunk.length;
  const header = Buffer.allocUnsafe(14 + clientId.length);
  header.writeInt32BE(size, 0);
  header.writeInt16BE(request.apiKey, 4);
  header.writeInt16BE(request.apiVersion, 6);
  header.writeInt32BE(correlationId, 8);
  header.writeInt16BE(clientId.length, 12);
  clientId.copy(header, 14);
  return header;
}
