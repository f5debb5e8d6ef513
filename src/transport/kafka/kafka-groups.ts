import { TidemarkError, toTidemarkError } from '../../foundation/errors.ts';
import type { GroupDescription } from '../transport.ts';
import type { KafkaAdmin, PartitionOffset } from './kafka-client.ts';
import { checkRange } from './kafka-log-consumer.ts';

/** Groups of the cluster, or those of the names, with what they have still to read. */
export async function describeGroups(
  admin: KafkaAdmin,
  names?: readonly string[],
): Promise<readonly GroupDescription[]> {
  const described: GroupDescription[] = [];
  const groups = (await admin.groups()).filter((group) => names?.includes(group) ?? true);
  for (const group of groups) {
    const offsets = await admin.groupOffsets(group);
    const ends = await admin.offsets(offsets, 'latest');
    described.push({
      group,
      offsets: offsets.map((at) => ({ ...at, endOffset: offsetOf(ends, at.topic, at.partition) })),
    });
  }
  return described;
}

/** Throws GROUP_IN_USE while the group has a member, OFFSET_OUT_OF_RANGE beyond the end. */
export async function moveGroup(
  admin: KafkaAdmin,
  group: string,
  offsets: readonly PartitionOffset[],
): Promise<void> {
  const ends = await admin.offsets(offsets, 'latest');
  for (const at of offsets) checkRange(at, at.offset, 0, offsetOf(ends, at.topic, at.partition));
  try {
    await admin.setGroupOffsets(group, offsets);
  } catch (thrown) {
    const error = toTidemarkError(thrown, 'KAFKA_BROKER');
    if (error.code !== 'KAFKA_REBALANCE') throw error;
    const message = `the group ${group} has members`;
    throw new TidemarkError('GROUP_IN_USE', message, { cause: error });
  }
}

/** 0 where the partition is not among them. */
export function offsetOf(
  offsets: readonly PartitionOffset[],
  topic: string,
  partition: number,
): number {
  return offsets.find((at) => at.topic === topic && at.partition === partition)?.offset ?? 0;
}
