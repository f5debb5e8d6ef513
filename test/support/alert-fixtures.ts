import type { AlertChannel, AlertLogger, ChannelFeed } from '../../src/alert/alert-channel.ts';
import { AlertEngine } from '../../src/alert/alert-engine.ts';
import type { RoutedChannel } from '../../src/alert/alert-routing.ts';
import type { AlertNotice } from '../../src/alert/alert-notice.ts';
import { AlertStore } from '../../src/alert/alert-store.ts';
import type { AlertsConfig } from '../../src/config/alert-section.ts';
import { parsePipeline } from '../../src/config/pipeline-file.ts';
import { TidemarkError } from '../../src/foundation/errors.ts';
import type { FaultHook } from '../../src/foundation/fault-points.ts';
import type { AlertCondition, AlertEvent, ConditionSource } from '../../src/model/alert.ts';
import type { DocumentStore } from '../../src/transport/transport.ts';
import { FakeClock } from './fake-clock.ts';
import { MemoryDocuments } from './memory-documents.ts';

/** The section `alerts` of a pipeline file, resolved. */
export function alertsConfig(section: unknown): AlertsConfig {
  const source = { 'connector.class': 'file', file: 'in.txt', topic: 't' };
  const sinks = ['warehouse', 'other'].map((name) => ({
    'connector.class': 'file',
    name,
    file: `${name}.txt`,
  }));
  const text = JSON.stringify({ name: 'shop', source, sinks, alerts: section });
  return parsePipeline(text, 'shop.yaml', {}).alerts;
}

export function alertEvent(overrides: Partial<AlertEvent> = {}): AlertEvent {
  return {
    id: 'schema:0/1A2B:public.orders:column_widened',
    class: 'schema.column_widened',
    severity: 'warning',
    table: 'public.orders',
    sink: null,
    title: 'orders.amount is bigint now (was integer)',
    position: '0/1A2B',
    atMs: 1_700_000_000_000,
    facts: [
      { label: 'amount', value: 'integer → bigint' },
      { label: 'next', value: 'tidemark plan shop.yaml' },
    ],
    details: { column: 'amount' },
    ...overrides,
  };
}

export function alertCondition(overrides: Partial<AlertCondition> = {}): AlertCondition {
  return {
    key: 'lag.sink:warehouse',
    class: 'lag.sink',
    severity: 'warning',
    table: null,
    sink: 'warehouse',
    title: 'sink warehouse is behind the log',
    cause: 'it is slow',
    cure: 'tidemark status shop.yaml',
    ...overrides,
  };
}

/** A channel that keeps what it gets, and fails as it is told. */
export class ScriptedChannel implements AlertChannel {
  readonly name: string;
  readonly type = 'webhook';
  readonly target = 'nowhere';
  readonly got: AlertNotice[] = [];
  /** Set: it refuses with this. */
  trouble: string | null = null;
  /** Never answers. */
  isSilent = false;

  constructor(name: string) {
    this.name = name;
  }

  async deliver(notice: AlertNotice, signal: AbortSignal): Promise<void> {
    if (this.isSilent) {
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
    }
    if (this.trouble !== null) throw new TidemarkError('ALERT_CHANNEL', this.trouble);
    this.got.push(notice);
    await Promise.resolve();
  }

  async probe(): Promise<void> {
    if (this.trouble !== null) throw new TidemarkError('ALERT_CHANNEL', this.trouble);
    await Promise.resolve();
  }

  /** `status class: title` of each notice. */
  get lines(): readonly string[] {
    return this.got.map(({ status, class: name, title }) => `${status} ${name}: ${title}`);
  }
}

export const FEED: ChannelFeed = {
  timeoutMs: 10_000,
  retryDelayMaxMs: 60_000,
  retryForMs: 604_800_000,
  rateLimit: 30,
  rateWindowMs: 60_000,
};

export interface EngineBench {
  readonly engine: AlertEngine;
  readonly clock: FakeClock;
  readonly documents: MemoryDocuments;
  readonly channels: ReadonlyMap<string, ScriptedChannel>;
  readonly log: string[];
  /** What holds at the next look. */
  readonly conditions: AlertCondition[];
  readonly source: ConditionSource;
}

/** An engine over a store in memory; every channel of the section is a scripted one. */
export function engineBench(
  section: unknown = {},
  options: {
    readonly documents?: MemoryDocuments;
    readonly store?: DocumentStore;
    readonly clock?: FakeClock;
    readonly fault?: FaultHook;
    readonly feed?: Partial<ChannelFeed>;
  } = {},
): EngineBench {
  const { documents = new MemoryDocuments(), clock = new FakeClock() } = options;
  const config = alertsConfig(section);
  const log: string[] = [];
  const say = (_fields: object, message: string): void => void log.push(message);
  const logger: AlertLogger = { info: say, warn: say, error: say };
  const channels = new Map<string, ScriptedChannel>();
  const routed = config.channels.map((own): RoutedChannel => {
    const channel = new ScriptedChannel(own.name);
    channels.set(own.name, channel);
    const rateLimit = own.options.number('rate.limit');
    const rateWindowMs = own.options.number('rate.window');
    return { config: own, channel, feed: { ...FEED, rateLimit, rateWindowMs, ...options.feed } };
  });
  const conditions: AlertCondition[] = [];
  const engine = new AlertEngine({
    pipeline: 'shop',
    config,
    channels: routed,
    store: new AlertStore(options.store ?? documents),
    clock,
    logger,
    fault: options.fault ?? (() => undefined),
  });
  const source = { conditions: () => conditions };
  return { engine, clock, documents, channels, log, conditions, source };
}
