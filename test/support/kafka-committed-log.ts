import { Connection, fetchV11, metadataV12, type RecordsBatch } from '@platformatic/kafka';

const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const FETCH_BYTES = 8_000_000;

/** A record that readers of committed records see. */
export interface CommittedRecord {
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

type FetchAnswer = Awaited<ReturnType<typeof fetchV11.api.async>>;
type FetchedPartition = FetchAnswer['responses'][number]['partitions'][number];

/**
 * Reads partitions up to their last stable offset, as it is at that moment, over bare requests of a
 * library: what any `read_committed` consumer has seen by then, and no more. Go on with `read` to
 * see what has come since.
 */
export class CommittedLog implements AsyncDisposable {
  readonly #servers: readonly string[];
  readonly #connections = new Map<string, Connection>();
  readonly #records = new Map<string, CommittedRecord[][]>();
  readonly #positions = new Map<string, bigint>();
  /** Producers in the middle of a transaction that was undone, by partition. */
  readonly #aborted = new Map<string, Set<bigint>>();

  constructor(bootstrapServers: string) {
    this.#servers = bootstrapServers.split(',');
  }

  /** All committed records of a topic by partition; an empty list when there is no such topic. */
  async read(topic: string): Promise<readonly (readonly CommittedRecord[])[]> {
    const leaders = await this.#leaders(topic);
    const known = this.#records.get(topic) ?? [];
    this.#records.set(topic, known);
    for (const [partition, address] of leaders.entries()) {
      known[partition] ??= [];
      while (!(await this.#fetch(topic, partition, address, known[partition])));
    }
    return known;
  }

  async #leaders(topic: string): Promise<string[]> {
    let failure: unknown = new Error('no servers');
    for (const server of this.#servers) {
      try {
        const connection = await this.#connect(server);
        const answer = await metadataV12.api.async(connection, [topic], false, false);
        const brokers = new Map(answer.brokers.map((b) => [b.nodeId, `${b.host}:${b.port}`]));
        const partitions = answer.topics[0]?.partitions ?? [];
        return partitions
          .toSorted((a, b) => a.partitionIndex - b.partitionIndex)
          .map(({ leaderId }) => brokers.get(leaderId) ?? '');
      } catch (error) {
        if (isUnknownTopic(error)) return [];
        failure = error;
      }
    }
    throw failure;
  }

  async #connect(address: string): Promise<Connection> {
    const open = this.#connections.get(address);
    if (open?.isConnected() === true) return open;
    const connection = new Connection('committed-log');
    connection.on('error', () => undefined);
    const at = address.lastIndexOf(':');
    await connection.connect(address.slice(0, at), Number(address.slice(at + 1)));
    this.#connections.set(address, connection);
    return connection;
  }

  /** True at the end. */
  async #fetch(
    topic: string,
    partition: number,
    address: string,
    into: CommittedRecord[],
  ): Promise<boolean> {
    const connection = await this.#connect(address);
    const place = `${topic}-${partition}`;
    const position = this.#positions.get(place) ?? 0n;
    const at = { partition, currentLeaderEpoch: -1, fetchOffset: position, lastFetchedEpoch: -1 };
    const wanted = { ...at, logStartOffset: -1n, partitionMaxBytes: FETCH_BYTES };
    const topics = [{ topic, topicId: topic, partitions: [wanted] }] as never;
    const sent = [connection, 0, 1, FETCH_BYTES, 1, 0, -1, topics, [], ''] as const;
    const answer = await fetchV11.api.async(...(sent as never as Parameters<FetchOf>));
    const found = answer.responses[0]?.partitions[0];
    if (found === undefined) throw new Error(`no answer for ${place}`);
    const next = this.#take(place, found, position, into);
    this.#positions.set(place, next);
    return next === position || next >= found.lastStableOffset;
  }

  #take(
    place: string,
    { records, abortedTransactions }: FetchedPartition,
    position: bigint,
    into: CommittedRecord[],
  ): bigint {
    const aborted = this.#aborted.get(place) ?? new Set<bigint>();
    this.#aborted.set(place, aborted);
    const begun = (abortedTransactions ?? []).toSorted((a, b) =>
      Number(a.firstOffset - b.firstOffset),
    );
    let next = position;
    for (const batch of records ?? []) {
      const last = batch.firstOffset + BigInt(batch.lastOffsetDelta);
      while (begun[0] !== undefined && begun[0].firstOffset <= last) {
        aborted.add(begun.shift()?.producerId ?? -1n);
      }
      if ((batch.attributes & CONTROL) !== 0) {
        // A marker ends the transaction, whichever it is.
        aborted.delete(batch.producerId);
      } else if ((batch.attributes & TRANSACTIONAL) === 0 || !aborted.has(batch.producerId)) {
        into.push(...committed(batch, position));
      }
      next = last + 1n;
    }
    return next;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections.values()) {
      await connection.close().catch(() => undefined);
    }
  }
}

type FetchOf = typeof fetchV11.api.async;

function committed(batch: RecordsBatch, position: bigint): CommittedRecord[] {
  return batch.records
    .map(({ offsetDelta, key, value }) => ({
      offset: Number(batch.firstOffset) + offsetDelta,
      key,
      value,
    }))
    .filter(({ offset }) => offset >= Number(position));
}

/** UNKNOWN_TOPIC_OR_PARTITION somewhere in what the library throws. */
function isUnknownTopic(error: unknown): boolean {
  return JSON.stringify(error)?.includes('UNKNOWN_TOPIC_OR_PARTITION') ?? false;
}
