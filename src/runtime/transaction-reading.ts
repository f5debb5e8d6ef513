import type { ResolvedOptions } from '../config/option.ts';
import type { ConnectorConfig } from '../config/pipeline-config.ts';
import { keepsTransactions } from '../config/sink-transaction-options.ts';
import { dataTopic, DEFAULT_NAMING, transactionTopic } from '../envelope/topic-naming.ts';
import { topicNamingOf } from './source-options.ts';
import { WholeTransactions, type WholeTransactionsParts } from './whole-transactions.ts';

type Around = Omit<WholeTransactionsParts, 'settings' | 'consumes'> & {
  readonly topics: readonly string[] | RegExp;
};

/** How a sink with `transaction.mode: source` reads; nothing for others. */
export function transactionReading(
  source: ConnectorConfig,
  options: ResolvedOptions,
  around: Around,
): { readonly openTransactions?: () => WholeTransactions } {
  if (!keepsTransactions(options)) return {};
  const { topics } = around;
  const settings = {
    metadataTopic: metadataTopic(options, source.options),
    topicOf: collectionTopic(options, source.options),
    maxRows: options.number('transaction.max.rows'),
    bufferBytes: options.number('transaction.buffer.bytes'),
    waitMs: options.number('transaction.wait.ms'),
  };
  const consumes = (topic: string): boolean =>
    topics instanceof RegExp ? topics.test(topic) : topics.includes(topic);
  return { openTransactions: () => new WholeTransactions({ ...around, settings, consumes }) };
}

/** `transaction.metadata.topic`, or that of the source in the same file. */
export function metadataTopic(sink: ResolvedOptions, source: ResolvedOptions): string {
  const own = transactionTopic(source.string('topic.prefix'), topicNamingOf(source));
  return sink.optionalString('transaction.metadata.topic') ?? own;
}

/** The topics, and one more. */
export function withTopic(topics: readonly string[] | RegExp, topic: string) {
  if (!(topics instanceof RegExp)) return topics.includes(topic) ? topics : [...topics, topic];
  if (topics.test(topic)) return topics;
  return new RegExp(`${topics.source}|^${RegExp.escape(topic)}$`, topics.flags);
}

/**
 * Where the records of a data collection are. Another program's topics are taken to have the
 * original's names: the prefix of that of metadata, and the collection.
 */
function collectionTopic(
  sink: ResolvedOptions,
  source: ResolvedOptions,
): (collection: string) => string {
  const other = sink.optionalString('transaction.metadata.topic');
  const prefix = source.string('topic.prefix');
  const naming = topicNamingOf(source);
  const isOwn = other === undefined || other === transactionTopic(prefix, naming);
  return (collection) => {
    const [schema = '', ...table] = collection.split('.');
    const id = { catalog: '', schema, table: table.join('.') };
    if (isOwn) return dataTopic(prefix, id, naming);
    return dataTopic(other.split('.').slice(0, -1).join('.'), id, DEFAULT_NAMING);
  };
}
