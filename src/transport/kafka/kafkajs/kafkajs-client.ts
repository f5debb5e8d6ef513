import type {
  KafkaAdmin,
  KafkaClient,
  KafkaConnection,
  KafkaConsumer,
  KafkaConsumerOptions,
  KafkaProducer,
  KafkaProducerOptions,
} from '../kafka-client.ts';
import { KafkajsAdmin } from './kafkajs-admin.ts';
import { BrokerConnections } from './kafkajs-cluster.ts';
import { KafkajsConsumer } from './kafkajs-consumer.ts';
import { KafkajsProducer } from './kafkajs-producer.ts';

/** The port over kafkajs; resolves when a broker answered. */
export async function openKafkajsClient(connection: KafkaConnection): Promise<KafkaClient> {
  const connections = new BrokerConnections(connection);
  try {
    await connections.connect(false);
  } catch (error) {
    await connections[Symbol.asyncDispose]();
    throw error;
  }
  return new KafkajsClient(connection, connections);
}

class KafkajsClient implements KafkaClient {
  readonly admin: KafkaAdmin;
  readonly #connection: KafkaConnection;
  readonly #connections: BrokerConnections;

  constructor(connection: KafkaConnection, connections: BrokerConnections) {
    this.#connection = connection;
    this.#connections = connections;
    this.admin = new KafkajsAdmin(connections);
  }

  producer(options: KafkaProducerOptions): Promise<KafkaProducer> {
    return KafkajsProducer.open(this.#connection, options);
  }

  consumer(options: KafkaConsumerOptions): Promise<KafkaConsumer> {
    return KafkajsConsumer.open(this.#connection, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connections[Symbol.asyncDispose]();
  }
}
