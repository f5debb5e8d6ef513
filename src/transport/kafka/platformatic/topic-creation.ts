import { createTopicsV5 } from '@platformatic/kafka';
import type { KafkaTopicSpec } from '../kafka-client.ts';
import { kafkaErrorName } from '../kafka-error-names.ts';
import type { BrokerConnections } from './broker-connections.ts';

/** Asks once for a new topic; with `onlyCheck` for whether it could be created as it stands. */
export async function askForTopic(
  brokers: BrokerConnections,
  { name, partitions, replicationFactor, configs }: KafkaTopicSpec,
  onlyCheck: boolean,
): Promise<{ readonly error: string; readonly says: string | null }> {
  const topic = {
    name,
    numPartitions: partitions,
    replicationFactor,
    assignments: [],
    configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
  };
  const timeoutMs = brokers.connection.requestTimeoutMs;
  const controller = await brokers.controller();
  const answer = await brokers.ask(createTopicsV5, controller, [topic], timeoutMs, onlyCheck);
  const { errorCode = -1, errorMessage = null } = answer.topics[0] ?? {};
  return { error: kafkaErrorName(errorCode), says: errorMessage };
}
