import { randomBytes } from 'node:crypto';
import { inject, onTestFinished } from 'vitest';
import type { SharedBroker } from './global-setup-kafka.ts';
import { KafkaCluster, type KafkaClusterOptions } from './kafka-cluster.ts';

/** The project's broker: `kafka-4`'s or `kafka-3.9`'s. Its topics are everybody's. */
export function sharedBroker(): SharedBroker {
  return inject('kafka');
}

/** A prefix for names of topics, groups and transactional ids that no other test uses. */
export function freshPrefix(): string {
  return `t-${randomBytes(6).toString('hex')}`;
}

/**
 * Starts a broker, or a cluster, for one test (three seconds); disposing deletes its data. Without
 * `major` it is the project's, and the newest where the project has none.
 */
export async function startOwnBroker(
  options: Partial<KafkaClusterOptions> = {},
): Promise<KafkaCluster> {
  const major = options.major ?? (inject('kafka') as SharedBroker | undefined)?.major ?? '4';
  const cluster = await KafkaCluster.start({ ...options, major });
  try {
    // A test that runs out of time never comes to its `using`.
    onTestFinished(() => cluster[Symbol.asyncDispose]());
  } catch {
    // Started by a hook, for several tests: whoever did disposes of it.
  }
  return cluster;
}
