import { createHash } from 'node:crypto';
import { TidemarkError } from '../../../foundation/errors.ts';
import { uuidText } from '../../../model/gtid-set.ts';
import type { ReplicaIdentity } from './binlog-commands.ts';

/** A replica that the server lists (SHOW REPLICAS, SHOW SLAVE HOSTS). */
export interface KnownReplica {
  readonly serverId: number;
  readonly host: string;
  /** MariaDB, and servers before 5.6, have none. */
  readonly uuid: string | null;
}

/** Of the ids in use, as far as the account may see them. */
export interface IdsInUse {
  /** Of the server itself. */
  readonly serverId: number;
  /** Null: the account may not list them. */
  readonly replicas: readonly KnownReplica[] | null;
}

/** The upper half: people number their servers from below. */
const LOWEST_ID = 2 ** 31;
const IDS = 2 ** 31 - 1;
const ATTEMPTS = 16;
const HOST_BYTES = 60;

/**
 * Who we are to the server (PITFALLS B4): uuid and host follow from the pipeline's name alone, so
 * that a connection of ours that the server still holds is known as ours, and replaced. The id too,
 * unless another has it; one that was set by `database.server.id` is never changed, and makes two
 * pipelines of one name two replicas.
 */
export function replicaIdentity(
  pipeline: string,
  configuredId: number | undefined,
  inUse: IdsInUse,
): ReplicaIdentity {
  const uuid = uuidOf(configuredId === undefined ? pipeline : `${pipeline}\n${configuredId}`);
  const host = `tidemark-${pipeline}`.replaceAll(/[^\w.-]+/g, '_').slice(0, HOST_BYTES);
  if (configuredId !== undefined) {
    const other = otherWith(configuredId, uuid, host, inUse);
    if (other === null) return { serverId: configuredId, uuid, host };
    throw new TidemarkError(
      'MYSQL_REPLICA_ID_IN_USE',
      `database.server.id ${configuredId} is the id of ${other}`,
    );
  }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const serverId = derivedId(pipeline, attempt);
    if (otherWith(serverId, uuid, host, inUse) === null) return { serverId, uuid, host };
  }
  throw new TidemarkError(
    'MYSQL_REPLICA_ID_IN_USE',
    `all ${ATTEMPTS} ids that follow from the name of pipeline ${pipeline} are in use`,
    { cure: 'Set database.server.id to one that no other replica has: SHOW REPLICAS;' },
  );
}

function derivedId(pipeline: string, attempt: number): number {
  const digest = digestOf('server-id', attempt === 0 ? pipeline : `${pipeline}\n${attempt}`);
  return LOWEST_ID + (digest.readUInt32BE(0) % IDS);
}

/** Version 8: a hash of our own kind. */
function uuidOf(name: string): string {
  const bytes = digestOf('server-uuid', name);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return uuidText(bytes);
}

function digestOf(purpose: string, name: string): Buffer {
  return createHash('sha256').update(`tidemark ${purpose}\n${name}`).digest();
}

/** Who else has the id; null: nobody, or a connection of ours. */
function otherWith(
  serverId: number,
  uuid: string,
  host: string,
  { serverId: own, replicas }: IdsInUse,
): string | null {
  if (serverId === own) return 'the server itself';
  const other = replicas?.find((replica) => {
    const isOurs =
      replica.uuid === null ? replica.host === host : replica.uuid.toLowerCase() === uuid;
    return replica.serverId === serverId && !isOurs;
  });
  return other === undefined ? null : `the replica ${other.host || '(without a name)'}`;
}
