import { consumerSettings } from '../config/kafka-settings.ts';
import type { ConnectorConfig, PipelineConfig } from '../config/pipeline-config.ts';

/** The consumer group of a sink: Connect's `connect-<name>`, unless its file says another. */
export function sinkGroup(
  { transport, transportType }: Pick<PipelineConfig, 'transport' | 'transportType'>,
  { name, options }: ConnectorConfig,
): string {
  if (transportType === 'embedded') return `connect-${name}`;
  return consumerSettings(transport, options, name).group;
}
