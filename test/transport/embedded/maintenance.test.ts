import { describe, expect, test, vi } from 'vitest';
import { openEmbeddedTransport } from '../../../src/transport/embedded/embedded-transport.ts';
import { SegmentFiles } from '../../../src/transport/embedded/segment-files.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { batchOf } from '../batch-of.ts';
import { temporaryFolder } from '../temporary-folder.ts';

describe('maintenance', () => {
  test('runs by the clock until the store is closed', async () => {
    using folder = temporaryFolder();
    const clock = new FakeClock();
    const transport = await openEmbeddedTransport({
      path: folder.path,
      clock,
      maintenanceIntervalMs: 1000,
    });
    const topic = await transport.openTopic('a', { retentionMs: 5000 });
    const record = { topic, value: 'x', timestampMs: clock.nowMs() };
    await transport.append(batchOf([record]), null);
    clock.advance(4000);
    // Any write behind the rounds shows that they are over.
    await transport.storeOffset({ key: 's', value: '1' });
    expect(transport.statistics().records).toBe(1);
    await expect
      .poll(async () => {
        clock.advance(1000);
        await transport.storeOffset({ key: 's', value: '2' });
        return transport.statistics().records;
      })
      .toBe(0);
    await transport[Symbol.asyncDispose]();
    expect(clock.pendingTimers).toBe(0);
  });

  test('waits for a round that runs and works on what came since', async () => {
    using folder = temporaryFolder();
    await using transport = await openEmbeddedTransport({ path: folder.path });
    const topic = await transport.openTopic('a', { retentionBytes: 0 });
    const rounds: Promise<void>[] = [];
    for (let n = 0; n < 5; n++) {
      await transport.append(batchOf([{ topic, value: 'x' }]), null);
      rounds.push(transport.runMaintenance());
    }
    await Promise.all(rounds);
    expect(transport.statistics().records).toBe(0);
  });

  test('is begun by a new generation', async () => {
    using folder = temporaryFolder();
    await using transport = await openEmbeddedTransport({ path: folder.path });
    const topic = await transport.openTopic('a');
    await transport.append(batchOf([{ topic, value: Buffer.alloc(2_000_000) }]), null);
    expect(transport.statistics().bytesUsed).toBeGreaterThan(2_000_000);
    await transport.beginGeneration(['a'], { key: 's', value: 'x' });
    await expect.poll(() => transport.statistics().bytesUsed).toBeLessThan(1_000_000);
  });

  test('compacts more than fits the quota twice, never above it', async () => {
    using folder = temporaryFolder();
    const maxBytes = 8 * 1024 * 1024;
    await using transport = await openEmbeddedTransport({ path: folder.path, maxBytes });
    const topic = await transport.openTopic('a', { cleanup: 'compact' });
    let keys = 0;
    // One record of each block is not the newest of its key, so all has to be written anew.
    const append = async (): Promise<void> => {
      const records = Array.from({ length: 50 }, (_, n) => ({
        topic,
        key: n % 10 === 0 ? 'again' : `${keys} ${n}`,
        value: 'x'.repeat(3000),
      }));
      await transport.append(batchOf(records), null);
      keys += 45;
    };
    const filling = (async () => {
      for (;;) await append();
    })();
    await expect(filling).rejects.toMatchObject({ code: 'STORE_FULL' });
    let peak = 0;
    const state = { done: false };
    const round = transport.runMaintenance().finally(() => {
      state.done = true;
    });
    while (!state.done) {
      const { bytesUsed, bytesReusable } = transport.statistics();
      peak = Math.max(peak, bytesUsed - bytesReusable);
      await new Promise(setImmediate);
    }
    await round;
    expect(peak).toBeLessThanOrEqual(maxBytes);
    expect(transport.statistics().records).toBe(keys + 1);
    await append();
  });

  test('reads each segment about once, however many topics begin in the oldest', async () => {
    using folder = temporaryFolder();
    const options = { path: folder.path, segmentBytes: 70_000 };
    const topics = Array.from({ length: 30 }, (_, n) => `t${n}`);
    {
      await using transport = await openEmbeddedTransport(options);
      const handles: number[] = [];
      for (const name of topics) handles.push(await transport.openTopic(name));
      const records = handles.map((topic) => ({ topic, value: Buffer.alloc(2000) }));
      // More segments than there are indexes in memory.
      for (let n = 0; n < 20; n++) await transport.append(batchOf(records), null);
    }
    await using transport = await openEmbeddedTransport(options);
    for (const name of topics) await transport.openTopic(name, { retentionMs: 1 });
    const read = vi.spyOn(SegmentFiles.prototype, 'read');
    await transport.runMaintenance();
    expect(transport.statistics().records).toBe(0);
    // Five reads find the blocks of a segment.
    expect(read.mock.calls.length).toBeLessThan(20 * 5 * 2);
    read.mockRestore();
  });
});
