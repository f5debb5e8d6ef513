import { type ErrorPolicy, policy } from './error-policy.ts';

/** The errors of the Kafka transport and of the schema registry: a part of the one table. */
export const KAFKA_ERRORS = {
  KAFKA_CONNECT: policy(
    'backoff',
    3,
    503,
    'No Kafka broker can be reached.',
    'Check bootstrap.servers and security.protocol, that the brokers run, their advertised ' +
      'listeners, and the firewall.',
  ),
  KAFKA_AUTH: policy(
    'stop',
    3,
    401,
    'Kafka refused the login, or a certificate was not trusted.',
    'Check sasl.mechanism, sasl.jaas.config and the certificates of ssl.* properties.',
  ),
  KAFKA_ACCESS: policy(
    'stop',
    3,
    403,
    'The principal may not do this in Kafka.',
    'Add the ACL that the message names; the README lists all that are needed.',
  ),
  KAFKA_TOPIC: policy(
    'stop',
    3,
    409,
    'A topic is missing, cannot be created, or does not fit.',
    'Create the topic as the message says, or correct the topic.creation properties.',
  ),
  KAFKA_TIMEOUT: policy(
    'backoff',
    1,
    504,
    'Kafka did not answer, or did not acknowledge records in time.',
    'Look at the brokers: under-replicated partitions, disks, load. It is tried again.',
  ),
  KAFKA_FENCED: policy(
    'stop',
    1,
    409,
    'Another process with the same transactional id has taken over.',
    'Let only one daemon of that name run.',
  ),
  KAFKA_REBALANCE: policy(
    'backoff',
    1,
    409,
    'The consumer group gave the partition to another member.',
    'Nothing: what was not committed is read again by its new owner.',
  ),
  KAFKA_BROKER: policy(
    'backoff',
    1,
    502,
    'A Kafka broker answered with an error.',
    'Read the message: it has the name of the error and what was asked.',
  ),
  REGISTRY_CONNECT: policy(
    'backoff',
    3,
    503,
    'The schema registry cannot be reached, or answers with a server error.',
    'Check schema.registry.url and that the registry runs. It is tried again; nothing is lost.',
  ),
  REGISTRY_AUTH: policy(
    'stop',
    3,
    401,
    'The schema registry refused the login.',
    'Check basic.auth.credentials.source and basic.auth.user.info, or the bearer token.',
  ),
  REGISTRY_REFUSED: policy(
    'stop',
    3,
    422,
    'The schema registry refused a request.',
    'Read the message: it has what the registry said.',
  ),
} satisfies Readonly<Record<string, ErrorPolicy>>;
