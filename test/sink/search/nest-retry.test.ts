import { expect, test } from 'vitest';
import { NestRetry } from '../../../src/sink/search/nest-retry.ts';
import { SteppedClock } from '../../support/stepped-clock.ts';

const RUNNING = new AbortController().signal;

test('what others were faster with is done again, and that ends', async () => {
  const clock = new SteppedClock(0, 1_000, 'skip');
  const retry = new NestRetry(clock);
  const seen: (readonly number[])[] = [];
  const work = (open: readonly number[]): Promise<readonly number[]> => {
    seen.push(open);
    return Promise.resolve(open.slice(1));
  };
  await retry.whileOthersAreFaster([1, 2, 3], RUNNING, work);
  expect(seen).toEqual([[1, 2, 3], [2, 3], [3]]);
  const never = retry.whileOthersAreFaster([1], RUNNING, (open) => Promise.resolve(open));
  await expect(never).rejects.toMatchObject({ code: 'SINK_SERVER' });
  const stopped = AbortSignal.abort(new Error('stop'));
  await expect(retry.whileOthersAreFaster([1], stopped, work)).rejects.toThrow('stop');
});
