import { TidemarkError } from '../foundation/errors.ts';
import type { SinkPosition } from '../model/sink-record.ts';
import type { TopicDescription, Transport } from '../transport/transport.ts';

/** Where a sink is to go on. */
export type OffsetGoal =
  | { readonly kind: 'earliest' }
  | { readonly kind: 'latest' }
  /** The first record with that timestamp or a later one. */
  | { readonly kind: 'timestamp'; readonly timestampMs: number }
  | { readonly kind: 'offset'; readonly offset: number };

/** Which partitions move, and where to. */
export interface MoveRequest {
  readonly group: string;
  readonly covers: (topic: string) => boolean;
  /** Null: all that the sink reads. */
  readonly topic: string | null;
  /** Null: all of the topic. */
  readonly partition: number | null;
  readonly goal: OffsetGoal;
}

/** A partition as it stands and as it will. */
export interface PartitionMove {
  readonly topic: string;
  readonly partition: number;
  readonly generation: number;
  readonly startOffset: number;
  readonly endOffset: number;
  /** Committed by the group; null: nothing yet. */
  readonly groupOffset: number | null;
  /** What the target keeps, which decides; null: it has nothing of the partition. */
  readonly targetOffset: number | null;
  readonly after: number;
}

/** The target's own offsets. */
export interface TargetOffsets {
  read(): Promise<readonly SinkPosition[]>;
  /** Partitions that the target has nothing of are passed over. */
  move(positions: readonly SinkPosition[]): Promise<void>;
}

/** What would be moved. Throws TOPIC_UNKNOWN, OFFSET_OUT_OF_RANGE. */
export async function planMoves(
  transport: Transport,
  target: TargetOffsets,
  request: MoveRequest,
): Promise<readonly PartitionMove[]> {
  const topics = await chosenTopics(transport, request);
  const stored = new Map((await target.read()).map((one) => [keyOf(one), one]));
  const groups = await transport.listGroups();
  const group = groups.find((one) => one.group === request.group);
  const committed = new Map(group?.offsets.map((one) => [keyOf(one), one.offset]));
  const moves: PartitionMove[] = [];
  for (const topic of topics) {
    const after = await offsetsOf(transport, topic, request);
    for (const { partition, startOffset, endOffset } of topic.partitions) {
      if (request.partition !== null && request.partition !== partition) continue;
      const key = keyOf({ topic: topic.name, partition });
      const known = stored.get(key);
      if (known !== undefined && known.generation > topic.generation) throw olderLog(topic.name);
      moves.push({
        topic: topic.name,
        partition,
        generation: topic.generation,
        startOffset,
        endOffset,
        groupOffset: committed.get(key) ?? null,
        targetOffset: known?.offset ?? null,
        // Records of that time may be of an older generation, which no sink reads.
        after: Math.max(startOffset, after.get(partition) ?? endOffset),
      });
    }
  }
  return moves;
}

/**
 * Invariant: the group's offset is never ahead of the target's.
 * Why: retention may drop what is below the group's offset (ruling 8), and only the target knows
 * what was applied.
 * What breaks otherwise: a crash between the two steps lets retention drop records that the target
 * still wants.
 *
 * So what goes back is moved in the group first, what goes forward in the target first; the command
 * may be repeated after a crash at any point. The group also knows whether a daemon runs, so it is
 * asked before the target is touched. Throws GROUP_IN_USE.
 */
export async function applyMoves(
  transport: Transport,
  target: TargetOffsets,
  group: string,
  moves: readonly PartitionMove[],
): Promise<void> {
  if (moves.length === 0) return;
  const low = moves.map((move) => ({
    topic: move.topic,
    partition: move.partition,
    offset: Math.min(move.groupOffset ?? move.startOffset, move.after),
  }));
  await transport.setGroupOffsets(group, low);
  await target.move(
    moves.map(({ topic, partition, generation, after }) => ({
      topic,
      partition,
      generation,
      offset: after,
    })),
  );
  const wanted = moves.map(({ topic, partition, after }) => ({ topic, partition, offset: after }));
  await transport.setGroupOffsets(group, wanted);
}

async function chosenTopics(
  transport: Transport,
  { topic, partition, covers }: MoveRequest,
): Promise<readonly TopicDescription[]> {
  const all = (await transport.listTopics()).filter(({ name }) => covers(name));
  const names = all.map(({ name }) => name).toSorted();
  if (topic === null) return all;
  const chosen = all.find(({ name }) => name === topic);
  if (chosen === undefined) {
    throw new TidemarkError('TOPIC_UNKNOWN', `the sink reads no topic ${topic}`, {
      cure: names.length === 0 ? 'It has none yet.' : `It reads: ${names.join(', ')}.`,
    });
  }
  const count = chosen.partitions.length;
  if (partition !== null && partition >= count) {
    throw new TidemarkError('TOPIC_UNKNOWN', `${topic} has no partition ${partition}`, {
      cure: `It has ${count}, counted from 0.`,
    });
  }
  return [chosen];
}

async function offsetsOf(
  transport: Transport,
  topic: TopicDescription,
  { goal, partition: only }: MoveRequest,
): Promise<ReadonlyMap<number, number>> {
  switch (goal.kind) {
    case 'earliest':
      return new Map(topic.partitions.map((one) => [one.partition, one.startOffset]));
    case 'latest':
      return new Map(topic.partitions.map((one) => [one.partition, one.endOffset]));
    case 'timestamp': {
      const found = await transport.offsetsAt(topic.name, goal.timestampMs);
      return new Map(found.map(({ partition, offset }) => [partition, offset]));
    }
    case 'offset':
      for (const { partition, startOffset, endOffset } of topic.partitions) {
        if (only !== null && only !== partition) continue;
        if (goal.offset >= startOffset && goal.offset <= endOffset) continue;
        throw new TidemarkError(
          'OFFSET_OUT_OF_RANGE',
          `offset ${goal.offset} of ${topic.name}/${partition} is outside ` +
            `${startOffset} to ${endOffset}`,
        );
      }
      return new Map(topic.partitions.map(({ partition }) => [partition, goal.offset]));
  }
}

function olderLog(topic: string): TidemarkError {
  return new TidemarkError(
    'OFFSET_OUT_OF_RANGE',
    `the target holds rows of a later snapshot of ${topic} than this log`,
    { cure: 'Name the pipeline file of the log that wrote them.' },
  );
}

function keyOf({ topic, partition }: { readonly topic: string; readonly partition: number }) {
  return `${topic}/${partition}`;
}
