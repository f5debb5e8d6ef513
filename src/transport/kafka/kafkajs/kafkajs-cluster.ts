import { isIP, connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { Backoff } from '../../../foundation/backoff.ts';
import { systemClock } from '../../../foundation/clock.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import { brokerAddress } from '../broker-address.ts';
import type { KafkaConnection, KafkaTls } from '../kafka-client.ts';
import { kafkaError, type KafkaOperation, kafkaRequest } from '../kafka-errors.ts';
import { bearerLogin } from './bearer-login.ts';
import {
  AnsweredError,
  fromLibrary,
  isConnectionFailure,
  isTimeout,
  mayPass,
} from './kafkajs-errors.ts';
import {
  describeCluster,
  type KafkajsBroker,
  type KafkajsCluster,
  newCluster,
  sendBytes,
  type TopicMetadata,
} from './kafkajs-library.ts';

const KEEP_ALIVE_MS = 60_000;
const RETRY_INITIAL_MS = 20;
const RETRY_MAX_MS = 1000;
const UNKNOWN_PARTITION = 3;
const LEADER_NOT_AVAILABLE = 5;
const NO_ACCESS_TO_TOPIC = 29;

/** What is done, for messages, and until when it is tried again. */
export interface Attempt {
  readonly operation: KafkaOperation;
  readonly resource: string;
  readonly signal: AbortSignal;
  /** Monotonic ms. */
  readonly deadline: number;
}

/**
 * Connections to the brokers of one cluster, for one user of them (a producer, a consumer or the
 * admin): what waits in one must not hold up another. Retries are ours: the library counts them,
 * we have times.
 */
export class BrokerConnections implements AsyncDisposable {
  readonly #connection: KafkaConnection;
  readonly #cluster: KafkajsCluster;
  readonly #sockets = new Map<Socket, string>();
  readonly #closing = new AbortController();
  #refreshedAt = -Infinity;
  #refreshing: Promise<void> | null = null;

  constructor(connection: KafkaConnection) {
    this.#connection = connection;
    const options = {
      brokers: [...connection.bootstrapServers],
      clientId: connection.clientId,
      ssl: connection.tls !== null,
      sasl: saslOptions(connection),
      connectionTimeout: connection.connectTimeoutMs,
      authenticationTimeout: connection.requestTimeoutMs,
      reauthenticationThreshold: 10_000,
      requestTimeout: connection.requestTimeoutMs,
      enforceRequestTimeout: true,
      metadataMaxAge: connection.metadataMaxAgeMs,
      allowAutoTopicCreation: false,
      // Enough to try each bootstrap server once; what goes on longer is tried again by us.
      retry: {
        retries: connection.bootstrapServers.length,
        initialRetryTime: 20,
        maxRetryTime: 200,
      },
      socketFactory: (address: { host: string; port: number; onConnect: () => void }) =>
        this.#openSocket(address),
    };
    this.#cluster = newCluster(options, connection.bootstrapServers.map(brokerAddress));
  }

  /** Aborts when the connections are closed. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  get requestTimeoutMs(): number {
    return this.#connection.requestTimeoutMs;
  }

  /** Our error for what was thrown by the library, or answered with a code. */
  error(thrown: unknown, operation: KafkaOperation, resource: string): TidemarkError {
    const request = kafkaRequest(this.#connection, operation, resource);
    return typeof thrown === 'number' ? kafkaError(thrown, request) : fromLibrary(thrown, request);
  }

  /** The same for a code of a partition, with what the broker said about it. */
  answer(
    code: number,
    operation: KafkaOperation,
    resource: string,
    says: string | null,
  ): TidemarkError {
    return kafkaError(code, kafkaRequest(this.#connection, operation, resource), { says });
  }

  /** Tries each bootstrap server; with `patience` as long as a request may take. */
  async connect(patience: boolean): Promise<void> {
    const attempt = this.attempt('DESCRIBE', 'Cluster');
    await this.retrying(patience ? attempt : { ...attempt, deadline: 0 }, async () => {
      await this.#cluster.connect();
      await this.#refresh();
    });
  }

  /** For what is asked once, as long as a request may take. */
  attempt(operation: KafkaOperation, resource: string): Attempt {
    const deadline = systemClock.monotonicMs() + this.#connection.requestTimeoutMs;
    return { operation, resource, signal: this.closing, deadline };
  }

  /**
   * Tries until it succeeds, fails for good or the time is over; metadata and connections are
   * renewed in between. Throws our errors.
   */
  async retrying<T>(attempt: Attempt, work: () => Promise<T>): Promise<T> {
    const backoff = new Backoff({ initialMs: RETRY_INITIAL_MS, maxMs: RETRY_MAX_MS });
    for (;;) {
      try {
        return await work();
      } catch (thrown) {
        this.noteFailure(thrown);
        const error = this.error(thrown, attempt.operation, attempt.resource);
        // An error of ours was decided on by whoever threw it.
        const final = thrown instanceof TidemarkError || !mayPass(thrown);
        const late = systemClock.monotonicMs() >= attempt.deadline;
        if (final || late || attempt.signal.aborted || this.closing.aborted) throw error;
        await systemClock.sleep(backoff.nextDelayMs(), attempt.signal);
      }
    }
  }

  /** After a failed request: the connection is of no more use, or the metadata is old. */
  noteFailure(thrown: unknown): void {
    this.#refreshedAt = -Infinity;
    if (!isConnectionFailure(thrown)) return;
    // A broker that left a request unanswered may answer late; what we send again must not come
    // behind it on the same connection, where each repetition waits for the one before.
    const broker = brokerOf(thrown);
    for (const [socket, address] of this.#sockets) {
      if (isTimeout(thrown) && address === broker) socket.destroy(new Error('request timed out'));
    }
  }

  /** Makes the topics known and their metadata fresh enough; with `renew` in any case. */
  async know(topics: readonly string[], renew = false): Promise<void> {
    const known = this.#cluster.targetTopics;
    const before = known.size;
    for (const topic of topics) known.add(topic);
    const age = systemClock.monotonicMs() - this.#refreshedAt;
    if (renew || known.size !== before || age > this.#connection.metadataMaxAgeMs) {
      await this.#refresh();
    }
  }

  forget(topic: string): void {
    this.#cluster.targetTopics.delete(topic);
  }

  /** The topic's metadata; throws (retriably) while it is missing. */
  topic(name: string): TopicMetadata {
    const topic = this.#cluster.brokerPool.metadata?.topicMetadata.find((t) => t.topic === name);
    if (topic !== undefined && topic.topicErrorCode === 0) return topic;
    this.#refreshedAt = -Infinity;
    throw new AnsweredError(topic?.topicErrorCode ?? LEADER_NOT_AVAILABLE);
  }

  /** 0 when the topic is missing, or hidden from us. */
  partitionCount(name: string): number {
    const topics = this.#cluster.brokerPool.metadata?.topicMetadata ?? [];
    return topics.find((topic) => topic.topic === name)?.partitionMetadata.length ?? 0;
  }

  /** Whether the brokers hide the topic from us; a missing one is not hidden. */
  isHidden(name: string): boolean {
    const topics = this.#cluster.brokerPool.metadata?.topicMetadata ?? [];
    return topics.find(({ topic }) => topic === name)?.topicErrorCode === NO_ACCESS_TO_TOPIC;
  }

  /** Node id of the partition's leader; -1 while there is none. */
  leader(topic: string, partition: number): number {
    const metadata = this.topic(topic).partitionMetadata.find((p) => p.partitionId === partition);
    if (metadata === undefined) throw new AnsweredError(UNKNOWN_PARTITION);
    return metadata.leader;
  }

  /** The leader as a broker; throws (retriably) while there is none. */
  async leaderOf(topic: string, partition: number): Promise<KafkajsBroker> {
    const nodeId = this.leader(topic, partition);
    if (nodeId < 0) throw new AnsweredError(LEADER_NOT_AVAILABLE);
    return this.broker(nodeId);
  }

  async broker(nodeId: number): Promise<KafkajsBroker> {
    return this.#cluster.findBroker({ nodeId });
  }

  /** Brokers as the metadata has them. */
  nodeIds(): readonly number[] {
    return Object.keys(this.#cluster.brokerPool.brokers).map(Number);
  }

  async anyBroker(): Promise<KafkajsBroker> {
    if (!this.#cluster.isConnected()) await this.#cluster.connect();
    return this.#cluster.brokerPool.findConnectedBroker();
  }

  /** The broker that creates and deletes topics. */
  async controller(): Promise<KafkajsBroker> {
    await this.know([]);
    const id = this.#cluster.brokerPool.metadata?.controllerId ?? -1;
    return id < 0 ? this.anyBroker() : this.broker(id);
  }

  /** The library's own search takes a refusal for a broker that is away, and asks the next one. */
  async coordinator(kind: 'group' | 'transaction', id: string): Promise<KafkajsBroker> {
    const broker = await this.anyBroker();
    const coordinatorType = kind === 'group' ? 0 : 1;
    const { coordinator } = await broker.findGroupCoordinator({ groupId: id, coordinatorType });
    return this.broker(coordinator.nodeId);
  }

  /** Topics by name, or all; those with an error have its code. */
  async describe(topics: readonly string[] | null): Promise<{
    readonly clusterId: string;
    readonly topics: readonly TopicMetadata[];
  }> {
    const metadata = await describeCluster(await this.anyBroker(), topics);
    return { clusterId: metadata.clusterId, topics: metadata.topicMetadata };
  }

  /** A request in bytes of ours; fetches have the second connection to themselves. */
  async send(
    broker: KafkajsBroker,
    api: { readonly key: number; readonly name: string; readonly version: number },
    chunks: readonly Buffer[],
    waitMs = 0,
  ): Promise<Buffer> {
    return sendBytes(broker, api.key === 1 ? 1 : 0, {
      apiKey: api.key,
      apiName: api.name,
      apiVersion: api.version,
      clientId: this.#connection.clientId,
      chunks,
      timeoutMs: this.#connection.requestTimeoutMs + waitMs,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.closing.aborted) return;
    this.#closing.abort();
    // The library waits for answers before it closes; a fetch may have a long time to wait.
    for (const socket of this.#sockets.keys()) socket.destroy(new Error('closed'));
    await this.#cluster.disconnect();
    for (const socket of this.#sockets.keys()) socket.destroy();
  }

  async #refresh(): Promise<void> {
    this.#refreshing ??= this.#refreshOnce().finally(() => {
      this.#refreshing = null;
    });
    await this.#refreshing;
  }

  async #refreshOnce(): Promise<void> {
    if (!this.#cluster.isConnected()) await this.#cluster.connect();
    await this.#cluster.refreshMetadata();
    this.#refreshedAt = systemClock.monotonicMs();
  }

  #openSocket(address: { host: string; port: number; onConnect: () => void }): Socket {
    const { host, port, onConnect } = address;
    const { tls } = this.#connection;
    const socket =
      tls === null
        ? connectTcp({ host, port }, onConnect)
        : connectTls(tlsOptions(tls(), host, port), onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setNoDelay(true);
    this.#sockets.set(socket, `${host}:${port}`);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      // The library does it to a dead socket as often as it fails to connect again: each time waits
      // for a connection that never comes, and the eleventh is a warning on stderr.
      socket.unref = () => socket;
    });
    // A connection that breaks during the login leaves it waiting for ever in the library, which
    // looks only at `end` there; after it has seen the error, which says more.
    socket.once('error', () => {
      queueMicrotask(() => socket.emit('end'));
    });
    if (this.closing.aborted) socket.destroy(new Error('closed'));
    return socket;
  }
}

function brokerOf(thrown: unknown): string | undefined {
  return (thrown as { readonly broker?: string }).broker;
}

function tlsOptions(tls: KafkaTls, host: string, port: number): ConnectionOptions {
  const { checkHost, ...material } = tls;
  return {
    host,
    port,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...material,
    ...(checkHost ? {} : { checkServerIdentity: () => undefined }),
  };
}

function saslOptions({ sasl }: KafkaConnection): object | undefined {
  if (sasl === null) return undefined;
  if (sasl.mechanism === 'OAUTHBEARER') {
    return { mechanism: 'oauthbearer', authenticationProvider: bearerLogin(sasl.token) };
  }
  const { mechanism, username, password } = sasl;
  return { mechanism: mechanism.toLowerCase(), username, password };
}
