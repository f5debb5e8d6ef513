import type { Clock } from '../foundation/clock.ts';
import { openEmbeddedTransport } from '../transport/embedded/embedded-transport.ts';
import type { GroupDescription, TopicDescription } from '../transport/transport.ts';
import { joinConnectEntries } from './source-offset.ts';

/** What a store says about itself while no daemon answers. */
export interface StoredState {
  readonly path: string;
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

/** Reads the store beside a daemon or without one. Throws STORE_OPEN when there is none. */
export async function readStoredState(path: string, clock: Clock): Promise<StoredState> {
  await using transport = await openEmbeddedTransport({ path, readOnly: true, clock });
  return {
    path,
    sources: joinConnectEntries(await transport.listOffsets()),
    topics: await transport.listTopics(),
    groups: await transport.listGroups(),
    bytesUsed: transport.statistics()?.bytesUsed ?? null,
  };
}
