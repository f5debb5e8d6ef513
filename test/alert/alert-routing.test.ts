import { expect, test } from 'vitest';
import { alertEvent, engineBench } from '../support/alert-fixtures.ts';
import { eventually } from '../support/eventually.ts';

const WEBHOOK = { type: 'webhook', name: 'oncall', url: 'http://localhost/x', severity: 'info' };

test('severity, class, table and sink decide who gets it; a rule may change that', async () => {
  const { engine, channels, source } = engineBench({
    channels: [
      { ...WEBHOOK, name: 'loud', severity: 'breaking' },
      { ...WEBHOOK, name: 'orders', tables: String.raw`public\.orders` },
      { ...WEBHOOK, name: 'lag', classes: String.raw`lag\..*` },
      { ...WEBHOOK, name: 'off', enabled: false },
    ],
    rules: [
      { classes: String.raw`schema\..*`, tables: String.raw`.*\.users`, severity: 'breaking' },
      { classes: String.raw`schema\.column_comment`, enabled: false },
    ],
  });
  engine.start([source]);
  await engine.raise(alertEvent({ id: '1' }));
  await engine.raise(alertEvent({ id: '2', table: 'public.users', title: 'users' }));
  await engine.raise(alertEvent({ id: '3', class: 'schema.column_comment', table: 'public.tags' }));
  await engine.stop();
  const got = [...channels].map(([name, channel]) => [name, channel.got.map(({ id }) => id)]);
  expect(Object.fromEntries(got)).toEqual({
    log: ['1', '2'],
    loud: ['2'],
    orders: ['1'],
    lag: [],
  });
});

test('more than the limit is counted and told in one, also after a restart', async () => {
  const feed = { rateLimit: 2, rateWindowMs: 60_000 };
  const first = engineBench([WEBHOOK], { feed });
  first.engine.start([first.source]);
  for (let at = 0; at < 5; at++) {
    const severity = at === 3 ? 'breaking' : 'warning';
    await first.engine.raise(alertEvent({ id: `e${at}`, severity }));
  }
  await eventually(() => expect(first.channels.get('oncall')?.got).toHaveLength(2));
  await first.engine.stop();
  const { documents, clock } = first;
  const second = engineBench([WEBHOOK], { documents, clock, feed });
  second.engine.start([second.source]);
  clock.advance(60_000);
  await second.engine.look();
  await eventually(() => expect(second.channels.get('oncall')?.got).toHaveLength(1));
  const digest = second.channels.get('oncall')?.got[0];
  expect(digest).toMatchObject({ status: 'suppressed', severity: 'breaking' });
  expect(digest?.title).toContain('3 more alerts were not sent to oncall');
  expect(second.engine.history()).toHaveLength(7);
  await second.engine.stop();
});

test('a channel that fails is a condition for the others, not for itself', async () => {
  const bench = engineBench([WEBHOOK]);
  const { engine, channels, clock, source } = bench;
  const oncall = channels.get('oncall');
  if (oncall === undefined) throw new Error('no channel');
  oncall.trouble = 'answered 500';
  engine.start([source]);
  await engine.raise(alertEvent());
  await eventually(() => expect(engine.view().channels[1]?.failingSince).not.toBeNull());
  await engine.look();
  clock.advance(61_000);
  await engine.look();
  await eventually(() => expect(channels.get('log')?.lines).toHaveLength(2));
  expect(channels.get('log')?.got[1]).toMatchObject({
    class: 'alerts.channel',
    title: 'alerts do not reach the channel oncall (webhook)',
    details: { channel: 'oncall', cause: 'answered 500' },
  });
  await eventually(() =>
    expect(engine.view().channels).toMatchObject([
      { name: 'log', queued: 0 },
      { name: 'oncall', queued: 1, lastError: 'answered 500' },
    ]),
  );
  await engine.stop();
});
