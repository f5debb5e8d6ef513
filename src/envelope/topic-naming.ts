import { TidemarkError } from '../foundation/errors.ts';
import type { TableId } from '../model/table-schema.ts';

/** Kafka's limit; longer names are cut, as Debezium cuts them. */
const MAX_TOPIC_LENGTH = 249;

/** How topics are named: topic.delimiter, topic.naming.strategy and so on. */
export interface TopicNaming {
  readonly delimiter: string;
  /** What Kafka forbids becomes `_`; or `_uXXXX`, from which the name can be had back. */
  readonly forbidden: 'underscore' | 'unicode';
  /** First part of the topic of heartbeats. */
  readonly heartbeatPrefix: string;
  /** Last part of the topic of transactions. */
  readonly transaction: string;
}

export const DEFAULT_NAMING: TopicNaming = {
  delimiter: '.',
  forbidden: 'underscore',
  heartbeatPrefix: '__debezium-heartbeat',
  transaction: 'transaction',
};

/** `<prefix>.<schema>.<table>` with every character that Kafka forbids replaced. */
export function dataTopic(prefix: string, table: TableId, naming = DEFAULT_NAMING): string {
  const { delimiter, forbidden } = naming;
  const parts = [table.schema, table.table].map((part) =>
    forbidden === 'unicode' ? escaped(part) : part,
  );
  return sanitizeTopic([prefix, ...parts].join(delimiter));
}

/** Where heartbeats go. */
export function heartbeatTopic(prefix: string, naming = DEFAULT_NAMING): string {
  return sanitizeTopic(`${naming.heartbeatPrefix}${naming.delimiter}${prefix}`);
}

/** Where transaction metadata goes. */
export function transactionTopic(prefix: string, naming = DEFAULT_NAMING): string {
  return sanitizeTopic(`${prefix}${naming.delimiter}${naming.transaction}`);
}

/** The underscore begins an escape, so it is one itself. */
function escaped(name: string): string {
  return name.replaceAll(
    /[^A-Za-z0-9.-]/g,
    (unit) => `_u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
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
export function checkTopicCollisions(
  prefix: string,
  tables: readonly TableId[],
  naming = DEFAULT_NAMING,
): void {
  const owners = new Map<string, TableId>();
  for (const table of tables) {
    const topic = dataTopic(prefix, table, naming);
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
