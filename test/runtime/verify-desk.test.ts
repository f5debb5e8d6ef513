import { expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { VerifyDesk } from '../../src/runtime/verify-desk.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('one at a time; what is wrong, and that the daemon ends, is told last', async () => {
  await using folder = await temporaryFolder('desk');
  await using transport = await openEmbeddedTransport({ path: folder.path });
  const stopping = new AbortController();
  const desk = new VerifyDesk({
    config: parsedPipeline(),
    transport,
    pipeline: () => ({ signal: () => undefined, notifications: () => [] }),
    clock: systemClock,
    logger: silentLogger(),
    stopping: stopping.signal,
  });
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
