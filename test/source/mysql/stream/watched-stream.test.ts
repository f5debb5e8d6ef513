import { expect, test } from 'vitest';
import type { LogSpot } from '../../../../src/source/mysql/stream/stream-watches.ts';
import { WatchedStream } from '../../../../src/source/mysql/stream/watched-stream.ts';

const BYTES = Buffer.alloc(1);

function watched(startsAt: LogSpot | null = null) {
  const told: string[] = [];
  const next: { event?: Promise<void>; work?: Promise<void>; place: LogSpot } = {
    place: { file: '', pos: 4 },
  };
  const stream = {
    event: () => {
      told.push('event');
      return next.event;
    },
    settle: () => {
      told.push('settle');
      return undefined;
    },
    tell: () => undefined,
    isBetweenGroups: true,
    get place() {
      return next.place;
    },
  };
  const work = {
    boundary: () => {
      told.push('boundary');
      return next.work;
    },
  };
  return { told, next, target: new WatchedStream(stream, work, startsAt) };
}

test('after each event it is asked whether there is work, when the event is over', async () => {
  const { told, next, target } = watched();
  expect(target.event(BYTES, 0, 1)).toBeUndefined();
  expect(told).toEqual(['event', 'boundary']);
  const event = Promise.withResolvers<void>();
  next.event = event.promise;
  const wait = target.event(BYTES, 0, 1);
  expect(target.nudge()).toBeUndefined();
  expect(told).toHaveLength(3);
  event.resolve();
  await wait;
  expect(told.slice(2)).toEqual(['event', 'boundary']);
});

test('an idle stream works when it is nudged, and stands still meanwhile', async () => {
  const { told, next, target } = watched();
  expect(target.nudge()).toBeUndefined();
  expect(told).toEqual(['boundary', 'settle']);
  const work = Promise.withResolvers<void>();
  next.work = work.promise;
  const nudged = target.nudge();
  const event = target.event(BYTES, 0, 1);
  expect(told).toEqual(['boundary', 'settle', 'boundary']);
  delete next.work;
  work.resolve();
  await nudged;
  await event;
  expect(told.slice(3)).toEqual(['settle', 'event', 'boundary']);
});

test('work that fails is told to whoever nudged, and the stream goes on', async () => {
  const { told, next, target } = watched();
  next.work = Promise.reject(new Error('no rows'));
  const nudged = target.nudge();
  const event = target.event(BYTES, 0, 1);
  delete next.work;
  await expect(nudged).rejects.toThrow('no rows');
  await event;
  expect(told).toEqual(['boundary', 'event', 'boundary']);
});

test('its place is where the stored position lies, until the stream is beyond that', () => {
  const start = { file: 'b.000004', pos: 900 };
  expect(watched().target.place).toBeNull();
  const { next, target } = watched(start);
  expect(target.place).toEqual(start);
  next.place = { file: 'b.000004', pos: 4 };
  expect(target.place).toEqual(start);
  next.place = { file: 'b.000005', pos: 4 };
  expect(target.place).toEqual(next.place);
});
