import { expect, test } from 'vitest';
import { eventNotice } from '../../src/alert/alert-notice.ts';
import { TopicChannel } from '../../src/alert/topic-channel.ts';
import { TidemarkError } from '../../src/foundation/errors.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import { alertEvent } from '../support/alert-fixtures.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const NEVER = new AbortController().signal;
const notice = (id: string) => eventNotice(alertEvent({ id }), 'info', 'shop', 1_700_000_000_000);

test('a record per notice, in order, with the JSON of a webhook', async () => {
  await using folder = await temporaryFolder('alerts');
  const size = { path: folder.path, maxBytes: 16 * 1024 * 1024 };
  await using transport = await openEmbeddedTransport(size);
  const channel = new TopicChannel('topic', '__tidemark.alerts.shop', transport);
  for (const id of ['a', 'b']) {
    await channel.deliver(notice(id), NEVER);
  }
  const topics = ['__tidemark.alerts.shop'];
  await using consumer = await transport.consumer({ group: 'g', topics, register: false });
  const signal = new AbortController().signal;
  const fetched = await consumer.poll({ maxBytes: 1_000_000, maxWaitMs: 5000, signal });
  const records = fetched.flatMap((part) => part.records);
  expect(records.map(({ key }) => key?.toString())).toEqual(['a', 'b']);
  expect(JSON.parse(records[0]?.value?.toString() ?? '')).toMatchObject({ id: 'a', version: 1 });
  expect(records[0]).toMatchObject({ timestampMs: 1_700_000_000_000 });
});

test('an append that takes longer than the limit is waited for again, not made twice', async () => {
  const appends: PromiseWithResolvers<void>[] = [];
  const transport = {
    openTopic: () => Promise.resolve(0),
    appendBeside: () => {
      const append = Promise.withResolvers<void>();
      appends.push(append);
      return append.promise;
    },
  };
  const channel = new TopicChannel('topic', 'alerts', transport as unknown as Transport);
  const limit = new AbortController();
  const first = channel.deliver(notice('a'), limit.signal);
  limit.abort(new TidemarkError('ALERT_CHANNEL', 'no answer within 5 ms'));
  await expect(first).rejects.toThrow('no answer within 5 ms');
  const again = channel.deliver(notice('a'), NEVER);
  await eventually(() => expect(appends).toHaveLength(1));
  appends[0]?.resolve();
  await again;
  // What failed is made anew.
  const other = channel.deliver(notice('b'), NEVER);
  await eventually(() => expect(appends).toHaveLength(2));
  appends[1]?.reject(new TidemarkError('KAFKA_TIMEOUT', 'not acknowledged'));
  await expect(other).rejects.toMatchObject({ code: 'KAFKA_TIMEOUT' });
  const last = channel.deliver(notice('b'), NEVER);
  await eventually(() => expect(appends).toHaveLength(3));
  appends[2]?.resolve();
  await last;
});
