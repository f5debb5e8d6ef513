import { describe, expect, test } from 'vitest';
import { must } from '../../../src/foundation/assert.ts';
import { openEmbeddedTransport } from '../../../src/transport/embedded/embedded-transport.ts';
import {
  GroupTable,
  matcher,
  subscriptionOf,
} from '../../../src/transport/embedded/group-table.ts';
import { Store } from '../../../src/transport/embedded/store.ts';
import { TopicCatalog } from '../../../src/transport/embedded/topic-catalog.ts';
import { batchOf } from '../batch-of.ts';
import { temporaryFolder } from '../temporary-folder.ts';

describe('a subscription', () => {
  test('by pattern must cover the whole name and forgets where it was', () => {
    const covers = matcher(subscriptionOf(/a|b.c/gi));
    expect(['a', 'A', 'bxc', 'xa', 'ab', 'b.c.d', 'a'].map(covers)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
      true,
    ]);
  });

  test('by names is exact', () => {
    const covers = matcher(subscriptionOf(['a.b']));
    expect(['a.b', 'axb', 'a'].map(covers)).toEqual([true, false, false]);
  });
});

test('holds are the lowest offsets of groups that read a topic; unread is held whole', async () => {
  using folder = temporaryFolder();
  {
    await using transport = await openEmbeddedTransport({ path: folder.path });
    const topic = await transport.openTopic('a');
    await transport.openTopic('b');
    await transport.openTopic('c');
    await transport.append(batchOf([1, 2, 3].map((n) => ({ topic, value: `${n}` }))), null);
    await using one = await transport.consumer({ group: 'one', topics: /[ab]/ });
    await using two = await transport.consumer({ group: 'two', topics: ['a'] });
    await using _end = await transport.consumer({ group: 'x', topics: ['a'], startAt: 'latest' });
    await one.commit([{ topic: 'a', partition: 0, offset: 2 }]);
    await two.commit([{ topic: 'a', partition: 0, offset: 1 }]);
  }
  await using store = await Store.open({ path: folder.path, readOnly: false, maxBytes: 1e8 });
  const catalog = new TopicCatalog(store);
  const groups = new GroupTable(store, catalog);
  const hold = groups.holds();
  const holdOf = (name: string): number => hold(must(catalog.find(name), name), 0);
  expect([holdOf('a'), holdOf('b'), holdOf('c')]).toEqual([1, 0, Number.POSITIVE_INFINITY]);
  expect(groups.find('x')?.offsets).toEqual([{ topic: 'a', partition: 0, offset: 3 }]);
  expect(groups.all().map(({ group }) => group)).toEqual(['one', 'two', 'x']);
});

test('a group that is deleted while it reads holds again from its next commit', async () => {
  using folder = temporaryFolder();
  await using transport = await openEmbeddedTransport({ path: folder.path });
  const topic = await transport.openTopic('a', { retentionMs: 0 });
  await transport.append(batchOf([{ topic, value: '1' }]), null);
  await using sink = await transport.consumer({ group: 'sink', topics: ['a'] });
  await transport.deleteGroup('sink');
  await sink.commit([{ topic: 'a', partition: 0, offset: 0 }]);
  await transport.runMaintenance();
  expect(transport.statistics().records).toBe(1);
});
