import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, Kafka, logLevel } from 'kafkajs';
import { ResourcePatternTypes } from 'kafkajs';
import type { KafkaCluster } from './kafka-cluster.ts';
import { KAFKA_USERS } from './kafka-security.ts';
import { pem } from './tls-server.ts';

/** One right, as `kafka-acls.sh --add` gives it. */
export interface Acl {
  readonly operation: string;
  readonly resource: 'Topic' | 'Group' | 'TransactionalId' | 'Cluster';
  readonly name: string;
  readonly prefixed: boolean;
}

const OPERATIONS: Readonly<Record<string, AclOperationTypes>> = {
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
  Create: AclOperationTypes.CREATE,
  Describe: AclOperationTypes.DESCRIBE,
  DescribeConfigs: AclOperationTypes.DESCRIBE_CONFIGS,
  Delete: AclOperationTypes.DELETE,
};

const RESOURCES: Readonly<Record<Acl['resource'], AclResourceTypes>> = {
  Topic: AclResourceTypes.TOPIC,
  Group: AclResourceTypes.GROUP,
  TransactionalId: AclResourceTypes.TRANSACTIONAL_ID,
  Cluster: AclResourceTypes.CLUSTER,
};

/** The rights of a line of `kafka-acls.sh --add`; several operations are several rights. */
export function aclsOfLine(line: string): readonly Acl[] {
  const words = line.trim().split(/\s+/);
  const valueOf = (flag: string): string | undefined => {
    const at = words.indexOf(flag);
    return at < 0 ? undefined : words[at + 1];
  };
  const operations = words.flatMap((word, at) =>
    word === '--operation' ? [words[at + 1] ?? ''] : [],
  );
  const [resource, name] = [
    ['Topic', valueOf('--topic')] as const,
    ['Group', valueOf('--group')] as const,
    ['TransactionalId', valueOf('--transactional-id')] as const,
    ['Cluster', words.includes('--cluster') ? 'kafka-cluster' : undefined] as const,
  ].find(([, value]) => value !== undefined) ?? ['Cluster', undefined];
  if (name === undefined || operations.length === 0) throw new Error(`no ACL: ${line}`);
  const prefixed = valueOf('--resource-pattern-type') === 'prefixed';
  return operations.map((operation) => ({ operation, resource, name, prefixed }));
}

/** Gives a user of a secured cluster these rights, and takes away all others. */
export async function setAcls(
  cluster: KafkaCluster,
  user: string,
  acls: readonly Acl[],
): Promise<void> {
  const admin = new Kafka({
    clientId: 'acls',
    brokers: [cluster.bootstrapServers],
    ssl: { ca: pem('ca.pem') },
    sasl: { mechanism: 'plain', username: 'admin', password: KAFKA_USERS.admin },
    logLevel: logLevel.NOTHING,
  }).admin();
  await admin.connect();
  const principal = `User:${user}`;
  try {
    await admin.deleteAcls({
      filters: [
        {
          resourceType: AclResourceTypes.ANY,
          resourcePatternType: ResourcePatternTypes.ANY,
          principal,
          operation: AclOperationTypes.ANY,
          permissionType: AclPermissionTypes.ANY,
        },
      ],
    });
    if (acls.length === 0) return;
    await admin.createAcls({
      acl: acls.map(({ operation, resource, name, prefixed }) => ({
        resourceType: RESOURCES[resource],
        resourceName: name,
        resourcePatternType: prefixed
          ? ResourcePatternTypes.PREFIXED
          : ResourcePatternTypes.LITERAL,
        principal,
        host: '*',
        operation: OPERATIONS[operation] ?? AclOperationTypes.UNKNOWN,
        permissionType: AclPermissionTypes.ALLOW,
      })),
    });
  } finally {
    await admin.disconnect();
  }
}
