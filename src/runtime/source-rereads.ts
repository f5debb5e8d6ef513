import type { PipelineConfig } from '../config/pipeline-config.ts';
import { toTidemarkError } from '../foundation/errors.ts';
import type { SourceNotification } from '../model/source-notification.ts';
import type { SourceSignal } from '../model/source-signal.ts';
import type { AskReread, RereadRequest, RereadState } from '../model/table-reread.ts';
import type { Transport } from '../transport/transport.ts';
import type { Logger } from './logger.ts';
import type { NotificationListener } from './source-notifications.ts';
import { topicNamingOf } from './source-options.ts';
import { TopicRoutes } from './topic-routes.ts';

/** The source that reads. */
export interface RereadingSource {
  readonly reader: { status(): { readonly phase: string } } | null;
  signal(signal: SourceSignal): void;
  watermark(): () => boolean;
}

/** What stands around the readings that sinks ask for. */
export interface RereadParts {
  readonly transport: Pick<Transport, 'documents' | 'describeTopic' | 'listGroups'>;
  readonly pipeline: string;
  /** Topics of several tables may be one (`topic.regex`): which tables those are, nobody knows. */
  readonly sharesTopics: boolean;
  readonly warn: (text: string) => void;
}

type Asked =
  /** In the life of the source that has this number: what it had not made durable goes with it. */
  | { readonly kind: 'asked' | 'scanned'; readonly life: number; durable: (() => boolean) | null }
  /** All rows are in the log before these ends of its partitions. */
  | { readonly kind: 'written'; readonly ends: ReadonlyMap<number, number> }
  | { readonly kind: 'failed'; readonly reason: string };

/** How a scan ends that has read all rows. */
const COMPLETE: ReadonlySet<string | undefined> = new Set(['SUCCEEDED', 'EMPTY']);

/**
 * Tables that sinks need read again, by incremental snapshots of the source: which of them are
 * under way stands in its offset under the id of the request, so that one who asks again, with the
 * same id, gets no second one. When one has ended is only known to the process in which it did; a
 * later one has the table read once more.
 */
export class SourceRereads implements NotificationListener {
  readonly #parts: RereadParts;
  readonly #asked = new Map<string, Asked>();
  #source: RereadingSource | null = null;
  #life = 0;

  constructor(parts: RereadParts) {
    this.#parts = parts;
  }

  /** Whom to ask. */
  attach(source: RereadingSource): void {
    this.#source = source;
  }

  /** The source begins anew: what it was asked for may not have come to its offset. */
  begun(): void {
    this.#life++;
  }

  /** What the source tells of its snapshots. */
  tell({ id, aggregate, type, data }: SourceNotification): void {
    const asked = id === undefined ? undefined : this.#asked.get(id);
    if (id === undefined || asked === undefined || asked.kind === 'written') return;
    const life = this.#life;
    if (aggregate === 'Signal' && type === 'REJECTED') this.#fail(id, data['reason']);
    else if (aggregate !== 'Incremental Snapshot') return;
    else if (type === 'ABORTED') this.#fail(id, 'the reading of its table was stopped');
    else if (type === 'TABLE_SCAN_COMPLETED') {
      const { status } = data;
      if (COMPLETE.has(status)) this.#asked.set(id, { kind: 'scanned', life, durable: null });
      else this.#fail(id, `the reading of its table ended with ${status ?? 'nothing'}`);
    }
  }

  /** For the tasks of a sink, which is the group of that name. */
  for(group: string): AskReread {
    // Two sinks may have indices of one name, on two clusters.
    return (request) => this.#state({ ...request, id: `${request.id}-${group}` }, group);
  }

  #fail(id: string, reason = 'the signal was rejected'): void {
    this.#asked.set(id, { kind: 'failed', reason });
  }

  async #state(request: RereadRequest, group: string): Promise<RereadState> {
    const { id, topic } = request;
    const asked = this.#asked.get(id);
    if (asked?.kind === 'failed') {
      // The next one who asks is one that was started again.
      this.#asked.delete(id);
      return asked;
    }
    if (asked?.kind === 'written') {
      if (!(await this.#hasApplied(group, topic, asked.ends))) return { kind: 'waiting' };
      this.#asked.delete(id);
      return { kind: 'applied' };
    }
    if (asked === undefined || asked.life !== this.#life) return this.#ask(request);
    if (asked.kind === 'scanned') {
      asked.durable ??= this.#source?.watermark() ?? null;
      if (asked.durable?.() === true) {
        this.#asked.set(id, { kind: 'written', ends: await this.#ends(topic) });
      }
    }
    return { kind: 'waiting' };
  }

  #ask({ id, topic, table }: RereadRequest): RereadState {
    const { pipeline, transport, sharesTopics, warn } = this.#parts;
    const routes = new TopicRoutes(transport.documents, pipeline);
    if (sharesTopics || routes.into(topic).length > 1) {
      const reason = `${topic} may have rows of several tables (its topics are renamed)`;
      return { kind: 'failed', reason };
    }
    const source = this.#source;
    if (source?.reader?.status().phase !== 'streaming') return { kind: 'waiting' };
    const collections = [table.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')];
    const data = JSON.stringify({ type: 'incremental', 'data-collections': collections });
    this.#asked.set(id, { kind: 'asked', life: this.#life, durable: null });
    try {
      source.signal({ id, type: 'execute-snapshot', data });
    } catch (thrown) {
      this.#asked.delete(id);
      warn(`${table} cannot be read again yet: ${toTidemarkError(thrown).message}`);
    }
    return { kind: 'waiting' };
  }

  async #ends(topic: string): Promise<ReadonlyMap<number, number>> {
    const description = await this.#parts.transport.describeTopic(topic);
    const filled = (description?.partitions ?? []).filter(
      ({ startOffset, endOffset }) => endOffset > startOffset,
    );
    return new Map(filled.map(({ partition, endOffset }) => [partition, endOffset]));
  }

  async #hasApplied(
    group: string,
    topic: string,
    ends: ReadonlyMap<number, number>,
  ): Promise<boolean> {
    const [found] = await this.#parts.transport.listGroups([group]);
    const applied = new Map(
      (found?.offsets ?? [])
        .filter((one) => one.topic === topic)
        .map(({ partition, offset }) => [partition, offset]),
    );
    return [...ends].every(([partition, end]) => (applied.get(partition) ?? 0) >= end);
  }
}

/** Of a pipeline whose source reads tables. */
export function sourceRereads(
  config: PipelineConfig,
  transport: Transport,
  logger: Logger,
): SourceRereads {
  return new SourceRereads({
    transport,
    pipeline: config.name,
    sharesTopics: topicNamingOf(config.source.options).routing !== undefined,
    warn: (text) => logger.warn({ task: 'source' }, text),
  });
}
