import type { PipelineConfig } from '../config/pipeline-config.ts';
import type { Clock } from '../foundation/clock.ts';
import type { GroupDescription, TopicDescription } from '../transport/transport.ts';
import { describePlace, type LogPlace, openForReading } from './open-transport.ts';
import { sinkConsumption } from './sink-consumption.ts';
import { sourcePartition } from './source-partition.ts';
import { joinConnectEntries, sourceOffsetKey } from './source-offset.ts';

/** What a store says about itself while no daemon answers. */
export interface StoredState {
  /** The store's folder, or the cluster, in words. */
  readonly place: string;
  readonly sources: readonly StoredSourceOffset[];
  readonly topics: readonly TopicDescription[];
  readonly groups: readonly GroupDescription[];
  /** Null: the storage is not ours. */
  readonly bytesUsed: number | null;
}

/** Connect's partition map and offset map of one source task. */
export interface StoredSourceOffset {
  readonly key: string;
  readonly offset: unknown;
}

/**
 * Reads the log beside a daemon or without one; of a cluster what belongs to the pipeline. Throws
 * STORE_OPEN when there is none, KAFKA_*.
 */
export async function readStoredState(place: LogPlace, clock: Clock): Promise<StoredState> {
  await using transport = await openForReading(place, clock);
  const own = 'config' in place ? partsOf(place.config) : null;
  const offsets = joinConnectEntries(await transport.listOffsets());
  return {
    place: describePlace(place),
    sources: offsets.filter(({ key }) => own === null || key === own.sourceKey),
    topics: await transport.listTopics(own?.topics),
    groups: await transport.listGroups(own?.groups),
    bytesUsed: transport.statistics()?.bytesUsed ?? null,
  };
}

interface PipelineParts {
  readonly sourceKey: string;
  readonly topics: RegExp;
  readonly groups: readonly string[];
}

/** Null: the store is the pipeline's alone. */
function partsOf(config: PipelineConfig): PipelineParts | null {
  const { name, source, sinks } = config;
  if (config.transportType === 'embedded') return null;
  const partition = sourcePartition(source);
  const prefix = source.options.optionalString('topic.prefix');
  const ofFile = source.options.optionalString('topic');
  return {
    sourceKey: sourceOffsetKey(name, { partition }),
    topics:
      prefix === undefined
        ? new RegExp(ofFile === undefined ? '^(?!__).+$' : `^${RegExp.escape(ofFile)}$`)
        : new RegExp(`^(?:${RegExp.escape(prefix)}|__debezium-heartbeat)[.]`),
    groups: sinks.map((sink) => sinkConsumption(config, sink).group),
  };
}
