import { expect, test } from 'vitest';
import { TopicDirectory } from '../../../src/transport/kafka/topic-directory.ts';
import { scriptedAdmin } from './scripted-admin.ts';

const spec = (name: string) => ({ name, partitions: 4, replicationFactor: 2, configs: {} });

test('a missing topic is made once, and keeps its number', async () => {
  const admin = scriptedAdmin('there');
  const directory = new TopicDirectory(admin, spec);
  expect(await directory.open('there', {})).toEqual({ handle: 0, created: false });
  expect(await directory.open('new', {})).toEqual({ handle: 1, created: true });
  expect(await directory.open('new', {})).toEqual({ handle: 1, created: false });
  expect(admin.created.map(({ name }) => name)).toEqual(['new']);
  expect(directory.nameOf(1)).toBe('new');
  expect([directory.partitionsOf(0), directory.partitionsOf(1)]).toEqual([1, 4]);
  expect(directory.size).toBe(2);
});

test('partitions that were added are seen when it is opened again', async () => {
  const admin = scriptedAdmin('there');
  const directory = new TopicDirectory(admin, spec);
  await directory.open('there', {});
  admin.topics.set('there', { name: 'there', partitions: 6, replicationFactor: 1 });
  await directory.open('there', {});
  expect(directory.partitionsOf(0)).toBe(6);
});

// In a cluster of three a first start ended: the broker that was asked after the creation did not
// know the topic yet.
test('a topic that was just made need not be known to the next broker', async () => {
  const admin = scriptedAdmin();
  const directory = new TopicDirectory({ ...admin, describeTopics: async () => [] }, spec);
  expect(await directory.open('new', {})).toEqual({ handle: 0, created: true });
  expect(directory.partitionsOf(0)).toBe(4);
});

test('where nobody may create topics the error says which one is missing', async () => {
  const directory = new TopicDirectory(scriptedAdmin(), () => null);
  await expect(directory.open('gone', {})).rejects.toMatchObject({
    code: 'KAFKA_TOPIC',
    cure: 'Create gone, or set topic.creation.enable to true.',
  });
});
