import { expect } from 'vitest';
import { Daemon, type DaemonOptions } from './daemon.ts';

/** Looks in a row at which nothing was left to do. */
const CALM_LOOKS = 20;

/** Runs the daemon until it has found nothing to do for a while; then the file is free. */
export async function untilIdle(pipeline: DaemonOptions): Promise<void> {
  await using daemon = Daemon.start(pipeline);
  let calm = 0;
  await daemon.until(({ source, sinks: [sink] }) => {
    const isCalm = source.phase === 'streaming' && sink?.lagRecords === 0;
    calm = isCalm ? calm + 1 : 0;
    return calm >= CALM_LOOKS;
  });
  expect((await daemon.status())?.sinks[0]?.parked).toEqual([]);
  expect(await daemon.stop()).toBe(0);
}
