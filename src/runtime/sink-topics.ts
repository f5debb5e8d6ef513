import type { ResolvedOptions } from '../config/option.ts';
import { historyTopicOf } from '../config/schema-history-options.ts';
import { signalTopicOf } from '../config/signal-options.ts';
import { keepsTransactions } from '../config/sink-transaction-options.ts';
import { isRegexNaming } from '../config/topic-naming-options.ts';
import { heartbeatTopic, schemaChangeTopic } from '../envelope/topic-naming.ts';
import { fileTopics } from './file-source-options.ts';
import { holdingTopic, waitingTopic } from './held-topics.ts';
import { topicNamingOf } from './source-options.ts';
import { metadataTopic, withTopic } from './transaction-reading.ts';

/** Which topics of the source's a sink reads. */
export function sinkTopics(
  sink: ResolvedOptions,
  source: ResolvedOptions,
  /** Of all sinks: what one could not apply is nothing for another. */
  deadLetters: readonly string[] = [],
): readonly string[] | RegExp {
  if (!source.has('topic.prefix')) return fileTopics(sink, source);
  const prefix = source.string('topic.prefix');
  const history = historyTopicOf(source);
  const own = history === null ? [] : [history];
  const others = [signalTopicOf(source), ...own, ...deadLetters];
  const named = [heartbeatTopic(prefix, topicNamingOf(source)), schemaChangeTopic(prefix)];
  const renamed = isRegexNaming(source) ? named : null;
  const topics = topicsOf(sink, prefix, source.string('topic.delimiter'), others, renamed);
  return keepsTransactions(sink) ? withTopic(topics, metadataTopic(sink, source)) : topics;
}

/**
 * `topics` (exact names), `topics.regex` (anchored), or everything that the source writes; signals
 * are no records of its.
 */
export function topicsOf(
  sink: ResolvedOptions,
  topicPrefix: string,
  delimiter = '.',
  /** Topics that hold no records of the source. */
  others: readonly string[] = [],
  /** More of them, of a source whose topics may have any name; null: they begin with the prefix. */
  named: readonly string[] | null = null,
): readonly string[] | RegExp {
  const pattern = sink.optionalPattern('topics.regex');
  if (pattern !== undefined) return pattern;
  const topics = sink.list('topics');
  if (topics.length > 0) return topics;
  const exactly = (name: string): string => `${RegExp.escape(name)}$`;
  if (named !== null) {
    const names = [...named, ...others].filter((name) => name !== '').map(exactly);
    const held = [holdingTopic(''), waitingTopic('')].map((prefix) => RegExp.escape(prefix));
    return new RegExp(`^(?!${[...names, ...held].join('|')}).+$`);
  }
  const first = `${topicPrefix}${delimiter}`;
  const inside = others.filter((name) => name.startsWith(first)).map(exactly);
  const except = inside.length === 0 ? '' : `(?!${inside.join('|')})`;
  return new RegExp(`^${except}${RegExp.escape(topicPrefix)}${RegExp.escape(delimiter)}.*$`);
}
