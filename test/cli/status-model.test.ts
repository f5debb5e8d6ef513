import { expect, test } from 'vitest';
import { pictureOf, type StatusAnswer } from '../../src/cli/status-model.ts';
import { pipelineStatus, RUNNING_SINK, RUNNING_SOURCE } from '../support/pipeline-statuses.ts';
import { ROW } from '../support/status-pictures.ts';

function answer(atMs: number, events: number, uptimeMs = 60_000 + atMs): StatusAnswer {
  const source = { ...RUNNING_SOURCE, events };
  const sinks = [{ ...RUNNING_SINK, applied: events * 2 }];
  const status = pipelineStatus({ source, sinks, uptimeMs });
  return { status, tables: [{ ...ROW, events }], atMs };
}

test('rates are what came between two answers', () => {
  const picture = pictureOf(answer(3000, 500), answer(1000, 100));
  expect(picture.perSecond).toBe(200);
  expect(picture.rows[0]?.perSecond).toBe(200);
  expect(picture.sinksPerSecond).toEqual(new Map([['warehouse', 400]]));
});

test('the first answer has none, nor the first of a daemon that began anew', () => {
  for (const before of [null, answer(1000, 900, 10_000_000)]) {
    const picture = pictureOf(answer(3000, 5), before);
    expect(picture.perSecond).toBeNull();
    expect(picture.rows[0]?.perSecond).toBeNull();
    expect(picture.sinksPerSecond.size).toBe(0);
  }
});

test('a table that is new has had all its events since', () => {
  const before = { ...answer(1000, 100), tables: [] };
  expect(pictureOf(answer(2000, 300), before).rows[0]?.perSecond).toBe(300);
});
