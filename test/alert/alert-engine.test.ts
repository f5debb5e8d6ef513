import { expect, test } from 'vitest';
import { TidemarkError } from '../../src/foundation/errors.ts';
import { alertCondition, alertEvent, engineBench } from '../support/alert-fixtures.ts';
import { eventually } from '../support/eventually.ts';

const WEBHOOK = { type: 'webhook', name: 'oncall', url: 'http://localhost/x', severity: 'info' };

test('an event is durable before raise resolves, and each channel gets it once', async () => {
  const { engine, documents, channels, source } = engineBench([WEBHOOK]);
  engine.start([source]);
  documents.hold();
  let isRaised = false;
  const raised = engine.raise(alertEvent()).then(() => {
    isRaised = true;
  });
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  expect({ isRaised, got: channels.get('oncall')?.lines }).toEqual({ isRaised: false, got: [] });
  documents.release();
  await raised;
  await engine.raise(alertEvent());
  await eventually(() => expect(channels.get('oncall')?.got).toHaveLength(1));
  expect(channels.get('log')?.lines).toEqual([
    'event schema.column_widened: orders.amount is bigint now (was integer)',
  ]);
  await engine.stop();
  expect(documents.entries('tidemark.alerts.outbox')).toEqual([]);
  expect(engine.history()).toMatchObject([{ muted: null, notice: { pipeline: 'shop' } }]);
});

test('what the store refuses is no event that was raised', async () => {
  const bench = engineBench([WEBHOOK]);
  bench.documents.write = () => Promise.reject(new TidemarkError('STORE_FULL', 'it is full'));
  await expect(bench.engine.raise(alertEvent())).rejects.toMatchObject({ code: 'STORE_FULL' });
  // A condition is told all the same: that the store is full must not depend on its room.
  bench.conditions.push(alertCondition());
  bench.engine.start([bench.source]);
  await bench.engine.look();
  await eventually(() => expect(bench.channels.get('oncall')?.lines).toHaveLength(1));
  expect(bench.log).toContain('alerts cannot be stored: it is full');
  await bench.engine.stop();
});

test('a store that does not answer holds up events, and no condition', async () => {
  const bench = engineBench([WEBHOOK]);
  const { engine, conditions, clock, channels, documents } = bench;
  engine.start([bench.source]);
  documents.hold();
  const raised = engine.raise(alertEvent({ title: 'an event' }));
  conditions.push(alertCondition({ title: 'the broker is down' }));
  const oncall = channels.get('oncall');
  await eventually(() => {
    clock.advance(1000);
    expect(oncall?.lines).toEqual(['firing lag.sink: the broker is down']);
  });
  // It is over before the store answers: that is told too, and stored in order.
  conditions.pop();
  await eventually(() => {
    clock.advance(1000);
    expect(oncall?.got.map(({ status }) => status)).toEqual(['firing', 'resolved']);
  });
  documents.release();
  await raised;
  await eventually(() => expect(oncall?.got.at(-1)?.title).toBe('an event'));
  await engine.stop();
  expect(engine.history()).toHaveLength(3);
  expect(documents.entries('tidemark.alerts.firing')).toEqual([]);
  expect(documents.entries('tidemark.alerts.outbox')).toEqual([]);
});

test('after a crash what was not delivered goes out, with the same ids, in order', async () => {
  const first = engineBench([WEBHOOK]);
  const oncall = first.channels.get('oncall');
  if (oncall === undefined) throw new Error('no channel');
  oncall.trouble = 'down';
  first.engine.start([first.source]);
  await first.engine.raise(alertEvent({ id: 'a', title: 'one' }));
  await first.engine.raise(alertEvent({ id: 'b', title: 'two' }));
  const told = first.engine.history().map(({ notice }) => notice.notice);
  // Nobody stops it: the process is gone. The next one has the same store.
  const { documents, clock } = first;
  const second = engineBench([WEBHOOK], { documents, clock });
  await second.engine.raise(alertEvent({ id: 'b', title: 'two' }));
  second.engine.start([second.source]);
  await eventually(() => expect(second.channels.get('oncall')?.got).toHaveLength(2));
  const got = second.channels.get('oncall')?.got ?? [];
  expect(got.map(({ title }) => title)).toEqual(['one', 'two']);
  expect(got.map(({ notice }) => notice)).toEqual(told.toReversed());
  await second.engine.stop();
});

test('a condition that fires is told once over restarts, and its end too', async () => {
  const section = { 'resolve.after': '15s', channels: [WEBHOOK] };
  const first = engineBench(section);
  first.conditions.push(alertCondition());
  first.engine.start([first.source]);
  await first.engine.look();
  await eventually(() => expect(first.channels.get('oncall')?.got).toHaveLength(1));
  await first.engine.stop();
  const id = first.channels.get('oncall')?.got[0]?.id;
  const { documents, clock } = first;
  const second = engineBench(section, { documents, clock });
  second.conditions.push(alertCondition());
  second.engine.start([second.source]);
  clock.advance(1000);
  await second.engine.look();
  expect(second.engine.view().firing).toMatchObject([{ key: 'lag.sink:warehouse', told: true }]);
  second.conditions.pop();
  clock.advance(16_000);
  await second.engine.look();
  await eventually(() => expect(second.channels.get('oncall')?.got).toHaveLength(1));
  expect(second.channels.get('oncall')?.got).toMatchObject([{ id, status: 'resolved' }]);
  await second.engine.stop();
  expect(documents.entries('tidemark.alerts.firing')).toEqual([]);
});

