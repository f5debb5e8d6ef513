import { AssignerProtocol } from 'kafkajs';

const { MemberMetadata, MemberAssignment } = AssignerProtocol;
const NO_USER_DATA = Buffer.alloc(0);

/** What a member tells its group that it wants to read. */
export function encodeTopics(topics: readonly string[]): Buffer {
  return MemberMetadata.encode({ version: 0, topics: [...topics], userData: NO_USER_DATA });
}

/** Reads what another member, of any client, tells. */
export function decodeTopics(metadata: Buffer): readonly string[] {
  return MemberMetadata.decode(metadata)?.topics ?? [];
}

/** What the leader of a group gives to a member. */
export function encodeAssignment(assignment: Record<string, number[]>): Buffer {
  return MemberAssignment.encode({ version: 0, assignment, userData: NO_USER_DATA });
}

/** Reads what a leader, of any client, gave to us; nothing is no bytes, too. */
export function decodeAssignment(bytes: Buffer): Readonly<Record<string, readonly number[]>> {
  return MemberAssignment.decode(bytes)?.assignment ?? {};
}
