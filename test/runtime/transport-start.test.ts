import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { TidemarkError } from '../../src/foundation/errors.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { openWhenReachable, type TransportStart } from '../../src/runtime/transport-start.ts';
import { temporaryFolder } from '../transport/temporary-folder.ts';

const RETRY = { maxRetries: -1, initialDelayMs: 1, maxDelayMs: 2 };

function startIn(folder: string, changes: Partial<TransportStart> = {}): TransportStart {
  return {
    folder: path.join(folder, 'shop-data'),
    address: 'k1:9092',
    retry: RETRY,
    clock: systemClock,
    logger: silentLogger(),
    signal: new AbortController().signal,
    ...changes,
  };
}

/** Brokers that answer from the n-th call on. */
function awayUntil(call: number, code: 'KAFKA_CONNECT' | 'KAFKA_AUTH' = 'KAFKA_CONNECT') {
  const brokers = {
    calls: 0,
    open: (): Promise<string> => {
      brokers.calls++;
      return brokers.calls < call
        ? Promise.reject(new TidemarkError(code, 'No.'))
        : Promise.resolve('transport');
    },
  };
  return brokers;
}

test('a first start fails at once, one after it waits', async () => {
  using folder = temporaryFolder();
  const start = startIn(folder.path);
  const first = awayUntil(2);
  await expect(openWhenReachable(first.open, start)).rejects.toThrow('No.');
  expect(first.calls).toBe(1);
  expect(await openWhenReachable(first.open, start)).toBe('transport');
  const later = awayUntil(4);
  expect(await openWhenReachable(later.open, start)).toBe('transport');
  expect(later.calls).toBe(4);
  const elsewhere = awayUntil(2);
  const moved = startIn(folder.path, { address: 'k2:9092' });
  await expect(openWhenReachable(elsewhere.open, moved)).rejects.toThrow('No.');
});

test('it waits for no more tries than it is told, and for nothing that stays wrong', async () => {
  using folder = temporaryFolder();
  await openWhenReachable(awayUntil(0).open, startIn(folder.path));
  const few = awayUntil(9);
  const start = startIn(folder.path, { retry: { ...RETRY, maxRetries: 2 } });
  await expect(openWhenReachable(few.open, start)).rejects.toThrow('No.');
  expect(few.calls).toBe(3);
  const refused = awayUntil(2, 'KAFKA_AUTH');
  await expect(openWhenReachable(refused.open, startIn(folder.path))).rejects.toThrow('No.');
  expect(refused.calls).toBe(1);
});

test('a stop ends the waiting', async () => {
  using folder = temporaryFolder();
  await openWhenReachable(awayUntil(0).open, startIn(folder.path));
  const stop = new AbortController();
  const retry = { ...RETRY, initialDelayMs: 60_000, maxDelayMs: 60_000 };
  const brokers = awayUntil(9);
  const open = (): Promise<string> => {
    queueMicrotask(() => {
      queueMicrotask(() => {
        stop.abort();
      });
    });
    return brokers.open();
  };
  const start = startIn(folder.path, { retry, signal: stop.signal });
  await expect(openWhenReachable(open, start)).rejects.toThrow();
  expect(brokers.calls).toBe(1);
});

// A daemon that was stopped while it tried its brokers again ended with their error, and exit 3.
test('a stop while it tries is no failure of the brokers', async () => {
  using folder = temporaryFolder();
  await openWhenReachable(awayUntil(0).open, startIn(folder.path));
  const stop = new AbortController();
  const brokers = awayUntil(9);
  const open = (): Promise<string> => {
    stop.abort(new Error('stopped'));
    return brokers.open();
  };
  const start = startIn(folder.path, { signal: stop.signal });
  await expect(openWhenReachable(open, start)).rejects.toThrow('stopped');
});

test('where no mark can be left the start succeeds all the same', async () => {
  using folder = temporaryFolder();
  const file = path.join(folder.path, 'a-file');
  writeFileSync(file, '');
  const start = startIn(folder.path, { folder: path.join(file, 'shop-data') });
  expect(await openWhenReachable(awayUntil(0).open, start)).toBe('transport');
});