test('what is muted is in the history; what still holds when the mute ends is told', async () => {
  const bench = engineBench({ channels: [WEBHOOK], 'repeat.interval': 0 });
  const { engine, conditions, clock, channels } = bench;
  const wanted = { table: null, forMs: 60_000, comment: 'migration' };
  const mute = await engine.mute({ ...wanted, pattern: String.raw`lag\..*` });
  await expect(engine.mute({ ...wanted, pattern: '(' })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
  conditions.push(alertCondition());
  engine.start([bench.source]);
  await engine.look();
  await engine.raise(alertEvent());
  await eventually(() => expect(channels.get('oncall')?.lines).toHaveLength(1));
  expect(channels.get('oncall')?.got[0]?.class).toBe('schema.column_widened');
  expect(engine.history().map(({ muted }) => muted)).toEqual([null, `mute ${mute.id}`]);
  expect(engine.view()).toMatchObject({ mutes: [mute], firing: [{ told: false }] });
  // Another process knows of the mute, too.
  const later = engineBench({}, { documents: bench.documents, clock });
  expect(later.engine.view().mutes).toEqual([mute]);
  clock.advance(60_001);
  await engine.look();
  await eventually(() => expect(channels.get('oncall')?.lines).toHaveLength(2));
  expect(bench.documents.entries('tidemark.alerts.mutes')).toEqual([]);
  expect(await engine.unmute(mute.id)).toBe(false);
  await engine.stop();
});

test('the history is bounded, and the oldest go first', async () => {
  const { engine, documents } = engineBench({ 'history.max': 10 });
  for (let at = 0; at < 25; at++) await engine.raise(alertEvent({ id: `e${at}` }));
  const ids = engine.history().map(({ notice }) => notice.id);
  expect(ids).toEqual(Array.from({ length: 10 }, (_, at) => `e${24 - at}`));
  expect(documents.entries('tidemark.alerts.history')).toHaveLength(10);
});

test('alerts of a channel that is no more are given up, and that is said', async () => {
  const first = engineBench([WEBHOOK]);
  const { documents, clock } = first;
  await first.engine.raise(alertEvent());
  expect(documents.entries('tidemark.alerts.outbox')).toHaveLength(2);
  const second = engineBench([], { documents, clock });
  second.engine.start([second.source]);
  await eventually(() => expect(documents.entries('tidemark.alerts.outbox')).toEqual([]));
  expect(second.log).toContain('1 alerts for the channel oncall, which is no more, were given up');
  await second.engine.stop();
});

test('who cannot be asked is no reason to say that all is well', async () => {
  const bench = engineBench({ channels: [WEBHOOK], 'resolve.after': 0 });
  bench.conditions.push(alertCondition());
  let isBroken = false;
  const source = {
    conditions: () => {
      if (isBroken) throw new Error('no connection');
      return bench.conditions;
    },
  };
  bench.engine.start([source]);
  await bench.engine.look();
  isBroken = true;
  bench.clock.advance(60_000);
  await bench.engine.look();
  expect(bench.engine.view().firing).toHaveLength(1);
  expect(bench.log).toContain('conditions could not be looked at: no connection');
  await bench.engine.stop();
});

test('a test goes straight to its channel, or says that there is none', async () => {
  const { engine, channels } = engineBench([WEBHOOK]);
  await engine.test('oncall');
  expect(channels.get('oncall')?.got).toMatchObject([{ status: 'test', class: 'alerts.test' }]);
  await expect(engine.test('pager')).rejects.toThrow(/no channel pager: there are log, oncall/);
});

test('a history that got shorter is cut in pieces, and 10,000 alerts are no burden', async () => {
  const first = engineBench({ 'history.max': 20_000, channels: [{ type: 'log', enabled: false }] });
  await Promise.all(
    Array.from({ length: 10_000 }, (_, at) => first.engine.raise(alertEvent({ id: `e${at}` }))),
  );
  expect(first.engine.history()).toHaveLength(10_000);
  expect(first.engine.view().recent).toHaveLength(50);
  const { documents, clock } = first;
  // The few that are asked for are read, and no more.
  const read = { entries: 0, documents: 0 };
  const [entries, get] = [documents.entries.bind(documents), documents.get.bind(documents)];
  documents.entries = (collection) => {
    read.entries++;
    return entries(collection);
  };
  documents.get = (collection, key) => {
    read.documents++;
    return get(collection, key);
  };
  const few = first.engine.history({ class: 'schema.column_widened', severity: 'warning' }, 20);
  expect(few.map(({ notice }) => notice.id).slice(0, 2)).toEqual(['e9999', 'e9998']);
  expect(first.engine.history({ table: 'public.nowhere' }, 20)).toEqual([]);
  expect(read).toEqual({ entries: 0, documents: 20 });
  const second = engineBench({ 'history.max': 100 }, { documents, clock });
  const sizes: number[] = [];
  const write = documents.write.bind(documents);
  documents.write = (writes) => {
    sizes.push(writes.length);
    return write(writes);
  };
  for (let at = 0; at < 60; at++) await second.engine.raise(alertEvent({ id: `f${at}` }));
  // The event, the queue of the log, and what is forgotten.
  expect(Math.max(...sizes)).toBeLessThanOrEqual(202);
  expect(second.engine.history()).toHaveLength(100);
  expect(second.engine.history()[0]?.notice.id).toBe('f59');
});
