import { nearestName } from './nearest-name.ts';
import type { ResolvedOptions } from './option.ts';
import { compilePattern, PatternError, splitPatterns } from './pattern-list.ts';

/** How topics of a group are created; -1 leaves a number to the broker. */
export interface TopicCreationGroup {
  readonly name: string;
  readonly include: readonly RegExp[];
  readonly exclude: readonly RegExp[];
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly configs: Readonly<Record<string, string>>;
}

/** What is wrong with the properties, as a sentence that follows `topic.creation.groups`. */
export class TopicCreationError extends Error {}

const PREFIX = 'topic.creation.';

/** Kafka's own; what a broker has besides goes to it as it is. */
const TOPIC_CONFIGS: readonly string[] = [
  'cleanup.policy',
  'compression.gzip.level',
  'compression.lz4.level',
  'compression.type',
  'compression.zstd.level',
  'delete.retention.ms',
  'file.delete.delay.ms',
  'flush.messages',
  'flush.ms',
  'follower.replication.throttled.replicas',
  'index.interval.bytes',
  'leader.replication.throttled.replicas',
  'local.retention.bytes',
  'local.retention.ms',
  'max.compaction.lag.ms',
  'max.message.bytes',
  'message.downconversion.enable',
  'message.format.version',
  'message.timestamp.after.max.ms',
  'message.timestamp.before.max.ms',
  'message.timestamp.difference.max.ms',
  'message.timestamp.type',
  'min.cleanable.dirty.ratio',
  'min.compaction.lag.ms',
  'min.insync.replicas',
  'preallocate',
  'remote.copy.disable',
  'remote.log.delete.on.disable',
  'remote.storage.enable',
  'retention.bytes',
  'retention.ms',
  'segment.bytes',
  'segment.index.bytes',
  'segment.jitter.ms',
  'segment.ms',
  'unclean.leader.election.enable',
];

const OF_GROUP = ['include', 'exclude', 'partitions', 'replication.factor'];

/** The groups in the order in which they are asked; `default` is the last and takes every topic. */
export function topicCreationRules(options: ResolvedOptions): readonly TopicCreationGroup[] {
  const names = options.list(`${PREFIX}groups`);
  const repeated = names.find((name, at) => names.indexOf(name) !== at);
  if (repeated !== undefined) throw new TopicCreationError(`has ${repeated} twice`);
  if (names.includes('default'))
    throw new TopicCreationError('has default, which is always there, after all others');
  const properties = propertiesByGroup(options, names);
  const last = groupOf('default', properties.get('default') ?? new Map(), {
    partitions: options.optionalNumber(`${PREFIX}default.partitions`) ?? -1,
    replicationFactor: options.optionalNumber(`${PREFIX}default.replication.factor`) ?? -1,
  });
  return [...names.map((name) => groupOf(name, properties.get(name) ?? new Map(), last)), last];
}

/** The first group that takes the topic. */
export function topicCreationGroup(
  groups: readonly TopicCreationGroup[],
  topic: string,
): TopicCreationGroup {
  const matches = (pattern: RegExp): boolean => pattern.test(topic);
  const found = groups.find(
    ({ include, exclude }) => include.some(matches) && !exclude.some(matches),
  );
  if (found === undefined) throw new RangeError('the groups have no default');
  return found;
}

type Properties = ReadonlyMap<string, string>;

/** A name may be the beginning of another with a dot: the longest wins. */
function propertiesByGroup(
  options: ResolvedOptions,
  groups: readonly string[],
): ReadonlyMap<string, Properties> {
  const longestFirst = [...groups, 'default'].toSorted((a, b) => b.length - a.length);
  const found = new Map<string, Map<string, string>>();
  for (const name of options.names()) {
    if (!name.startsWith(PREFIX) || name === `${PREFIX}groups`) continue;
    const rest = name.slice(PREFIX.length);
    const group = longestFirst.find((candidate) => rest.startsWith(`${candidate}.`));
    if (group === undefined)
      throw new TopicCreationError(`lacks the group of ${name}: add it, or remove the property`);
    const property = rest.slice(group.length + 1);
    // Two of the group default are numbers already.
    if (group === 'default' && OF_GROUP.slice(2).includes(property)) continue;
    if (group === 'default' && OF_GROUP.includes(property))
      throw new TopicCreationError(`cannot have ${name}: the group default takes all topics`);
    checkProperty(name, property);
    const own = found.get(group) ?? new Map<string, string>();
    found.set(group, own.set(property, options.string(name)));
  }
  return found;
}

/** Brokers may know more than Apache's do, so only what looks like a slip is refused. */
function checkProperty(name: string, property: string): void {
  const known = [...OF_GROUP, ...TOPIC_CONFIGS];
  if (known.includes(property)) return;
  const nearest = nearestName(property, known);
  if (nearest === undefined) return;
  throw new TopicCreationError(
    `has a group with ${name}, which no topic has: did you mean ${nearest}?`,
  );
}

function groupOf(
  name: string,
  properties: Properties,
  fallback: { readonly partitions: number; readonly replicationFactor: number },
): TopicCreationGroup {
  const patterns = (property: string): readonly RegExp[] =>
    patternsOf(`${PREFIX}${name}.${property}`, properties.get(property));
  const number = (property: string, otherwise: number): number =>
    numberOf(`${PREFIX}${name}.${property}`, properties.get(property), otherwise);
  if (name !== 'default' && !properties.has('include'))
    throw new TopicCreationError(`has ${name}, which lacks ${PREFIX}${name}.include`);
  return {
    name,
    include: name === 'default' ? [/^/] : patterns('include'),
    exclude: patterns('exclude'),
    partitions: number('partitions', fallback.partitions),
    replicationFactor: number('replication.factor', fallback.replicationFactor),
    configs: Object.fromEntries([...properties].filter(([key]) => !OF_GROUP.includes(key))),
  };
}

function patternsOf(name: string, text: string | undefined): readonly RegExp[] {
  if (text === undefined) return [];
  try {
    return splitPatterns(text).map((source) => compilePattern(source, ''));
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new TopicCreationError(`has a group whose ${name} ${error.message}`);
  }
}

function numberOf(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (Number.isInteger(value) && (value >= 1 || value === -1)) return value;
  throw new TopicCreationError(`has a group whose ${name} is no number: at least 1, or -1`);
}
