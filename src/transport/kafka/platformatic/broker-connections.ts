import { isIP } from 'node:net';
import {
  type API,
  Connection,
  findCoordinatorV3,
  metadataV9,
  ResponseError,
} from '@platformatic/kafka';
import { systemClock } from '../../../foundation/clock.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import { brokerAddress, type BrokerAddress } from '../broker-address.ts';
import type { KafkaConnection, KafkaSasl, KafkaTls } from '../kafka-client.ts';
import { isRetriableKafkaError, kafkaErrorName } from '../kafka-error-names.ts';
import { kafkaError, kafkaRequest, type KafkaRequest } from '../kafka-errors.ts';
import { bearerConsent } from './bearer-consent.ts';
import { connectionError } from './connection-error.ts';

const RETRY_DELAY_MS = 50;
const GROUP = 0;

/** Which coordinator: of a consumer group or of a transactional id. */
export type CoordinatorOf = { readonly group: string } | { readonly transactionalId: string };

/** An API of the library at one version. */
interface Api<Arguments extends unknown[], Answer> {
  readonly api: API<Arguments, Answer>;
}

/** What the brokers say about themselves and topics. */
export type ClusterMetadata = ReturnType<typeof metadataV9.parseResponse>;

/**
 * One connection per broker for one user of the cluster. The library's own pool is not used: it
 * keeps the certificates with which it was made, and its retries do not know what a request means.
 * Requests have fixed versions, those of Kafka 2.4 to 2.8, which 4.x still takes.
 */
export class BrokerConnections {
  readonly connection: KafkaConnection;
  readonly #seeds: readonly BrokerAddress[];
  readonly #requestTimeoutMs: number;
  readonly #brokers = new Map<number, BrokerAddress>();
  readonly #open = new Map<string, Promise<Connection>>();
  readonly #coordinators = new Map<string, number>();
  /** Why a connection broke. */
  readonly #broken = new WeakMap<Connection, unknown>();
  readonly #closing = new AbortController();

  constructor(connection: KafkaConnection, requestTimeoutMs = connection.requestTimeoutMs) {
    this.connection = connection;
    this.#requestTimeoutMs = requestTimeoutMs;
    this.#seeds = connection.bootstrapServers.map(brokerAddress);
  }

  /** Aborts when this is closed. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  /** What an error message needs. */
  request(operation: KafkaRequest['operation'], resource: string): KafkaRequest {
    return kafkaRequest(this.connection, operation, resource);
  }

