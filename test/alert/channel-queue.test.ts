import { expect, test } from 'vitest';
import { eventNotice } from '../../src/alert/alert-notice.ts';
import type { ChannelFeed } from '../../src/alert/alert-channel.ts';
import { ChannelQueue } from '../../src/alert/channel-queue.ts';
import { alertEvent, FEED, ScriptedChannel } from '../support/alert-fixtures.ts';
import { eventually } from '../support/eventually.ts';
import { FakeClock } from '../support/fake-clock.ts';

const STORED = Promise.resolve(true);

function queueOf(feed: Partial<ChannelFeed> = {}) {
  const clock = new FakeClock();
  const channel = new ScriptedChannel('oncall');
  const delivered: number[] = [];
  const log: string[] = [];
  const say = (_fields: object, message: string): void => void log.push(message);
  const queue = new ChannelQueue(
    {
      channel,
      feed: { ...FEED, ...feed },
      delivered: async (sequence) => {
        delivered.push(sequence);
        await Promise.resolve();
      },
      clock,
      logger: { info: say, warn: say, error: say },
      fault: () => undefined,
    },
    [],
  );
  const notice = (title: string) =>
    eventNotice(alertEvent({ title }), 'warning', 'shop', clock.nowMs());
  const stop = new AbortController();
  const running = queue.run(stop.signal);
  const end = async (): Promise<void> => {
    stop.abort();
    await running;
  };
  return { clock, channel, delivered, log, queue, notice, end };
}

test('in order, each until the channel has it; only then it leaves the store', async () => {
  const { channel, queue, notice, clock, delivered, log, end } = queueOf();
  channel.trouble = 'answered 503';
  queue.push({ sequence: 1, notice: notice('one') }, STORED);
  queue.push({ sequence: 2, notice: notice('two') }, STORED);
  await eventually(() => expect(queue.view(0)).toMatchObject({ failures: 1, queued: 2 }));
  for (let failures = 2; failures < 5; failures++) {
    await eventually(() => {
      clock.advance(60_000);
      expect(queue.view(0).failures).toBeGreaterThanOrEqual(failures);
    });
  }
  expect(delivered).toEqual([]);
  channel.trouble = null;
  await eventually(() => {
    clock.advance(60_000);
    expect(channel.got.map(({ title }) => title)).toEqual(['one', 'two']);
  });
  await eventually(() => expect(delivered).toEqual([1, 2]));
  expect(log).toEqual([
    'an alert did not get through and is tried again: answered 503',
    'alerts get through again',
  ]);
  expect(queue.view(3)).toMatchObject({ failingSince: null, lastError: null, suppressed: 3 });
  await end();
});

// PITFALLS S25: a time limit is no answer, the alert is not lost by it.
test('an attempt that takes too long is tried again', async () => {
  const { channel, queue, notice, clock, end } = queueOf({ timeoutMs: 5000 });
  channel.isSilent = true;
  queue.push({ sequence: 1, notice: notice('one') }, STORED);
  await eventually(() => {
    clock.advance(5000);
    expect(queue.view(0).lastError).toBe('no answer within 5000 ms');
  });
  channel.isSilent = false;
  await eventually(() => {
    clock.advance(60_000);
    expect(channel.got).toHaveLength(1);
  });
  await end();
});

test('after its time an alert is given up, loudly, and the next has its turn', async () => {
  const { channel, queue, notice, clock, delivered, log, end } = queueOf({ retryForMs: 3_600_000 });
  channel.trouble = 'answered 400';
  queue.push({ sequence: 1, notice: notice('one') }, STORED);
  await eventually(() => {
    clock.advance(600_000);
    expect(delivered).toEqual([1]);
  });
  expect(log.at(-1)).toContain('given up, this channel never got it: one: answered 400');
  const after = { givenUp: 1, queued: 0, delivered: 0 };
  await eventually(() => expect(queue.view(0)).toMatchObject(after));
  await end();
});

test('settled: nothing waits, or what waits fails', async () => {
  const { channel, queue, notice, end } = queueOf();
  const never = new AbortController().signal;
  await queue.settled(never);
  channel.trouble = 'down';
  queue.push({ sequence: 1, notice: notice('one') }, STORED);
  await eventually(() => expect(queue.failingSinceMs).not.toBeNull());
  await queue.settled(never);
  expect(queue.length).toBe(1);
  await end();
});
