import type { AlertChannelConfig } from '../config/alert-section.ts';
import type { Clock } from '../foundation/clock.ts';
import type { FaultHook } from '../foundation/fault-points.ts';
import type { AlertCondition } from '../model/alert.ts';
import type { AlertChannel, AlertLogger, ChannelFeed } from './alert-channel.ts';
import { covers } from './alert-filter.ts';
import { type AlertNotice, SEVERITY_RANK, type SuppressedCount } from './alert-notice.ts';
import type { AlertStore, StoredAlerts } from './alert-store.ts';
import { ChannelIntake } from './channel-intake.ts';
import { ChannelQueue, type ChannelView } from './channel-queue.ts';

/** A channel with what it gets and how. */
export interface RoutedChannel {
  readonly config: AlertChannelConfig;
  readonly channel: AlertChannel;
  readonly feed: ChannelFeed;
}

/** What the channels are fed with. */
export interface RoutingParts {
  readonly channels: readonly RoutedChannel[];
  readonly store: AlertStore;
  readonly clock: Clock;
  readonly logger: AlertLogger;
  readonly fault: FaultHook;
}

interface Route {
  readonly config: AlertChannelConfig;
  readonly channel: AlertChannel;
  readonly intake: ChannelIntake;
  readonly queue: ChannelQueue;
}

/** How long a channel may fail before the others are told. */
const TROUBLE_HOLD_MS = 60_000;

/** The channels: who gets a notice, what waits for each, and which of them does not work. */
export class AlertRouting {
  readonly #routes: readonly Route[];

  constructor({ channels, store, clock, logger, fault }: RoutingParts, stored: StoredAlerts) {
    this.#routes = channels.map(({ channel, config, feed }) => {
      const { name } = channel;
      const left = stored.suppressed.get(name) ?? null;
      const delivered = (sequence: number): Promise<void> => store.delivered(name, sequence);
      return {
        config,
        channel,
        intake: new ChannelIntake(feed.rateLimit, feed.rateWindowMs, left),
        queue: new ChannelQueue(
          { channel, feed, delivered, clock, logger, fault },
          stored.queues.get(name) ?? [],
        ),
      };
    });
  }

  get names(): readonly string[] {
    return this.#routes.map(({ channel }) => channel.name);
  }

  channel(name: string): AlertChannel | null {
    return this.#routes.find(({ channel }) => channel.name === name)?.channel ?? null;
  }

  run(signal: AbortSignal): readonly Promise<void>[] {
    return this.#routes.map(async ({ queue }) => queue.run(signal));
  }

  async settled(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#routes.map(({ queue }) => queue.settled(signal)));
  }

  /** Names of the channels that get it; `only` is for what concerns one of them. */
  receivers(notice: AlertNotice, only: string | undefined, nowMs: number): readonly string[] {
    const names: string[] = [];
    for (const { config, channel, intake, queue } of this.#routes) {
      const isOwn = only === channel.name;
      if (!isOwn && (only !== undefined || !isFor(config, notice))) continue;
      if (isOwn || intake.take(notice, queue.length, nowMs)) names.push(channel.name);
    }
    return names;
  }

  push(
    names: readonly string[],
    entry: { readonly sequence: number; readonly notice: AlertNotice },
    isStored: Promise<boolean>,
  ): void {
    for (const { channel, queue } of this.#routes) {
      if (names.includes(channel.name)) queue.push(entry, isStored);
    }
  }

  /** Counts of what was left out that are told now, and taken off by that. */
  digests(nowMs: number): readonly { readonly channel: string; readonly count: SuppressedCount }[] {
    return this.#routes.flatMap(({ channel: { name: channel }, intake, queue }) => {
      const count = intake.due(queue.length, nowMs);
      if (count === null) return [];
      intake.told();
      return [{ channel, count }];
    });
  }

  /** Counts that are still to be told. */
  leftOut(): readonly { readonly channel: string; readonly count: SuppressedCount }[] {
    return this.#routes.flatMap(({ channel: { name: channel }, intake: { left } }) =>
      left === null ? [] : [{ channel, count: left }],
    );
  }

  trouble(nowMs: number): AlertCondition[] {
    return this.#routes.flatMap((route) => channelTrouble(route, nowMs));
  }

  views(): readonly ChannelView[] {
    return this.#routes.map(({ queue, intake }) => queue.view(intake.total));
  }
}

function isFor(
  { severity, filter, options, name }: AlertChannelConfig,
  notice: AlertNotice,
): boolean {
  if (SEVERITY_RANK[notice.severity] < SEVERITY_RANK[severity]) return false;
  if (notice.status === 'resolved' && !options.boolean('resolved')) return false;
  // That it does not work is for the others.
  if (notice.class === 'alerts.channel' && notice.details['channel'] === name) return false;
  return covers(filter, notice);
}

function channelTrouble(
  { channel: { name, type }, queue }: Route,
  nowMs: number,
): readonly AlertCondition[] {
  const sinceMs = queue.failingSinceMs;
  if (sinceMs === null) return [];
  return [
    {
      key: `alerts.channel:${name}`,
      class: 'alerts.channel',
      severity: 'warning',
      table: null,
      sink: null,
      title: `alerts do not reach the channel ${name} (${type})`,
      cause: queue.view(0).lastError ?? 'not known',
      cure: `mend it; tidemark alerts test <file> ${name} tries it, and what waits follows then`,
      holdMs: Math.max(0, TROUBLE_HOLD_MS - (nowMs - sinceMs)),
      details: { channel: name, queued: queue.length },
    },
  ];
}
