import { expect, test } from 'vitest';
import { eventNotice } from '../../src/alert/alert-notice.ts';
import { AlertStore } from '../../src/alert/alert-store.ts';
import { alertEvent } from '../support/alert-fixtures.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('what was written is found by the next start, in order, in a real store', async () => {
  await using folder = await temporaryFolder('alerts');
  const size = { path: folder.path, maxBytes: 16 * 1024 * 1024 };
  await using transport = await openEmbeddedTransport(size);
  const store = new AlertStore(transport.documents);
  const notice = (id: string) => eventNotice(alertEvent({ id }), 'warning', 'shop', 0);
  const count = { count: 2, sinceMs: 5, severity: 'info', classes: { a: 2 } } as const;
  for (const sequence of [9, 10, 11]) {
    const stored = { notice: notice(`e${sequence}`), muted: null };
    await store.write({ notices: [{ sequence, stored, channels: ['oncall', 'on-call.2'] }] });
  }
  await store.write({ suppressed: [{ channel: 'oncall', count }], forgotten: [9] });
  await store.delivered('oncall', 10);
  const found = new AlertStore(transport.documents).load();
  expect([...found.events]).toEqual([
    ['e10', 10],
    ['e11', 11],
  ]);
  expect(found).toMatchObject({
    history: [
      { sequence: 10, severity: 'warning', table: 'public.orders' },
      { sequence: 11, severity: 'warning', table: 'public.orders' },
    ],
    nextSequence: 12,
    firing: [],
    mutes: [],
  });
  expect(found.newest.map(({ id }) => id)).toEqual(['e11', 'e10']);
  const queues = [...found.queues].map(([name, queue]) => [name, queue.map((q) => q.sequence)]);
  expect(Object.fromEntries(queues)).toEqual({ oncall: [9, 11], 'on-call.2': [9, 10, 11] });
  expect(found.suppressed.get('oncall')).toEqual(count);
  await store.dropQueue('oncall');
  const left = new AlertStore(transport.documents).load();
  expect([...left.queues.keys()]).toEqual(['on-call.2']);
  expect(left.suppressed.size).toBe(0);
});
