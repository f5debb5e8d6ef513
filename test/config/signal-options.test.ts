import { expect, test } from 'vitest';
import { sourceProblems } from '../support/examined-source.ts';

test('signals come from channels that there are', () => {
  const all = 'source,kafka,file,jmx,in-process';
  expect(sourceProblems({ 'signal.enabled.channels': all })).toEqual([]);
  expect(sourceProblems({ 'signal.enabled.channels': 'source,sqs' })).toEqual([
    expect.stringContaining('has sqs; there are source, kafka, file, jmx and in-process'),
  ]);
});

test('notifications go to channels that there are, and a topic has a name', () => {
  const channels = 'notification.enabled.channels';
  const topic = 'notification.sink.topic.name';
  expect(sourceProblems({ [channels]: 'log,jmx' })).toEqual([]);
  expect(sourceProblems({ [channels]: 'sink', [topic]: 'shop-notices' })).toEqual([]);
  expect(sourceProblems({ [channels]: 'log,http' })).toEqual([
    expect.stringContaining('has http; there are sink, log and jmx'),
  ]);
  expect(sourceProblems({ [channels]: 'sink' })).toEqual([
    expect.stringContaining('give notification.sink.topic.name'),
  ]);
  expect(sourceProblems({ [channels]: 'sink', [topic]: 'no tices' })).toEqual([
    expect.stringContaining('may have only letters'),
  ]);
  expect(sourceProblems({ [topic]: 'shop-signal' })).toEqual([
    expect.stringContaining('must be two topics'),
  ]);
});

test('properties of a broker that there is not are accepted', () => {
  expect(
    sourceProblems({
      'signal.kafka.bootstrap.servers': 'kafka:9092',
      'signal.kafka.groupId': 'g',
      'signal.consumer.security.protocol': 'SSL',
    }),
  ).toEqual([]);
});
