import { expect, test } from 'vitest';
import { POSTGRES_OPTIONS } from '../../src/config/postgres-options.ts';
import { resolveOptions } from '../../src/config/resolve-options.ts';
import {
  type TopicCreationGroup,
  topicCreationGroup,
  topicCreationRules,
} from '../../src/config/topic-creation.ts';

const table = POSTGRES_OPTIONS.filter(({ name }) => name.startsWith('topic.creation.'));

function groups(properties: Readonly<Record<string, unknown>>): readonly TopicCreationGroup[] {
  const own: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(properties)) own[`topic.creation.${name}`] = value;
  return topicCreationRules(resolveOptions(table, own, 'source'));
}

test('without any property the broker decides', () => {
  const group = topicCreationGroup(groups({}), 'shop.public.orders');
  expect(group).toMatchObject({ partitions: -1, replicationFactor: -1, configs: {} });
});

test('the first group that takes the topic wins; default takes the rest', () => {
  const rules = groups({
    groups: 'keyed, wide',
    'default.partitions': 4,
    'default.replication.factor': 3,
    'default.cleanup.policy': 'delete',
    'keyed.include': 'shop\\.public\\.(orders|items),shop\\.crm\\..*',
    'keyed.exclude': 'shop\\.crm\\.log',
    'keyed.cleanup.policy': 'compact',
    'keyed.max.message.bytes': 2097152,
    'wide.include': 'shop\\..*',
    'wide.partitions': 12,
    'wide.replication.factor': -1,
  });
  const nameOf = (topic: string): string => topicCreationGroup(rules, topic).name;
  expect(nameOf('shop.public.orders')).toBe('keyed');
  // Anchored at both ends, as Java's matches().
  expect(nameOf('shop.public.orders2')).toBe('wide');
  expect(nameOf('shop.crm.log')).toBe('wide');
  expect(nameOf('other.shop.crm.x')).toBe('default');
  expect(nameOf('SHOP.public.orders')).toBe('default');
  expect(topicCreationGroup(rules, 'shop.crm.people')).toMatchObject({
    partitions: 4,
    replicationFactor: 3,
    configs: { 'cleanup.policy': 'compact', 'max.message.bytes': '2097152' },
  });
  expect(topicCreationGroup(rules, 'shop.x')).toMatchObject({
    partitions: 12,
    replicationFactor: -1,
    configs: {},
  });
  expect(topicCreationGroup(rules, 'x').configs).toEqual({ 'cleanup.policy': 'delete' });
});

test('of two groups, one the beginning of the other, each has its own', () => {
  const rules = groups({
    groups: 'a,a.b',
    'a.include': 'x',
    'a.b.include': 'y',
    'a.b.partitions': 2,
  });
  expect(topicCreationGroup(rules, 'y')).toMatchObject({ name: 'a.b', partitions: 2 });
  expect(topicCreationGroup(rules, 'x')).toMatchObject({ name: 'a', partitions: -1 });
});

test.each([
  [{ groups: 'a,a', 'a.include': 'x' }, 'has a twice'],
  [{ groups: 'default' }, 'has default, which is always there'],
  [{ groups: 'a' }, 'has a, which lacks topic.creation.a.include'],
  [{ 'b.include': 'x' }, 'lacks the group of topic.creation.b.include'],
  [{ 'default.include': 'x' }, 'cannot have topic.creation.default.include'],
  [{ groups: 'a', 'a.include': '(' }, 'topic.creation.a.include is not a regular expression'],
  [{ groups: 'a', 'a.include': 'x', 'a.partitions': '0' }, 'a.partitions is no number: at least 1'],
  [{ groups: 'a', 'a.include': 'x', 'a.partitions': 'x' }, 'a.partitions is no number'],
  [{ 'default.cleanup.polcy': 'compact' }, 'did you mean cleanup.policy?'],
])('%j is refused: %s', (properties, message) => {
  expect(() => groups(properties)).toThrow(message);
});

test('what only some brokers have goes to the broker', () => {
  const [group] = groups({ 'default.confluent.placement.constraints': '{}' });
  expect(group?.configs).toEqual({ 'confluent.placement.constraints': '{}' });
});
