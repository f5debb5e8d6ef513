import { describe, expect, test } from 'vitest';
import { TidemarkError } from '../../src/foundation/errors.ts';
import { GroupCommitter } from '../../src/runtime/group-committer.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import type { Consumer } from '../../src/transport/transport.ts';
import { FakeClock } from '../support/fake-clock.ts';

function setup() {
  const clock = new FakeClock();
  const commits: number[] = [];
  const failures: Error[] = [];
  const consumer: Pick<Consumer, 'commit'> = {
    commit: (offsets) => {
      const failure = failures.shift();
      if (failure !== undefined) return Promise.reject(failure);
      commits.push(...offsets.map(({ offset }) => offset));
      return Promise.resolve();
    },
  };
  const faults: string[] = [];
  const committer = new GroupCommitter(consumer, {
    clock,
    commitIntervalMs: 1000,
    fault: (point) => faults.push(point),
    logger: silentLogger(),
  });
  const at = (offset: number) => [{ topic: 't', partition: 0, generation: 1, offset }];
  return { clock, commits, failures, faults, committer, at };
}

describe('offsets of a group', () => {
  test('are committed at intervals, and only when they moved', async () => {
    const { clock, commits, committer, faults, at } = setup();
    await committer.commitWhenDue(at(1));
    expect(commits).toEqual([]);
    clock.advance(1000);
    await committer.commitWhenDue(at(2));
    await committer.commitWhenDue(at(3));
    await committer.commit(at(2));
    await committer.commit([]);
    expect(commits).toEqual([2]);
    expect(faults).toEqual(['sink.committed']);
  });

  test('are left to the next commit when what failed passes by itself', async () => {
    const { commits, committer, failures, at } = setup();
    failures.push(new TidemarkError('KAFKA_REBALANCE', 'a rebalance is under way'));
    await committer.commit(at(5));
    expect(commits).toEqual([]);
    await committer.commit(at(5));
    expect(commits).toEqual([5]);
  });

  test('that can never be committed end the task', async () => {
    const { committer, failures, at } = setup();
    failures.push(new TidemarkError('OFFSET_OUT_OF_RANGE', 'no such offset'));
    await expect(committer.commit(at(5))).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
  });
});
