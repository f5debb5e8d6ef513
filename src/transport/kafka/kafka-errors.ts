import type { ErrorCode } from '../../foundation/error-table.ts';
import { type ErrorDetails, TidemarkError } from '../../foundation/errors.ts';
import type { KafkaConnection } from './kafka-client.ts';
import { kafkaErrorName } from './kafka-error-names.ts';

/** Operations as ACLs name them. */
export type KafkaOperation =
  | 'READ'
  | 'WRITE'
  | 'CREATE'
  | 'DELETE'
  | 'ALTER'
  | 'DESCRIBE'
  | 'DESCRIBE_CONFIGS'
  | 'ALTER_CONFIGS'
  | 'IDEMPOTENT_WRITE';

/** What was asked of Kafka when it answered with an error. */
export interface KafkaRequest {
  readonly operation: KafkaOperation;
  /** `Topic:orders`, `Group:g`, `TransactionalId:t` or `Cluster`. */
  readonly resource: string;
  /** Who we are to the brokers, e.g. `User:alice`, where that is known. */
  readonly principal?: string | undefined;
  /** `host:port` list for the command that cures. */
  readonly bootstrapServers?: readonly string[] | undefined;
}

/** What is asked over a connection. Who a token stands for only the brokers know. */
export function kafkaRequest(
  { sasl, bootstrapServers }: KafkaConnection,
  operation: KafkaOperation,
  resource: string,
): KafkaRequest {
  const isNamed = sasl !== null && sasl.mechanism !== 'OAUTHBEARER';
  const principal = isNamed ? `User:${sasl.username}` : undefined;
  return { operation, resource, principal, bootstrapServers };
}

const ACCESS = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
]);

const CODES: Readonly<Record<string, ErrorCode>> = {
  PRODUCER_FENCED: 'KAFKA_FENCED',
  INVALID_PRODUCER_EPOCH: 'KAFKA_FENCED',
  FENCED_INSTANCE_ID: 'KAFKA_FENCED',
  TRANSACTION_COORDINATOR_FENCED: 'KAFKA_FENCED',
  INVALID_PRODUCER_ID_MAPPING: 'KAFKA_FENCED',
  SASL_AUTHENTICATION_FAILED: 'KAFKA_AUTH',
  UNSUPPORTED_SASL_MECHANISM: 'KAFKA_AUTH',
  ILLEGAL_SASL_STATE: 'KAFKA_AUTH',
  SECURITY_DISABLED: 'KAFKA_AUTH',
  UNKNOWN_TOPIC_OR_PARTITION: 'KAFKA_TOPIC',
  UNKNOWN_TOPIC_ID: 'KAFKA_TOPIC',
  INVALID_TOPIC_EXCEPTION: 'KAFKA_TOPIC',
  INVALID_PARTITIONS: 'KAFKA_TOPIC',
  INVALID_REPLICATION_FACTOR: 'KAFKA_TOPIC',
  INVALID_REPLICA_ASSIGNMENT: 'KAFKA_TOPIC',
  INVALID_CONFIG: 'KAFKA_TOPIC',
  POLICY_VIOLATION: 'KAFKA_TOPIC',
  TOPIC_ALREADY_EXISTS: 'KAFKA_TOPIC',
  TOPIC_DELETION_DISABLED: 'KAFKA_TOPIC',
  INVALID_RECORD: 'KAFKA_TOPIC',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'KAFKA_TOPIC',
  REQUEST_TIMED_OUT: 'KAFKA_TIMEOUT',
  NOT_ENOUGH_REPLICAS: 'KAFKA_TIMEOUT',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'KAFKA_TIMEOUT',
  NETWORK_EXCEPTION: 'KAFKA_CONNECT',
  BROKER_NOT_AVAILABLE: 'KAFKA_CONNECT',
  MESSAGE_TOO_LARGE: 'RECORD_TOO_LARGE',
  RECORD_LIST_TOO_LARGE: 'RECORD_TOO_LARGE',
  REBALANCE_IN_PROGRESS: 'KAFKA_REBALANCE',
  ILLEGAL_GENERATION: 'KAFKA_REBALANCE',
  UNKNOWN_MEMBER_ID: 'KAFKA_REBALANCE',
  OFFSET_OUT_OF_RANGE: 'OFFSET_OUT_OF_RANGE',
};

