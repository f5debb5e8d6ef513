import { TidemarkError } from '../foundation/errors.ts';
import type { TableId, TableSchema } from '../model/table-schema.ts';

/** Kafka's limit; longer names are cut, as Debezium cuts them. */
const MAX_TOPIC_LENGTH = 249;

/** How topics are named: topic.delimiter, topic.naming.strategy and so on. */
export interface TopicNaming {
  readonly delimiter: string;
  /** The name of the schema stands in the topic; absent: true. */
  readonly withSchema?: boolean;
  /** What Kafka forbids becomes `_`; or `_uXXXX`, from which the name can be had back. */
  readonly forbidden: 'underscore' | 'unicode';
  /** topic.regex; absent: names stay. */
  readonly routing?: TopicRouting;
  /** First part of the topic of heartbeats. */
  readonly heartbeatPrefix: string;
  /** The whole name of this topic; absent: made of its first part and the prefix. */
  readonly heartbeatName?: string;
  /** Last part of the topic of transactions. */
  readonly transaction: string;
  /** Topics of notifications and signals: no table may write to them. */
  readonly taken?: readonly string[];
}

/** Topics by other names, so that tables may share one. */
export interface TopicRouting {
  /** Null or empty: the name stays. */
  readonly rename: (topic: string) => string | null;
  /** The field of keys that tells the table; null: keys stay as they are. */
  readonly key: {
    readonly field: string;
    /** Of the name that the topic had; null: all of it. */
    readonly identifier: (topic: string) => string | null;
  } | null;
}

export const DEFAULT_NAMING: TopicNaming = {
  delimiter: '.',
  forbidden: 'underscore',
  heartbeatPrefix: '__debezium-heartbeat',
  transaction: 'transaction',
};

/** `<prefix>.<schema or database>.<table>` with every character that Kafka forbids replaced. */
export function dataTopic(prefix: string, table: TableId, naming = DEFAULT_NAMING): string {
  const { forbidden, routing } = naming;
  const topic = sanitizeTopic(originalTopic(prefix, table, naming, forbidden === 'unicode'));
  const renamed = routing?.rename(topic) ?? '';
  return renamed === '' ? topic : sanitizeTopic(renamed);
}

/** What the key of this table's records has beside the table's own fields; null: nothing. */
export function keyIdentifier(
  prefix: string,
  table: TableId,
  naming = DEFAULT_NAMING,
): { readonly field: string; readonly value: string } | null {
  const key = naming.routing?.key ?? null;
  if (key === null) return null;
  const topic = originalTopic(prefix, table, naming, false);
  return { field: key.field, value: key.identifier(topic) ?? topic };
}

function originalTopic(
  prefix: string,
  table: TableId,
  { delimiter, withSchema = true }: TopicNaming,
  escapes: boolean,
): string {
  const names = withSchema ? [table.schema, table.table] : [table.table];
  const topic = [prefix, ...names].join(delimiter);
  // All of it, the prefix too, as in the original.
  return escapes ? escaped(topic) : topic;
}

/** Where heartbeats go. */
export function heartbeatTopic(prefix: string, naming = DEFAULT_NAMING): string {
  const { heartbeatName, heartbeatPrefix, delimiter } = naming;
  return sanitizeTopic(heartbeatName ?? `${heartbeatPrefix}${delimiter}${prefix}`);
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

/** Where schema changes of MySQL and MariaDB go. */
export function schemaChangeTopic(prefix: string): string {
  return sanitizeTopic(prefix);
}

/** Where logical messages go. */
export function messageTopic(prefix: string): string {
  return sanitizeTopic(`${prefix}.message`);
}

function sanitizeTopic(name: string): string {
  // By UTF-16 unit, as Java's chars: an emoji becomes two underscores.
  return name.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, MAX_TOPIC_LENGTH);
}

/** As much of a table as decides whether it can share a topic. */
export type NamedTable = Pick<TableSchema, 'id'> & Partial<Pick<TableSchema, 'keyColumns'>>;

/**
 * Throws TOPIC_COLLISION when two of the tables would share a topic: replacing and cutting are not
 * reversible (`a b` and `a_b`), nor are the dots (`a.b`.`c` and `a`.`b.c`). Where topic.regex means
 * them to, the tables need keys, and `truncates` may not be written: one table's would empty both.
 */
export function checkTopicCollisions(
  prefix: string,
  tables: readonly NamedTable[],
  naming = DEFAULT_NAMING,
  truncates = true,
): void {
  const owners = new Map<string, NamedTable>();
  const others = [heartbeatTopic(prefix, naming), transactionTopic(prefix, naming)];
  for (const table of tables) {
    const topic = dataTopic(prefix, table.id, naming);
    if ([...others, messageTopic(prefix), ...(naming.taken ?? [])].includes(topic)) {
      throw new TidemarkError(
        'TOPIC_COLLISION',
        `table ${quoted(table.id)} would write to topic ${topic}, which has other records`,
      );
    }
    const owner = owners.get(topic);
    if (owner !== undefined && !sameTable(owner.id, table.id)) {
      checkShared(topic, [owner, table], naming, truncates);
    }
    owners.set(topic, table);
  }
}

function checkShared(
  topic: string,
  both: readonly [NamedTable, NamedTable],
  naming: TopicNaming,
  truncates: boolean,
): void {
  const names = `tables ${both.map(({ id }) => quoted(id)).join(' and ')}`;
  if (naming.routing === undefined) {
    throw new TidemarkError('TOPIC_COLLISION', `${names} would both write to topic ${topic}`);
  }
  const keyless = both.find(({ keyColumns }) => keyColumns?.length === 0);
  if (keyless !== undefined) {
    throw new TidemarkError(
      'TOPIC_COLLISION',
      `${names} share topic ${topic}, and ${quoted(keyless.id)} has no key to tell its rows by`,
      { cure: 'Name key columns with message.key.columns, or let topic.regex leave it out.' },
    );
  }
  if (truncates) {
    throw new TidemarkError(
      'TOPIC_COLLISION',
      `${names} share topic ${topic}: a TRUNCATE of one would empty both in a target`,
      { cure: 'skipped.operations: t' },
    );
  }
}

function sameTable(a: TableId, b: TableId): boolean {
  return a.schema === b.schema && a.table === b.table;
}

function quoted(table: TableId): string {
  return `"${table.schema}"."${table.table}"`;
}
