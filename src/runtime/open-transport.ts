import type { PipelineConfig } from '../config/pipeline-config.ts';
import type { Clock } from '../foundation/clock.ts';
import { openEmbeddedTransport } from '../transport/embedded/embedded-transport.ts';
import type { TopicOptions, Transport } from '../transport/transport.ts';
import type { Logger } from './logger.ts';
import { openKafkaTransportOf } from './open-kafka-transport.ts';

/** Where a log is: a store's folder, or what a pipeline file says. */
export type LogPlace = { readonly path: string } | { readonly config: PipelineConfig };

/** The log of a pipeline, for its daemon. Throws STORE_* and KAFKA_*. */
export function openTransport(
  config: PipelineConfig,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<Transport> {
  if (config.transportType === 'kafka') {
    const warn = (problem: string): void => {
      logger.warn(problem);
    };
    return openKafkaTransportOf(config, { clock, warn }, false);
  }
  return openEmbeddedTransport({
    path: config.storePath,
    maxBytes: config.transport.number('max.bytes'),
    clock,
    onMaintenanceError: (error) => logger.error({ err: error }, 'retention could not be done'),
  });
}

/** The same for commands beside a daemon or without one: nothing is written. */
export function openForReading(place: LogPlace, clock: Clock): Promise<Transport> {
  if (!('config' in place)) {
    return openEmbeddedTransport({ path: place.path, readOnly: true, clock });
  }
  const { config } = place;
  if (config.transportType === 'kafka') {
    return openKafkaTransportOf(config, { clock, warn: () => undefined }, true);
  }
  return openEmbeddedTransport({ path: config.storePath, readOnly: true, clock });
}

/**
 * For commands that move offsets. The brokers know themselves whether a daemon runs; a store is
 * written by one process only.
 */
export async function openForMoving(
  config: PipelineConfig,
  clock: Clock,
  dryRun: boolean,
): Promise<Transport> {
  const reading = await openForReading({ config }, clock);
  if (dryRun || config.transportType === 'kafka') return reading;
  // It is there, then: one that is missing is not to be made by this command.
  await reading[Symbol.asyncDispose]();
  return openEmbeddedTransport({
    path: config.storePath,
    maxBytes: config.transport.number('max.bytes'),
    clock,
  });
}

/** How people are told where it is. */
export function describePlace(place: LogPlace): string {
  if (!('config' in place)) return `the store ${place.path}`;
  const { config } = place;
  return config.transportType === 'kafka'
    ? `Kafka at ${config.transport.list('bootstrap.servers').join(', ')}`
    : `the store ${config.storePath}`;
}

/** How topics of the embedded log are made; on Kafka the rules of topic.creation decide. */
export function topicOptionsOf({
  transport: options,
  transportType,
}: PipelineConfig): TopicOptions {
  if (transportType === 'kafka') return {};
  const retentionBytes = options.optionalNumber('retention.bytes');
  return {
    partitions: options.number('partitions'),
    cleanup: 'delete',
    retentionMs: options.number('retention.ms'),
    ...(retentionBytes === undefined ? {} : { retentionBytes }),
  };
}
