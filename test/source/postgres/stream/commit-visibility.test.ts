import { expect, test } from 'vitest';
import type { Clock } from '../../../../src/foundation/clock.ts';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { untilVisible } from '../../../../src/source/postgres/stream/commit-visibility.ts';

const none = new AbortController().signal;

/** A server that shows these snapshots one after the other, then the last one again. */
class Server {
  readonly #snapshots: readonly string[];
  readonly #inRecovery: boolean;
  asked = 0;
  nowMs = 0;
  readonly clock: Clock = {
    ...systemClock,
    monotonicMs: () => this.nowMs,
    sleep: (delayMs) => {
      this.nowMs += delayMs;
      return Promise.resolve();
    },
  };

  constructor(snapshots: readonly string[], inRecovery = false) {
    this.#snapshots = snapshots;
    this.#inRecovery = inRecovery;
  }

  query() {
    const shown = this.#snapshots[Math.min(this.asked++, this.#snapshots.length - 1)] ?? '';
    const row = [shown, this.#inRecovery ? 't' : 'f'];
    return Promise.resolve([{ columns: [], rows: [row], command: 'SELECT' }]);
  }
}

test('a transaction that is seen is not waited for, and without any nothing is asked', async () => {
  const server = new Server(['90:110:95,100']);
  expect(await untilVisible(server, new Set([89, 101]), server.clock, none)).toBe(true);
  expect([server.asked, server.nowMs]).toEqual([1, 0]);
  expect(await untilVisible(server, new Set(), server.clock, none)).toBe(true);
  expect(server.asked).toBe(1);
});

test('every transaction of the set has to be seen', async () => {
  const server = new Server(['90:110:95,100', '90:110:95', '95:110:95', '111:111:']);
  expect(await untilVisible(server, new Set([100, 95]), server.clock, none)).toBe(true);
  expect(server.asked).toBe(4);
});

test('on a standby all that is decoded is visible', async () => {
  const server = new Server(['90:110:'], true);
  expect(await untilVisible(server, new Set([100]), server.clock, none)).toBe(true);
});

test('a commit that never shows is given up, and a stop ends the waiting', async () => {
  const server = new Server(['90:110:100']);
  expect(await untilVisible(server, new Set([100]), server.clock, none)).toBe(false);
  expect(server.nowMs).toBeGreaterThan(30_000);
  expect(server.nowMs).toBeLessThan(31_000);
  const stopped = untilVisible(server, new Set([100]), server.clock, AbortSignal.abort());
  await expect(stopped).rejects.toThrow('abort');
});
