import { exactlyOnceSettings, producerSettings } from '../config/kafka-settings.ts';
import type { PipelineConfig } from '../config/pipeline-config.ts';
import { PUBLISHER_LIMITS, type PublisherLimits } from './record-publisher.ts';
import type { TransactionBoundary } from './transaction-boundary.ts';

/** When the source of a pipeline writes: on Kafka as `linger.ms` and `transaction.…` say. */
export function publisherLimits(config: PipelineConfig): PublisherLimits {
  if (config.transportType === 'embedded') return PUBLISHER_LIMITS;
  const { transport, source, name } = config;
  const { lingerMs } = producerSettings(transport, source.options);
  const boundary = boundaryOf(exactlyOnceSettings(transport, source.options, name));
  return { ...PUBLISHER_LIMITS, lingerMs, boundary };
}

function boundaryOf({
  transactionalId,
  boundary,
  intervalMs,
}: ReturnType<typeof exactlyOnceSettings>): TransactionBoundary {
  // Without transactions each write is durable by itself.
  if (transactionalId === null) return { kind: 'poll' };
  return boundary === 'interval' ? { kind: boundary, intervalMs } : { kind: boundary };
}
