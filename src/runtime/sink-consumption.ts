import { consumerSettings } from '../config/kafka-settings.ts';
import type { ConnectorConfig, PipelineConfig } from '../config/pipeline-config.ts';

/** As whom a sink reads the log. */
export interface SinkConsumption {
  /** Connect's `connect-<name>`, unless its file says another. */
  readonly group: string;
  /** Where a group begins that has read nothing yet. */
  readonly startAt: 'earliest' | 'latest';
  /** See SinkRunnerParts. */
  readonly fencedGraceMs: number;
}

/** A member that was away learns within two sessions of 45 s what the group has given to others. */
const REBALANCE_MS = 90_000;

/** How a sink of the pipeline reads. */
export function sinkConsumption(
  { transport, transportType }: Pick<PipelineConfig, 'transport' | 'transportType'>,
  { name, options }: ConnectorConfig,
): SinkConsumption {
  if (transportType === 'embedded') {
    // Consumers of the embedded log are this process: another task is another daemon.
    return { group: `connect-${name}`, startAt: 'earliest', fencedGraceMs: 0 };
  }
  const { group, startAt } = consumerSettings(transport, options, name);
  return { group, startAt, fencedGraceMs: REBALANCE_MS };
}
