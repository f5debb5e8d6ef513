import { expect, test } from 'vitest';
import { Lifecycle } from '../../../src/foundation/lifecycle.ts';
import { TopicWatch } from '../../../src/transport/kafka/topic-watch.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { scriptedAdmin } from './scripted-admin.ts';

const topic = (name: string) => ({ name, partitions: 1, replicationFactor: 1 });

test('names and patterns over the whole name find what is there', async () => {
  const watch = new TopicWatch(
    scriptedAdmin('shop.b', 'shop.a', 'workshop.a', 'shop.state'),
    ['shop.state'],
    () => undefined,
  );
  await watch.refresh();
  expect(watch.matching(/shop\..|none/)).toEqual(['shop.a', 'shop.b']);
  expect(watch.matching(['shop.b', 'later'])).toEqual(['shop.b']);
});

test('what came or went is told, once', async () => {
  const admin = scriptedAdmin('a');
  let told = 0;
  const watch = new TopicWatch(admin, [], () => told++);
  await watch.refresh();
  await watch.refresh();
  expect([told, watch.version]).toEqual([1, 1]);
  admin.topics.set('b', topic('b'));
  await watch.refresh();
  admin.topics.delete('a');
  await watch.refresh();
  expect([told, watch.version]).toEqual([3, 3]);
});

test('it looks at intervals, and again after a look that failed', async () => {
  const admin = scriptedAdmin('a');
  const clock = new FakeClock();
  await using lifecycle = new Lifecycle(clock);
  const looked = Promise.withResolvers<void>();
  const watch = new TopicWatch(admin, [], () => {
    looked.resolve();
  });
  let failures = 1;
  const describeTopics = admin.describeTopics.bind(admin);
  admin.describeTopics = (names) =>
    failures-- > 0 ? Promise.reject(new Error('down')) : describeTopics(names);
  watch.start(lifecycle, 1000);
  clock.advance(1000);
  await expect.poll(() => failures).toBe(0);
  await expect
    .poll(() => {
      clock.advance(1000);
      return watch.matching(/.*/);
    })
    .toEqual(['a']);
  await looked.promise;
});