  /** Sends a request; an answer with errors inside is an answer. Throws when there is none. */
  async ask<Arguments extends unknown[], Answer>(
    { api }: Api<Arguments, Answer>,
    connection: Connection,
    ...args: Arguments
  ): Promise<Answer> {
    try {
      return await api.async(connection, ...args);
    } catch (error) {
      if (error instanceof ResponseError) return error['response'] as Answer;
      const address = `${connection.host ?? '?'}:${connection.port ?? '?'}`;
      // To the request the library says only that the connection was closed.
      throw connectionError(this.#broken.get(connection) ?? error, address);
    }
  }

  /** The connection to a broker by its number. */
  async broker(node: number): Promise<Connection> {
    const address = this.#brokers.get(node);
    if (address === undefined) {
      throw new TidemarkError('KAFKA_CONNECT', `Broker ${node} is not part of the cluster now.`);
    }
    return this.#connect(address);
  }

  /** Some broker: one that is connected, else the first that can be reached. */
  async any(): Promise<Connection> {
    const known = [...this.#brokers.values(), ...this.#seeds];
    const open = known.filter((address) => this.#open.has(keyOf(address)));
    const failures: unknown[] = [];
    for (const address of [...open, ...known]) {
      try {
        return await this.#connect(address);
      } catch (error) {
        if (error instanceof TidemarkError && error.retry === 'stop') throw error;
        failures.push(error);
      }
    }
    throw failures[0];
  }

  #connect(address: BrokerAddress): Promise<Connection> {
    const key = keyOf(address);
    const open = this.#open.get(key);
    if (open !== undefined) return open;
    if (this.signal.aborted) {
      return Promise.reject(new TidemarkError('KAFKA_CONNECT', 'The Kafka client was closed.'));
    }
    const connecting = this.#newConnection(address, key);
    this.#open.set(key, connecting);
    return connecting;
  }

  async #newConnection({ host, port }: BrokerAddress, key: string): Promise<Connection> {
    const { clientId, connectTimeoutMs, tls, sasl } = this.connection;
    const forget = (): void => {
      if (this.#open.get(key) === mine) this.#open.delete(key);
    };
    // The certificates are read now: renewed ones count from the next connection on.
    const connection = new Connection(clientId, {
      connectTimeout: connectTimeoutMs,
      requestTimeout: this.#requestTimeoutMs,
      // How many requests are under way is decided by who sends them.
      maxInflights: 1000,
      ...(tls === null ? {} : { tls: tlsOptions(tls()) }),
      ...(tls === null || isIP(host) !== 0 ? {} : { tlsServerName: host }),
      ...(sasl === null ? {} : { sasl: saslOptions(sasl) }),
    });
    connection.on('error', (error: unknown) => {
      this.#broken.set(connection, error);
      forget();
    });
    connection.on('close', forget);
    await Promise.resolve();
    const mine = this.#open.get(key);
    try {
      await connection.connect(host, port);
    } catch (error) {
      forget();
      throw connectionError(error, key);
    }
    return connection;
  }

  /** The broker that creates and deletes topics. */
  async controller(): Promise<Connection> {
    const { controllerId } = await this.metadata([]);
    return controllerId < 0 ? this.any() : this.broker(controllerId);
  }

  /** Asks for topics (null: all) and remembers where brokers are. */
  async metadata(topics: readonly string[] | null): Promise<ClusterMetadata> {
    const connection = await this.any();
    const answer = await this.ask(
      metadataV9,
      connection,
      topics === null ? null : [...topics],
      false,
    );
    this.#brokers.clear();
    for (const { nodeId, host, port } of answer.brokers) this.#brokers.set(nodeId, { host, port });
    return answer;
  }

  /** The connection to a coordinator; waits while it is being elected. */
  async coordinator(
    of: CoordinatorOf,
    operation: KafkaRequest['operation'] = accessTo(of),
  ): Promise<Connection> {
    const key = coordinatorKey(of);
    let node = this.#coordinators.get(key);
    if (node !== undefined && !this.#brokers.has(node)) node = undefined;
    if (node === undefined) {
      node = await this.#findCoordinator(of, operation);
      this.#coordinators.set(key, node);
    }
    try {
      return await this.broker(node);
    } catch (error) {
      this.forgetCoordinator(of);
      throw error;
    }
  }

  /** To see it DESCRIBE is enough, which comes with what the caller is about to do. */
  async #findCoordinator(of: CoordinatorOf, operation: KafkaRequest['operation']): Promise<number> {
    const [type, name] = 'group' in of ? [GROUP, of.group] : [1, of.transactionalId];
    const resource = 'group' in of ? `Group:${name}` : `TransactionalId:${name}`;
    return this.retrying(this.request(operation, resource), async () => {
      const answer = await this.ask(findCoordinatorV3, await this.any(), type, [name]);
      const [found] = answer.coordinators;
      if (found === undefined) return { failed: 'COORDINATOR_NOT_AVAILABLE' };
      if (found.errorCode !== 0) {
        return { failed: kafkaErrorName(found.errorCode), says: found.errorMessage };
      }
      this.#brokers.set(found.nodeId, { host: found.host, port: found.port });
      return { answer: found.nodeId };
    });
  }

  forgetCoordinator(of: CoordinatorOf): void {
    this.#coordinators.delete(coordinatorKey(of));
  }

  /**
   * A request to a coordinator, again while it moves or loads. `code` reads the error out of the
   * answer; what is not retriable is left to the caller.
   */
  async atCoordinator<Answer>(
    of: CoordinatorOf,
    request: KafkaRequest,
    send: (connection: Connection) => Promise<Answer>,
    code: (answer: Answer) => number,
  ): Promise<Answer> {
    return this.retrying(request, async () => {
      const answer = await send(await this.coordinator(of, request.operation));
      const name = kafkaErrorName(code(answer));
      if (!isRetriableKafkaError(name)) return { answer };
      if (name !== 'CONCURRENT_TRANSACTIONS') this.forgetCoordinator(of);
      return { failed: name };
    });
  }

  /** Tries until there is an answer, a failure that stays, or the request timeout has passed. */
  async retrying<T>(request: KafkaRequest, attempt: () => Promise<Attempt<T>>): Promise<T> {
    const deadline = systemClock.monotonicMs() + this.connection.requestTimeoutMs;
    let delay = RETRY_DELAY_MS / 5;
    for (;;) {
      const result = await attempt();
      if ('answer' in result) return result.answer;
      const late = systemClock.monotonicMs() + delay > deadline || this.signal.aborted;
      if (late || !isRetriableKafkaError(result.failed)) {
        throw kafkaError(result.failed, request, { says: result.says });
      }
      await systemClock.sleep(delay, this.signal);
      delay = Math.min(delay * 2, RETRY_DELAY_MS * 10);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const open = [...this.#open.values()];
    this.#open.clear();
    await Promise.allSettled(open.map(async (connecting) => (await connecting).close()));
  }
}

/** An answer, or the name of the error that stands in its place. */
export type Attempt<T> =
  { readonly answer: T } | { readonly failed: string; readonly says?: string | null | undefined };

/** Not beside the parameter: Node does not read `in` in a parameter's default. */
function accessTo(of: CoordinatorOf): KafkaRequest['operation'] {
  return 'group' in of ? 'READ' : 'WRITE';
}

function coordinatorKey(of: CoordinatorOf): string {
  return 'group' in of ? `group ${of.group}` : `transaction ${of.transactionalId}`;
}

function keyOf({ host, port }: BrokerAddress): string {
  return `${host}:${port}`;
}

function saslOptions(
  sasl: KafkaSasl,
): KafkaSasl & { readonly authBytesValidator?: typeof bearerConsent } {
  return sasl.mechanism === 'OAUTHBEARER' ? { ...sasl, authBytesValidator: bearerConsent } : sasl;
}

function tlsOptions({ checkHost, ...certificates }: KafkaTls): object {
  return checkHost ? certificates : { ...certificates, checkServerIdentity: () => undefined };
}
