import type { KafkaMajor } from './kafka-storage.ts';

/** A node of a cluster before it is started. */
export interface KafkaNodePlan {
  readonly nodeId: number;
  readonly folder: string;
  /** By the listener's name: `PLAINTEXT`, `CONTROLLER` … */
  readonly ports: Readonly<Record<string, number>>;
}

/** What of a node's settings differs between a plain and a secured cluster. */
export interface ListenerSettings {
  /** The name of each listener and its security protocol. */
  readonly listeners: Readonly<Record<string, string>>;
  readonly interBroker: string;
  /** What clients are told to connect to: a name, where a certificate has to fit. */
  readonly advertisedHost: string;
  readonly settings: Readonly<Record<string, string>>;
}

export const PLAIN_LISTENERS: ListenerSettings = {
  listeners: { PLAINTEXT: 'PLAINTEXT', CONTROLLER: 'PLAINTEXT' },
  interBroker: 'PLAINTEXT',
  advertisedHost: '127.0.0.1',
  settings: {},
};

/** The whole `server.properties` of a node. */
export function serverProperties(
  major: KafkaMajor,
  node: KafkaNodePlan,
  cluster: readonly KafkaNodePlan[],
  listening: ListenerSettings,
  overrides: Readonly<Record<string, string | number>>,
): string {
  const { listeners, interBroker, advertisedHost } = listening;
  const names = Object.keys(listeners);
  const at = (host: string, name: string): string => `${name}://${host}:${node.ports[name]}`;
  const settings: Record<string, string | number> = {
    'process.roles': 'broker,controller',
    'node.id': node.nodeId,
    'log.dirs': `${node.folder}/data`,
    'controller.quorum.voters': cluster
      .map(({ nodeId, ports }) => `${nodeId}@127.0.0.1:${ports['CONTROLLER']}`)
      .join(','),
    listeners: names.map((name) => at('127.0.0.1', name)).join(','),
    'advertised.listeners': names
      .filter((name) => name !== 'CONTROLLER')
      .map((name) => at(advertisedHost, name))
      .join(','),
    'listener.security.protocol.map': names.map((name) => `${name}:${listeners[name]}`).join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': interBroker,
    ...replicated(cluster.length),
    ...SMALL_AND_FAST,
    // Off by default before 4: the new group protocol (KIP-848).
    ...(major === '3.9' ? { 'group.coordinator.rebalance.protocols': 'classic,consumer' } : {}),
    ...listening.settings,
    ...overrides,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return `${lines.join('\n')}\n`;
}

/** With three nodes one may fail, and everything goes on. */
function replicated(nodes: number): Record<string, number> {
  const inSync = nodes > 1 ? 2 : 1;
  return {
    'default.replication.factor': nodes,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': nodes,
    'transaction.state.log.replication.factor': nodes,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': nodes,
    'share.coordinator.state.topic.min.isr': inSync,
  };
}

/** One partition each of the internal topics, and nothing that a test would wait for. */
const SMALL_AND_FAST: Readonly<Record<string, string | number>> = {
  'num.partitions': 1,
  'offsets.topic.num.partitions': 1,
  'transaction.state.log.num.partitions': 1,
  'share.coordinator.state.topic.num.partitions': 1,
  'group.initial.rebalance.delay.ms': 0,
  // So that what is killed is missed soon; the default is 6 seconds.
  'group.min.session.timeout.ms': 500,
  'auto.create.topics.enable': 'false',
  'num.network.threads': 2,
  'num.io.threads': 4,
  'background.threads': 2,
  'num.recovery.threads.per.data.dir': 1,
  'log.cleaner.dedupe.buffer.size': 8_388_608,
  'log.cleaner.backoff.ms': 500,
  'log.segment.delete.delay.ms': 1000,
  'log.retention.hours': 24,
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': 500,
  // Kafka's own default, halved three times: what a test of a lost leader waits for.
  'broker.session.timeout.ms': 2000,
  'broker.heartbeat.interval.ms': 300,
  'controller.quorum.election.timeout.ms': 500,
  'controller.quorum.fetch.timeout.ms': 1500,
  'replica.lag.time.max.ms': 3000,
};
