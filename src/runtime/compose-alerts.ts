import { CommandChannel } from '../alert/command-channel.ts';
import type { AlertChannel, AlertLogger, ChannelFeed } from '../alert/alert-channel.ts';
import type { AlertNotice } from '../alert/alert-notice.ts';
import { AlertEngine } from '../alert/alert-engine.ts';
import type { RoutedChannel } from '../alert/alert-routing.ts';
import { AlertStore } from '../alert/alert-store.ts';
import { EmailChannel } from '../alert/email-channel.ts';
import { LogChannel } from '../alert/log-channel.ts';
import { SlackChannel } from '../alert/slack-channel.ts';
import { TopicChannel } from '../alert/topic-channel.ts';
import { WebhookChannel } from '../alert/webhook-channel.ts';
import type { AlertChannelConfig } from '../config/alert-section.ts';
import type { ResolvedOptions } from '../config/option.ts';
import type { PipelineConfig } from '../config/pipeline-config.ts';
import { must } from '../foundation/assert.ts';
import type { Clock } from '../foundation/clock.ts';
import type { FaultHook } from '../foundation/fault-points.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { DocumentStore, Transport } from '../transport/transport.ts';
import type { Logger } from './logger.ts';
import type { WatchSettings } from './status-conditions.ts';

/** The alert engine of a pipeline, with its channels and what the status is watched for. */
export function composeAlerts(
  config: PipelineConfig,
  transport: Transport,
  { clock, logger, fault }: { clock: Clock; logger: Logger; fault: FaultHook },
): { readonly engine: AlertEngine; readonly watch: WatchSettings } {
  const { source } = config;
  const log = { documents: transport.documents, transport };
  const prefix = source.options.optionalString('topic.prefix');
  const delimiter = source.options.optionalString('topic.delimiter') ?? '.';
  return {
    engine: composeAlertEngine(config, log, { clock, logger, fault }),
    watch: {
      topicPrefix: prefix === undefined ? '' : `${prefix}${delimiter}`,
      heartbeatMs: source.options.optionalNumber('heartbeat.interval.ms') ?? 0,
    },
  };
}

/** With a log, or before there is one: then channels that need it get their notices later. */
export function composeAlertEngine(
  { name: pipeline, alerts }: PipelineConfig,
  log: { readonly documents: DocumentStore; readonly transport: Transport | null },
  { clock, logger, fault }: { clock: Clock; logger: Logger; fault: FaultHook },
): AlertEngine {
  const own = logger.child({ task: 'alerts' });
  const around = { pipeline, clock, logger: own, transport: log.transport };
  const channels = alerts.channels.map((channel): RoutedChannel => ({
    config: channel,
    channel:
      channel.type === 'topic' && log.transport === null
        ? new AwaitedChannel(channel.name)
        : openAlertChannel(channel, around),
    feed: feedOf(channel.options),
  }));
  const store = new AlertStore(log.documents);
  return new AlertEngine({ pipeline, config: alerts, channels, store, clock, logger: own, fault });
}

/** A topic that cannot be written yet: its notices wait. */
class AwaitedChannel implements AlertChannel {
  readonly name: string;
  readonly type = 'topic';
  readonly target = 'the log';

  constructor(name: string) {
    this.name = name;
  }

  deliver(_notice: AlertNotice, signal: AbortSignal): Promise<void> {
    return this.probe(signal);
  }

  probe(signal: AbortSignal): Promise<void> {
    const { promise, reject } = Promise.withResolvers<never>();
    const end = (): void => reject(new TidemarkError('ALERT_CHANNEL', 'the log is not there yet'));
    signal.addEventListener('abort', end, { once: true });
    return promise;
  }
}

/** What a channel is opened with. `transport` is null in a command beside the daemon. */
export interface ChannelSurroundings {
  readonly pipeline: string;
  readonly clock: Clock;
  readonly logger: AlertLogger;
  readonly transport: Transport | null;
}

/** Connects to nothing yet. */
export function openAlertChannel(
  { name, type, options }: AlertChannelConfig,
  { pipeline, clock, logger, transport }: ChannelSurroundings,
): AlertChannel {
  switch (type) {
    case 'log':
      return new LogChannel(name, logger);
    case 'topic':
      return new TopicChannel(
        name,
        alertTopic(pipeline, options),
        must(transport, 'a log for the channel topic'),
      );
    case 'webhook':
      return new WebhookChannel(
        {
          ...postOf(name, options),
          secret: options.optionalString('secret') ?? null,
          headers: headersOf(options),
        },
        clock,
      );
    case 'slack':
      return new SlackChannel(postOf(name, options));
    case 'email':
      return emailChannel(name, options);
    case 'command':
      return new CommandChannel(name, options.list('command'));
  }
}

/** By default not under the prefix of the source, which sinks subscribe to. */
export function alertTopic(pipeline: string, options: ResolvedOptions): string {
  return options.optionalString('topic') ?? `__tidemark.alerts.${pipeline}`;
}

function postOf(name: string, options: ResolvedOptions) {
  return {
    name,
    url: options.string('url'),
    caFile: options.optionalString('ca.file'),
    timeoutMs: options.number('timeout'),
  };
}

const HEADER = 'header.';

function headersOf(options: ResolvedOptions): Readonly<Record<string, string>> {
  const names = options.names().filter((name) => name.startsWith(HEADER));
  return Object.fromEntries(
    names.map((name) => [name.slice(HEADER.length).toLowerCase(), options.string(name)]),
  );
}

const PORTS = { starttls: 587, tls: 465, none: 25 } as const;

function emailChannel(name: string, options: ResolvedOptions): EmailChannel {
  const security = options.string('smtp.security') as keyof typeof PORTS;
  const user = options.optionalString('smtp.user');
  return new EmailChannel({
    name,
    host: options.string('smtp.host'),
    port: options.optionalNumber('smtp.port') ?? PORTS[security],
    security,
    login: user === undefined ? null : { user, password: options.string('smtp.password') },
    from: options.string('from'),
    to: options.list('to'),
    caFile: options.optionalString('ca.file'),
    timeoutMs: options.number('timeout'),
  });
}

/** The log has nothing to wait for. */
const AT_ONCE = 10_000;

function feedOf(options: ResolvedOptions): ChannelFeed {
  return {
    timeoutMs: options.optionalNumber('timeout') ?? AT_ONCE,
    retryDelayMaxMs: options.optionalNumber('retry.delay.max') ?? AT_ONCE,
    retryForMs: options.optionalNumber('retry.for') ?? AT_ONCE,
    rateLimit: options.number('rate.limit'),
    rateWindowMs: options.number('rate.window'),
  };
}
