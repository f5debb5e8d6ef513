import type {
  KafkaAdmin,
  KafkaClient,
  KafkaConnection,
  KafkaConsumer,
  KafkaConsumerOptions,
  KafkaProducer,
  KafkaProducerOptions,
} from '../kafka-client.ts';
import { BrokerConnections } from './broker-connections.ts';
import { memberTimeoutMs } from './group-member.ts';
import { PlatformaticAdmin } from './platformatic-admin.ts';
import { PlatformaticConsumer } from './platformatic-consumer.ts';
import { openProducer } from './open-producer.ts';

/**
 * A client over @platformatic/kafka: its connections (TLS, SASL, framing) and its requests.
 * Resolves when a broker was reached. Throws KAFKA_CONNECT, KAFKA_AUTH.
 */
export async function openPlatformaticClient(connection: KafkaConnection): Promise<KafkaClient> {
  const client = new PlatformaticClient(connection);
  try {
    await client.admin.clusterId();
  } catch (error) {
    await client[Symbol.asyncDispose]();
    throw error;
  }
  return client;
}

class PlatformaticClient implements KafkaClient {
  readonly admin: KafkaAdmin;
  readonly #connection: KafkaConnection;
  readonly #brokers: BrokerConnections;
  readonly #open = new Set<KafkaProducer | KafkaConsumer>();

  constructor(connection: KafkaConnection) {
    this.#connection = connection;
    this.#brokers = new BrokerConnections(connection);
    this.admin = new PlatformaticAdmin(this.#brokers);
  }

  async producer(options: KafkaProducerOptions): Promise<KafkaProducer> {
    const brokers = new BrokerConnections(this.#connection);
    return this.#keep(await openProducer(brokers, options), brokers.signal);
  }

  async consumer(options: KafkaConsumerOptions): Promise<KafkaConsumer> {
    const joining = new BrokerConnections(this.#connection, memberTimeoutMs(options));
    const fetching = new BrokerConnections(this.#connection);
    const asking = new BrokerConnections(this.#connection);
    const consumer = new PlatformaticConsumer({ fetching, joining, asking }, options);
    return Promise.resolve(this.#keep(consumer, asking.signal));
  }

  /** Until it is closed: a daemon makes another producer after each failure, for years. */
  #keep<T extends KafkaProducer | KafkaConsumer>(opened: T, closed: AbortSignal): T {
    this.#open.add(opened);
    closed.addEventListener('abort', () => this.#open.delete(opened), { once: true });
    return opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const opened of this.#open) await opened[Symbol.asyncDispose]();
    this.#open.clear();
    await this.#brokers.close();
  }
}