/** The error for what Kafka answered: `error` is a code of its protocol or the name of one. */
export function kafkaError(
  error: number | string,
  request: KafkaRequest,
  details: ErrorDetails & { readonly says?: string | null | undefined } = {},
): TidemarkError {
  const name = typeof error === 'number' ? kafkaErrorName(error) : error;
  const { says, ...rest } = details;
  const code = ACCESS.has(name) ? 'KAFKA_ACCESS' : (CODES[name] ?? 'KAFKA_BROKER');
  const said = says === undefined || says === null || says === '' ? '' : `: ${says}`;
  const cure = rest.cure ?? cureOf(name, request);
  return new TidemarkError(code, `${messageOf(name, request)}${said}`, {
    ...rest,
    ...(cure === undefined ? {} : { cure }),
  });
}

function messageOf(name: string, request: KafkaRequest): string {
  const { operation, resource } = request;
  if (ACCESS.has(name)) {
    const who = request.principal ?? 'The principal';
    return `${who} may not ${operation} ${refusedResource(name, resource)} (${name})`;
  }
  if (CODES[name] === 'RECORD_TOO_LARGE') {
    return `A record is larger than max.message.bytes of ${resource} allows (${name})`;
  }
  return `Kafka answered ${name} to ${operation} of ${resource}`;
}

/** A request for one resource may be refused for another, which the name of the error tells. */
function refusedResource(name: string, resource: string): string {
  return name.startsWith('CLUSTER') ? 'Cluster' : resource;
}

function cureOf(name: string, request: KafkaRequest): string | undefined {
  if (ACCESS.has(name)) return aclCommand(refusedResource(name, request.resource), request);
  const topic = request.resource.startsWith('Topic:') ? request.resource.slice(6) : null;
  if (topic === null) return undefined;
  if (CODES[name] === 'RECORD_TOO_LARGE') {
    return (
      `Raise it: kafka-configs.sh ${bootstrapFlag(request)} --alter --topic ${quoted(topic)} ` +
      '--add-config max.message.bytes=<bytes>; or leave the large column out.'
    );
  }
  if (name.startsWith('UNKNOWN_TOPIC')) {
    return `Create it: kafka-topics.sh ${bootstrapFlag(request)} --create --topic ${quoted(topic)}`;
  }
  return undefined;
}

const FLAGS: Readonly<Record<string, string>> = {
  Topic: '--topic',
  Group: '--group',
  TransactionalId: '--transactional-id',
};

/** The exact `kafka-acls.sh --add` line for an operation on a resource. */
function aclCommand(resource: string, request: KafkaRequest): string {
  const colon = resource.indexOf(':');
  const kind = colon < 0 ? resource : resource.slice(0, colon);
  const name = colon < 0 ? '' : resource.slice(colon + 1);
  const flag = FLAGS[kind];
  const target = flag === undefined ? '--cluster' : `${flag} ${quoted(name)}`;
  const operation = request.operation
    .split('_')
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join('');
  const principal = quoted(request.principal ?? 'User:<principal>');
  return (
    `kafka-acls.sh ${bootstrapFlag(request)} --add --allow-principal ${principal} ` +
    `--operation ${operation} ${target}`
  );
}

function bootstrapFlag(request: KafkaRequest): string {
  return `--bootstrap-server ${request.bootstrapServers?.join(',') ?? '<broker>'}`;
}

/** For a shell. */
function quoted(text: string): string {
  return /^[\w.:=@/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
