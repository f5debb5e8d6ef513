import path from 'node:path';
import type { ResolvedOptions } from '../config/option.ts';
import type { PipelineConfig } from '../config/pipeline-config.ts';
import { signalTopicOf } from '../config/signal-options.ts';
import type { Clock } from '../foundation/clock.ts';
import type { SourceNotification } from '../model/source-notification.ts';
import type { Transport } from '../transport/transport.ts';
import type { Logger } from './logger.ts';
import { SignalFile } from './signal-file.ts';
import { SignalTopic } from './signal-topic.ts';
import { SourceNotifications } from './source-notifications.ts';
import type { SourceRereads } from './source-rereads.ts';
import { SourceSignals } from './source-signals.ts';
import type { TransactionParts } from './source-transactions.ts';

/** What tells of snapshots, and to whom. */
export function composeNotifications(
  options: ResolvedOptions,
  parts: Omit<TransactionParts, 'topic'>,
  listener: SourceRereads | null,
  logger: Logger,
): SourceNotifications {
  const channels = options.list('notification.enabled.channels');
  const topic = options.optionalString('notification.sink.topic.name');
  return new SourceNotifications({
    ...parts,
    listener,
    connectorName: options.string('topic.prefix'),
    logs: channels.includes('log'),
    topic: channels.includes('sink') ? (topic ?? null) : null,
    logger: logger.child({ task: 'source' }),
  });
}

/** Where signals come from beside the source itself. */
export function composeSignals(
  config: PipelineConfig,
  transport: Transport,
  notify: (notification: SourceNotification) => void,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): SourceSignals {
  const { options } = config.source;
  const channels = options.list('signal.enabled.channels');
  const prefix = options.string('topic.prefix');
  const file = path.resolve(path.dirname(config.file), options.string('signal.file'));
  return new SourceSignals({
    topic: channels.includes('kafka')
      ? new SignalTopic(transport, signalTopicOf(options), prefix, clock)
      : null,
    file: channels.includes('file') ? new SignalFile(file) : null,
    pollIntervalMs: options.number('signal.poll.interval.ms'),
    clock,
    logger: logger.child({ task: 'source' }),
    notify,
  });
}
