import { metadataV9 } from '@platformatic/kafka';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { KafkaConnection, KafkaTopicSpec } from '../kafka-client.ts';
import { kafkaError, type KafkaOperation } from '../kafka-errors.ts';
import { BrokerConnections, type CoordinatorOf } from './broker-connections.ts';
import { askForTopic } from './topic-creation.ts';

/** A topic as it is, and what we may do with it. */
export interface SurveyedTopic {
  /** 0: there is none. */
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Of a topic that is missing: what we may once it is there. */
  readonly operations: ReadonlySet<KafkaOperation>;
}

/** What is asked about. */
export interface SurveyRequest {
  readonly topics: readonly string[];
  readonly groups: readonly string[];
  readonly transactionalIds: readonly string[];
}

/** What a principal finds in a cluster. */
export interface ClusterSurvey {
  readonly brokers: number;
  readonly topics: ReadonlyMap<string, SurveyedTopic>;
  /** Of the groups and transactional ids that were asked about, those that we may describe. */
  readonly groups: ReadonlySet<string>;
  readonly transactionalIds: ReadonlySet<string>;
}

/** Asks about a cluster without leaving anything there; only @platformatic/kafka can. */
export class ClusterSurveyor implements AsyncDisposable {
  readonly #brokers: BrokerConnections;

  constructor(connection: KafkaConnection) {
    this.#brokers = new BrokerConnections(connection);
  }

  /** Throws KAFKA_CONNECT, KAFKA_AUTH. */
  async survey({ topics, groups, transactionalIds }: SurveyRequest): Promise<ClusterSurvey> {
    const any = await this.#brokers.any();
    const names = [...new Set(topics)];
    const metadata = await this.#brokers.ask(metadataV9, any, names, false, true, false);
    const surveyed = new Map<string, SurveyedTopic>();
    for (const { name, partitions, topicAuthorizedOperations } of metadata.topics) {
      surveyed.set(name, {
        partitions: partitions.length,
        replicationFactor: partitions[0]?.replicaNodes.length ?? 0,
        operations: operationsOf(topicAuthorizedOperations),
      });
    }
    return {
      brokers: metadata.brokers.length,
      topics: surveyed,
      groups: await described(groups, (group) => this.#mayDescribe({ group })),
      transactionalIds: await described(transactionalIds, (transactionalId) =>
        this.#mayDescribe({ transactionalId }),
      ),
    };
  }

  /** Why the topic could not be created as it stands; null: it could. */
  async creationProblem(spec: KafkaTopicSpec): Promise<TidemarkError | null> {
    const { error, says } = await askForTopic(this.#brokers, spec, true);
    if (error === 'NONE' || error === 'TOPIC_ALREADY_EXISTS') return null;
    return kafkaError(error, this.#brokers.request('CREATE', `Topic:${spec.name}`), { says });
  }

  /** The error for a right that is missing. */
  missing(operation: KafkaOperation, resource: string): TidemarkError {
    const kind = resource.startsWith('Topic')
      ? 'TOPIC_AUTHORIZATION_FAILED'
      : resource.startsWith('Group')
        ? 'GROUP_AUTHORIZATION_FAILED'
        : 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED';
    return kafkaError(kind, this.#brokers.request(operation, resource));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#brokers.close();
  }

  /**
   * To ask which broker is the coordinator takes the right to describe, which those to read and to
   * write include. More cannot be seen of what does not exist yet.
   */
  async #mayDescribe(of: CoordinatorOf): Promise<boolean> {
    try {
      await this.#brokers.coordinator(of);
      return true;
    } catch (error) {
      if (error instanceof TidemarkError && error.code === 'KAFKA_ACCESS') return false;
      throw error;
    }
  }
}

async function described(
  names: readonly string[],
  mayDescribe: (name: string) => Promise<boolean>,
): Promise<ReadonlySet<string>> {
  const allowed = new Set<string>();
  for (const name of names) if (await mayDescribe(name)) allowed.add(name);
  return allowed;
}

/** By the code that Kafka gives them. */
const OPERATIONS: readonly (readonly [number, KafkaOperation])[] = [
  [3, 'READ'],
  [4, 'WRITE'],
  [5, 'CREATE'],
  [6, 'DELETE'],
  [7, 'ALTER'],
  [8, 'DESCRIBE'],
  [10, 'DESCRIBE_CONFIGS'],
  [11, 'ALTER_CONFIGS'],
];

/** Of a bit field; without an authorizer all bits that make sense are set. */
function operationsOf(bits: number): ReadonlySet<KafkaOperation> {
  return new Set(OPERATIONS.flatMap(([bit, name]) => ((bits >> bit) & 1 ? [name] : [])));
}
