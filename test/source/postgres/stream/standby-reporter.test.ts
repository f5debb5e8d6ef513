import { expect, test } from 'vitest';
import { lsn } from '../../../../src/model/lsn.ts';
import type { TidemarkError } from '../../../../src/foundation/errors.ts';
import { StandbyReporter } from '../../../../src/source/postgres/stream/standby-reporter.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

function setUp(intervalMs = 100): {
  clock: FakeClock;
  sent: Buffer[];
  link: { lastReceivedMs: number };
  cut: TidemarkError[];
  reporter: StandbyReporter;
} {
  const clock = new FakeClock();
  const sent: Buffer[] = [];
  const cut: TidemarkError[] = [];
  const link = {
    lastReceivedMs: clock.monotonicMs(),
    send: (frame: Buffer) => {
      sent.push(frame);
    },
    destroy: (reason: TidemarkError) => {
      cut.push(reason);
    },
  };
  const times = { intervalMs, livenessMs: 1000 };
  const reporter = new StandbyReporter(link, times, () => 0x50n, lsn(0x10n), clock);
  return { clock, sent, link, cut, reporter };
}

const flushOf = (frame: Buffer | undefined): bigint | undefined => frame?.readBigUInt64BE(9);

test('reports at once and by the clock what was confirmed; never back (P41, P49)', async () => {
  const { clock, sent, reporter } = setUp();
  reporter.start(() => true);
  expect(sent.map(flushOf)).toEqual([0x10n]);
  reporter.confirm(lsn(0x30n));
  reporter.confirm(lsn(0x20n));
  clock.advance(100);
  expect(flushOf(sent.at(-1))).toBe(0x30n);
  expect(sent.at(-1)?.readBigUInt64BE(1)).toBe(0x50n);
  reporter.confirm(lsn(0x60n));
  clock.advance(100);
  // Written is never behind flushed.
  expect(sent.at(-1)?.readBigUInt64BE(1)).toBe(0x60n);
  await reporter.stop();
  const count = sent.length;
  clock.advance(1000);
  expect(sent).toHaveLength(count);
});

test('what is confirmed is told at once, once a second at most, and counts only then', () => {
  const { clock, sent, reporter } = setUp(60_000);
  reporter.confirm(lsn(0x11n));
  expect(sent).toEqual([]);
  reporter.start(() => true);
  reporter.confirm(lsn(0x20n));
  expect(sent.map(flushOf)).toEqual([0x11n]);
  expect(reporter.reported).toBe(0x11n);
  clock.advance(1000);
  reporter.confirm(lsn(0x20n));
  expect(sent).toHaveLength(1);
  reporter.confirm(lsn(0x30n));
  expect(sent.map(flushOf)).toEqual([0x11n, 0x30n]);
  expect(reporter.reported).toBe(0x30n);
});

test('a silent server is given up', () => {
  const { clock, link, cut, reporter } = setUp();
  reporter.start(() => true);
  clock.advance(900);
  link.lastReceivedMs = clock.monotonicMs();
  clock.advance(1000);
  expect(cut).toEqual([]);
  clock.advance(100);
  expect(cut[0]).toMatchObject({ code: 'PG_CONNECTION_LOST' });
});

test('silence while the receiver holds us up means nothing (P50)', () => {
  const { clock, sent, cut, reporter } = setUp();
  let reading = false;
  reporter.start(() => reading);
  clock.advance(10_000);
  expect(cut).toEqual([]);
  expect(sent.length).toBeGreaterThan(90);
  reading = true;
  clock.advance(900);
  expect(cut).toEqual([]);
  clock.advance(200);
  expect(cut.length).toBeGreaterThan(0);
});
