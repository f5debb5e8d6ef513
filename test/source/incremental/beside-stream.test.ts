import { expect, test } from 'vitest';
import { besideStream } from '../../../src/source/incremental/beside-stream.ts';

const untilAborted = async (signal: AbortSignal): Promise<void> => {
  const ended = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => ended.resolve());
  await ended.promise;
};

test('the work is ended with the stream', async () => {
  let ended = false;
  const work = async (signal: AbortSignal): Promise<void> => {
    await untilAborted(signal);
    ended = true;
  };
  await besideStream(Promise.resolve(), work, new AbortController().signal);
  expect(ended).toBe(true);
  const failing = Promise.reject(new Error('stream'));
  await expect(besideStream(failing, work, new AbortController().signal)).rejects.toThrow('stream');
});

test('work that fails ends the run; work that is done does not', async () => {
  const never = new Promise<void>(() => undefined);
  const fails = (): Promise<void> => Promise.reject(new Error('work'));
  const { signal } = new AbortController();
  await expect(besideStream(never, fails, signal)).rejects.toThrow('work');
  const streaming = Promise.withResolvers<void>();
  const run = besideStream(streaming.promise, () => Promise.resolve(), signal);
  streaming.resolve();
  await run;
});
