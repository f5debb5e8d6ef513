import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { VerifyDesk } from '../../src/runtime/verify-desk.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function openDesk(stopping = new AbortController()): Promise<VerifyDesk> {
  const folder = await temporaryFolder('desk');
  const transport = await openEmbeddedTransport({ path: folder.path });
  onTestFinished(async () => {
    await transport[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });
  return new VerifyDesk({
    config: parsedPipeline(),
    transport,
    pipeline: () => ({ signal: () => undefined, notifications: () => [] }),
    clock: systemClock,
    logger: silentLogger(),
    stopping: stopping.signal,
  });
}

test('one at a time; what is wrong, and that the daemon ends, is told last', async () => {
  const stopping = new AbortController();
  const desk = await openDesk(stopping);
  const lines: unknown[] = [];
  const tell = (line: object): void => {
    if (!('alive' in line)) lines.push(line);
  };
  const never = new AbortController().signal;
  const first = desk.begin({})(tell, never);
  expect(() => desk.begin({})).toThrow('for somebody else');
  await first;
  const nothing = { errors: [expect.objectContaining({ code: 'USAGE' })] };
  expect(lines).toEqual([nothing]);
  expect(() => desk.begin({ sink: 1 })).toThrow('name of a sink');
  stopping.abort();
  await desk.begin({})(tell, never);
  const ended = { errors: [expect.objectContaining({ code: 'NOT_RUNNING' })] };
  expect(lines).toEqual([nothing, ended]);
});

/*
 * Whoever was let in was busy only from when it ran: two who were let in before either ran, as two
 * requests whose bodies have come may be, compared at once.
 */
test('of two who are let in before one has begun, the second is refused', async () => {
  const desk = await openDesk();
  const first = desk.begin({});
  expect(() => desk.begin({})).toThrow('for somebody else');
  await first(() => undefined, new AbortController().signal);
  const next = desk.begin({});
  await next(() => undefined, new AbortController().signal);
});
