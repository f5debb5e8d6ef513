import { TidemarkError } from '../foundation/errors.ts';
import { tableName } from '../model/table-schema.ts';
import type { TableId } from '../model/table-schema.ts';

/** Kafka's limit; longer names are cut, as Debezium cuts them. */
const MAX_TOPIC_LENGTH = 249;

/** `<prefix>.<schema>.<table>` with every character that Kafka forbids replaced by `_`. */
export function dataTopic(prefix: string, table: TableId): string {
  return sanitizeTopic(`${prefix}.${tableName(table)}`);
}

/** Where heartbeats go. */
export function heartbeatTopic(prefix: string): string {
  return sanitizeTopic(`__debezium-heartbeat.${prefix}`);
}

/** Where transaction metadata goes. */
export function transactionTopic(prefix: string, name = 'transaction'): string {
  return sanitizeTopic(`${prefix}.${name}`);
}

/** Where logical messages go. */
export function messageTopic(prefix: string): string {
  return sanitizeTopic(`${prefix}.message`);
}

function sanitizeTopic(name: string): string {
  // By UTF-16 unit, as Java's chars: an emoji becomes two underscores.
  return name.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, MAX_TOPIC_LENGTH);
}

/**
 * Throws TOPIC_COLLISION when two of the tables would share a topic: replacing and cutting are not
 * reversible (`a b` and `a_b`), nor are the dots (`a.b`.`c` and `a`.`b.c`).
 */
export function checkTopicCollisions(prefix: string, tables: readonly TableId[]): void {
  const owners = new Map<string, TableId>();
  for (const table of tables) {
    const topic = dataTopic(prefix, table);
    const owner = owners.get(topic);
    if (owner !== undefined && !sameTable(owner, table)) {
      throw new TidemarkError(
        'TOPIC_COLLISION',
        `tables ${quoted(owner)} and ${quoted(table)} would both write to topic ${topic}`,
      );
    }
    owners.set(topic, table);
  }
}

function sameTable(a: TableId, b: TableId): boolean {
  return a.schema === b.schema && a.table === b.table;
}

function quoted(table: TableId): string {
  return `"${table.schema}"."${table.table}"`;
}
