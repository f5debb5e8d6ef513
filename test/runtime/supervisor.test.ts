import { expect, test } from 'vitest';

import { TidemarkError } from '../../src/foundation/errors.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { Supervisor, type SupervisedTask } from '../../src/runtime/supervisor.ts';
import { eventually } from '../support/eventually.ts';
import { FakeClock } from '../support/fake-clock.ts';

const RETRY = { maxRetries: -1, initialDelayMs: 100, maxDelayMs: 1000 };

function supervise(task: SupervisedTask, clock: FakeClock): Supervisor {
  return new Supervisor(task, RETRY, clock, silentLogger());
}

test('a lost connection is tried again after the backoff, a refused password is not', async () => {
  const clock = new FakeClock();
  const lives: number[] = [];
  const supervisor = supervise(
    {
      name: 'source',
      hasWorked: () => true,
      run(_signal, started) {
        lives.push(clock.nowMs());
        started();
        const code = lives.length < 3 ? 'PG_CONNECTION_LOST' : 'PG_AUTH';
        return Promise.reject(new TidemarkError(code, 'boom'));
      },
    },
    clock,
  );
  const ended = supervisor.run(new AbortController().signal);
  await eventually(() => expect(supervisor.state.kind).toBe('backing-off'));
  clock.advance(100);
  await eventually(() => expect(lives).toHaveLength(2));
  await eventually(() => expect(clock.pendingTimers).toBe(1));
  clock.advance(200);
  expect(await ended).toMatchObject({ kind: 'failed', error: { code: 'PG_AUTH' } });
  expect(lives).toHaveLength(3);
});

test('an abort during the backoff ends at once and leaves no timer', async () => {
  const clock = new FakeClock();
  const controller = new AbortController();
  const supervisor = supervise(
    {
      name: 'sink',
      hasWorked: () => true,
      run: () => Promise.reject(new TidemarkError('SINK_SERVER', 'down')),
    },
    clock,
  );
  const ended = supervisor.run(controller.signal);
  await eventually(() => expect(supervisor.state.kind).toBe('backing-off'));
  controller.abort();
  expect((await ended).kind).toBe('stopped');
  expect(clock.pendingTimers).toBe(0);
});

test('a task that has done all has ended; one that was asked to stop has stopped', async () => {
  const controller = new AbortController();
  const task = (run: () => Promise<void>): SupervisedTask => ({
    name: 'source',
    hasWorked: () => true,
    run,
  });
  const done = supervise(
    task(() => Promise.resolve()),
    new FakeClock(),
  );
  expect((await done.run(controller.signal)).kind).toBe('ended');
  const asked = supervise(
    task(() => {
      controller.abort();
      return Promise.resolve();
    }),
    new FakeClock(),
  );
  expect((await asked.run(controller.signal)).kind).toBe('stopped');
});

test('something that is no TidemarkError is a defect: it stops the task as INTERNAL', async () => {
  const supervisor = supervise(
    {
      name: 'x',
      hasWorked: () => true,
      run: () => Promise.reject(new TypeError('undefined is not')),
    },
    new FakeClock(),
  );
  expect(await supervisor.run(new AbortController().signal)).toMatchObject({
    kind: 'failed',
    error: { code: 'INTERNAL' },
  });
});
