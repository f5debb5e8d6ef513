import type { TestProject } from 'vitest/node';
import { KafkaCluster } from './kafka-cluster.ts';
import type { KafkaMajor } from './kafka-storage.ts';

/** The address of the project's shared broker, as the tests get it by `inject('kafka')`. */
export interface SharedBroker {
  readonly major: KafkaMajor;
  readonly version: string;
  readonly bootstrapServers: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    kafka: SharedBroker;
  }
}

/** Starts one broker for the project, whose name says which: `kafka-3.9`, `kafka-4`. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const major: KafkaMajor = project.name.endsWith('3.9') ? '3.9' : '4';
  const cluster = await KafkaCluster.start({ major });
  const { version, bootstrapServers } = cluster;
  project.provide('kafka', { major, version, bootstrapServers });
  return () => cluster[Symbol.asyncDispose]();
}
