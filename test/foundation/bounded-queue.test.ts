import fc from 'fast-check';
import { expect, test } from 'vitest';

import { BoundedQueue } from '../../src/foundation/bounded-queue.ts';

test('every item comes out once and in order, and the limits are never passed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 5 }),
      async (sizes, maxItems) => {
        const queue = new BoundedQueue<number>({ maxItems, maxBytes: 40 });
        const produce = async (): Promise<void> => {
          for (const [index, bytes] of sizes.entries()) {
            await queue.push(index, bytes);
            expect(queue.size).toBeLessThanOrEqual(maxItems);
            expect(queue.bytes).toBeLessThanOrEqual(40);
          }
          queue.close();
        };
        const seen: number[] = [];
        const consume = async (): Promise<void> => {
          for await (const item of queue) seen.push(item);
        };
        await Promise.all([produce(), consume()]);
        expect(seen).toEqual([...sizes.keys()]);
      },
    ),
  );
});

test('an item larger than the byte limit passes an empty queue', async () => {
  const queue = new BoundedQueue<string>({ maxItems: 2, maxBytes: 10 });
  expect(await queue.push('large', 1000)).toBe(true);
  const second = queue.push('small', 1);
  const taken: string[] = [];
  for await (const item of queue) {
    taken.push(item);
    if (item === 'large') expect(await second).toBe(true);
    if (item === 'small') queue.close();
  }
  expect(taken).toEqual(['large', 'small']);
});

test('leaving the loop lets a waiting producer go', async () => {
  const queue = new BoundedQueue<number>({ maxItems: 1, maxBytes: 100 });
  await queue.push(1, 1);
  const waiting = queue.push(2, 1);
  const third = (async () => (await waiting) && queue.push(3, 1))();
  for await (const item of queue) {
    expect(item).toBe(1);
    break;
  }
  expect(await third).toBe(false);
  expect(await queue.push(4, 1)).toBe(false);
});

test('a failure of the producer reaches the consumer after what was pushed', async () => {
  const queue = new BoundedQueue<number>({ maxItems: 5, maxBytes: 100 });
  await queue.push(1, 1);
  queue.close(new Error('socket gone'));
  const seen: number[] = [];
  await expect(async () => {
    for await (const item of queue) seen.push(item);
  }).rejects.toThrow('socket gone');
  expect(seen).toEqual([1]);
});

test('what waits is taken in order, as long as it is wanted, and makes room', async () => {
  const queue = new BoundedQueue<number>({ maxItems: 3, maxBytes: 100 });
  for (const item of [1, 2, 3]) await queue.push(item, 10);
  const waiting = queue.push(4, 10);
  expect(queue.takeWaiting((item) => item === 2)).toBeUndefined();
  expect(queue.takeWaiting((item) => item < 3)).toBe(1);
  expect(await waiting).toBe(true);
  expect(queue.takeWaiting((item) => item < 3)).toBe(2);
  expect(queue.takeWaiting((item) => item < 3)).toBeUndefined();
  expect(queue.bytes).toBe(20);
  queue.close();
  const rest: number[] = [];
  for await (const item of queue) rest.push(item);
  expect(rest).toEqual([3, 4]);
  expect(queue.takeWaiting(() => true)).toBeUndefined();
});

test('a queue that is full says so once, and may be emptied by whoever is told', async () => {
  const queue = new BoundedQueue<number>({ maxItems: 2, maxBytes: 100 });
  await queue.push(1, 10);
  await queue.push(2, 10);
  // Nobody waits for room: more may never come.
  expect(queue.full).toBe(false);
  const told: (number | undefined)[] = [];
  queue.onceFull(() => told.push(0));
  queue.onceFull(() => told.push(queue.takeWaiting(() => true)));
  expect(await queue.push(3, 10)).toBe(true);
  expect(told).toEqual([1]);
  expect(queue.full).toBe(false);
  const waiting = queue.push(4, 10);
  expect(queue.full).toBe(true);
  expect(told).toEqual([1]);
  queue.close();
  expect(await waiting).toBe(false);
  expect(queue.full).toBe(false);
});

test('room for an item is told before it is made, and when the queue is closed', async () => {
  const queue = new BoundedQueue<number>({ maxItems: 5, maxBytes: 100 });
  await queue.room(1000);
  await queue.push(1, 60);
  let told = '';
  const waiting = queue.room(60).then(() => (told += 'room'));
  await queue.room(40);
  expect(told).toBe('');
  expect(queue.takeWaiting(() => true)).toBe(1);
  await waiting;
  await queue.push(2, 60);
  const late = queue.room(60).then(() => (told += ' closed'));
  queue.close();
  await late;
  expect(told).toBe('room closed');
});
