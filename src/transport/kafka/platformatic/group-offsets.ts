import { offsetCommitV8, offsetFetchV7 } from '@platformatic/kafka';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { TopicPartition } from '../../transport.ts';
import type { PartitionOffset } from '../kafka-client.ts';
import { kafkaErrorName } from '../kafka-error-names.ts';
import { kafkaError } from '../kafka-errors.ts';
import type { BrokerConnections } from './broker-connections.ts';

/** The generation of whoever commits without being a member. */
export const NO_GENERATION = -1;

/** Commits from outside are taken only while the group has no members. */
const HAS_MEMBERS = new Set([
  'UNKNOWN_MEMBER_ID',
  'ILLEGAL_GENERATION',
  'REBALANCE_IN_PROGRESS',
  'NON_EMPTY_GROUP',
]);

/** As whom offsets are committed. */
export interface GroupMembership {
  readonly group: string;
  readonly generation: number;
  readonly member: string;
}

/** Committed offsets of a group, of all its partitions or of these. */
export async function committedOffsets(
  brokers: BrokerConnections,
  group: string,
  partitions: readonly TopicPartition[] | null,
): Promise<PartitionOffset[]> {
  const request = brokers.request(partitions === null ? 'DESCRIBE' : 'READ', `Group:${group}`);
  const topics =
    partitions === null
      ? null
      : [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, entries]) => ({
          name,
          partitionIndexes: entries.map(({ partition }) => partition),
        }));
  const code = (answer: OffsetFetchAnswer): number =>
    answer.errorCode ||
    (answer.topics.flatMap((topic) => topic.partitions).find(({ errorCode }) => errorCode !== 0)
      ?.errorCode ??
      0);
  // Offsets inside an open transaction are waited for: they would be missing.
  const answer = await brokers.atCoordinator(
    { group },
    request,
    (connection) => brokers.ask(offsetFetchV7, connection, [{ groupId: group, topics }], true),
    code,
  );
  const error = kafkaErrorName(code(answer));
  if (error === 'GROUP_ID_NOT_FOUND') return [];
  if (error !== 'NONE') throw kafkaError(error, request);
  return answer.topics.flatMap(({ name, partitions: found }) =>
    found
      .filter(({ committedOffset }) => committedOffset >= 0n)
      .map(({ partitionIndex, committedOffset }) => ({
        topic: name,
        partition: partitionIndex,
        offset: Number(committedOffset),
      })),
  );
}

type OffsetFetchAnswer = ReturnType<typeof offsetFetchV7.parseResponse>;

/** Throws KAFKA_REBALANCE when the group refuses the member. */
export async function commitOffsets(
  brokers: BrokerConnections,
  { group, generation, member }: GroupMembership,
  offsets: readonly PartitionOffset[],
): Promise<void> {
  const request = brokers.request('READ', `Group:${group}`);
  const topics = [...Map.groupBy(offsets, ({ topic }) => topic)].map(([name, entries]) => ({
    name,
    partitions: entries.map(({ partition, offset }) => ({
      partitionIndex: partition,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: -1,
      committedMetadata: '',
    })),
  }));
  const failed = (answer: OffsetCommitAnswer): { topic: string; code: number } | undefined =>
    answer.topics
      .flatMap(({ name, partitions }) =>
        partitions.map(({ errorCode }) => ({ topic: name, code: errorCode })),
      )
      .find(({ code }) => code !== 0);
  const answer = await brokers.atCoordinator(
    { group },
    request,
    (connection) =>
      brokers.ask(offsetCommitV8, connection, group, generation, member, null, topics),
    (result) => failed(result)?.code ?? 0,
  );
  const failure = failed(answer);
  if (failure === undefined) return;
  const error = kafkaErrorName(failure.code);
  if (HAS_MEMBERS.has(error) && generation === NO_GENERATION) throw hasMembers(group, 'set');
  const ofTopic = error.startsWith('TOPIC_') || error.startsWith('UNKNOWN_TOPIC');
  throw kafkaError(error, ofTopic ? brokers.request('READ', `Topic:${failure.topic}`) : request);
}

type OffsetCommitAnswer = ReturnType<typeof offsetCommitV8.parseResponse>;

/** The group cannot be changed from outside while it has members. */
export function hasMembers(group: string, what: string): TidemarkError {
  return new TidemarkError(
    'KAFKA_REBALANCE',
    `Group ${group} has members: its offsets cannot be ${what}.`,
    { cure: 'Stop the consumers of the group first.' },
  );
}
