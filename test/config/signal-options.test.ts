import { expect, test } from 'vitest';
import { POSTGRES_OPTIONS, POSTGRES_RULES } from '../../src/config/postgres-options.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';

function problemsOf(input: Record<string, string>): string[] {
  const required = {
    'connector.class': 'postgres',
    'database.hostname': 'h',
    'database.dbname': 'd',
    'database.user': 'u',
    'topic.prefix': 'shop',
  };
  const context = {
    where: 's',
    rules: POSTGRES_RULES,
    providers: { environment: {}, folder: '/' },
  };
  const { problems } = examineOptions(POSTGRES_OPTIONS, { ...required, ...input }, context);
  return problems.map(({ message }) => message);
}

test('signals come from channels that there are', () => {
  const all = 'source,kafka,file,jmx,in-process';
  expect(problemsOf({ 'signal.enabled.channels': all })).toEqual([]);
  expect(problemsOf({ 'signal.enabled.channels': 'source,sqs' })).toEqual([
    expect.stringContaining('has sqs; there are source, kafka, file, jmx and in-process'),
  ]);
});

test('notifications go to channels that there are, and a topic has a name', () => {
  const channels = 'notification.enabled.channels';
  const topic = 'notification.sink.topic.name';
  expect(problemsOf({ [channels]: 'log,jmx' })).toEqual([]);
  expect(problemsOf({ [channels]: 'sink', [topic]: 'shop-notices' })).toEqual([]);
  expect(problemsOf({ [channels]: 'log,http' })).toEqual([
    expect.stringContaining('has http; there are sink, log and jmx'),
  ]);
  expect(problemsOf({ [channels]: 'sink' })).toEqual([
    expect.stringContaining('give notification.sink.topic.name'),
  ]);
  expect(problemsOf({ [channels]: 'sink', [topic]: 'no tices' })).toEqual([
    expect.stringContaining('may have only letters'),
  ]);
  expect(problemsOf({ [topic]: 'shop-signal' })).toEqual([
    expect.stringContaining('must be two topics'),
  ]);
});

test('properties of a broker that there is not are accepted', () => {
  expect(
    problemsOf({
      'signal.kafka.bootstrap.servers': 'kafka:9092',
      'signal.kafka.groupId': 'g',
      'signal.consumer.security.protocol': 'SSL',
    }),
  ).toEqual([]);
});
