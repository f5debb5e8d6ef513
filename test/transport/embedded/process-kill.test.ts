import { expect, test } from 'vitest';
import { openEmbeddedTransport } from '../../../src/transport/embedded/embedded-transport.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { Child } from './child.ts';
import { checkNumbered, randomFrom } from './numbered-batches.ts';

test('kill -9 at any instant loses nothing acknowledged and leaves nothing half', async () => {
  using folder = temporaryFolder();
  const random = randomFrom(1);
  let known = 0;
  for (let round = 0; round < 10; round++) {
    await using child = new Child(['append', folder.path, `${round}`]);
    let acknowledged = known;
    for (let left = 1 + random() * 60; left > 0; left--) acknowledged = await child.next<number>();
    acknowledged = (await child.kill<number>()).at(-1) ?? acknowledged;

    // The lock of the dead process is gone with it.
    await using transport = await openEmbeddedTransport({ path: folder.path });
    const found = await checkNumbered(transport);
    expect(found).toBeGreaterThanOrEqual(acknowledged);
    expect(found).toBeLessThanOrEqual(acknowledged + 1);
    known = found;
  }
  expect(known).toBeGreaterThan(50);
}, 60_000);
