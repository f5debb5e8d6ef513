import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { open } from 'lmdb';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { openEmbeddedTransport } from '../../../src/transport/embedded/embedded-transport.ts';
import { FORMAT_KEY } from '../../../src/transport/embedded/store-keys.ts';
import { batchOf } from '../batch-of.ts';
import { transportConformance } from '../conformance.ts';
import { readAll, shown } from '../log-reading.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { Child } from './child.ts';

const MIB = 1024 * 1024;

transportConformance('embedded', () => {
  const folder = temporaryFolder();
  return Promise.resolve({
    open: () => openEmbeddedTransport({ path: folder.path, maxBytes: 256 * MIB }),
    [Symbol.asyncDispose]() {
      folder[Symbol.dispose]();
      return Promise.resolve();
    },
  });
});

describe('a store', () => {
  test('has one writer, whose pid is told', async () => {
    using folder = temporaryFolder();
    await using child = new Child(['hold', folder.path]);
    const { pid } = await child.next<{ pid: number }>();
    await expect(openEmbeddedTransport({ path: folder.path })).rejects.toMatchObject({
      code: 'STORE_LOCKED',
      message: expect.stringContaining(`process ${pid}`) as string,
    });
    expect(await child.end()).toBe(0);
    await using transport = await openEmbeddedTransport({ path: folder.path });
    expect(await transport.listTopics()).toEqual([]);
  });

  test('is read by another process while it is written', async () => {
    using folder = temporaryFolder();
    await using transport = await openEmbeddedTransport({ path: folder.path });
    const a = await transport.openTopic('a');
    await transport.append(batchOf([{ topic: a, key: 'k', value: '1' }]), { key: 's', value: 'x' });
    await using child = new Child(['tail', folder.path]);
    expect(await child.next()).toEqual({
      found: ['a/0@0 k=1'],
      offsets: [{ key: 's', value: 'x' }],
    });
    await transport.append(batchOf([{ topic: a, value: '2' }]), null);
    expect(await child.next()).toEqual({ topic: 'a', generation: 1, values: ['2'] });
    const b = await transport.openTopic('b');
    await transport.append(batchOf([{ topic: b, value: '3' }]), null);
    expect(await child.next()).toEqual({ topic: 'b', generation: 1, values: ['3'] });
    await transport.beginGeneration(['a'], { key: 's', value: 'y' });
    const generation = (await transport.describeTopic('a'))?.generation;
    expect(await child.next()).toEqual({ topic: 'a', generation, values: [] });
    // Far beyond what the file was when the reader opened it.
    for (let n = 0; n < 8; n++) {
      await transport.append(batchOf([{ topic: b, value: Buffer.alloc(MIB, 65 + n) }]), null);
      expect(await child.next()).toMatchObject({ values: ['ABCDEFGH'.charAt(n).repeat(MIB)] });
    }
    expect(await transport.listGroups()).toEqual([]);
    expect(await child.end()).toBe(0);
  });

  test.each([1, 2, 4])('of version %i is left as it is', async (version) => {
    using folder = temporaryFolder();
    {
      await using transport = await openEmbeddedTransport({ path: folder.path });
      await transport.openTopic('a');
    }
    const raw = open<Buffer, Buffer>({
      path: folder.path,
      encoding: 'binary',
      keyEncoding: 'binary',
      overlappingSync: false,
    });
    await raw.put(FORMAT_KEY, Buffer.from(`{"version":${version}}`));
    await raw.close();
    const hash = (): string =>
      createHash('sha256')
        .update(readFileSync(path.join(folder.path, 'data.mdb')))
        .digest('hex');
    const before = hash();
    for (const readOnly of [false, true]) {
      await expect(openEmbeddedTransport({ path: folder.path, readOnly })).rejects.toMatchObject({
        code: 'STORE_VERSION',
      });
    }
    expect(hash()).toBe(before);
  });

  test('that replaces a deleted one gives no generation that the old one gave', async () => {
    const generations: number[] = [];
    for (const nowMs of [1_000_000, 2_000_000]) {
      using folder = temporaryFolder();
      const clock = { ...systemClock, nowMs: () => nowMs };
      await using transport = await openEmbeddedTransport({ path: folder.path, clock });
      await transport.openTopic('t');
      for (const value of ['a', 'b']) {
        await transport.beginGeneration(['t'], { key: 's', value });
        generations.push((await transport.describeTopic('t'))?.generation ?? 0);
      }
    }
    expect(generations).toEqual([1_000_000, 1_000_001, 2_000_000, 2_000_001]);
  });

  test('that is missing is not made by a reader', async () => {
    using folder = temporaryFolder();
    const missing = path.join(folder.path, 'none');
    await expect(openEmbeddedTransport({ path: missing, readOnly: true })).rejects.toMatchObject({
      code: 'STORE_OPEN',
    });
    // Node's own recursive mkdir never comes back from this one.
    await expect(openEmbeddedTransport({ path: '/proc/none/store' })).rejects.toMatchObject({
      code: 'STORE_OPEN',
    });
    // A file stands where the folder should be.
    await expect(openEmbeddedTransport({ path: import.meta.filename })).rejects.toMatchObject({
      code: 'STORE_OPEN',
    });
  });

  test('refuses a record over the limit and takes the next batch', async () => {
    using folder = temporaryFolder();
    await using transport = await openEmbeddedTransport({
      path: folder.path,
      maxRecordBytes: 1000,
    });
    const topic = await transport.openTopic('a');
    const records = [
      { topic, value: 'small' },
      { topic, value: Buffer.alloc(1001) },
    ];
    await expect(transport.append(batchOf(records), null)).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
      message: expect.stringContaining('1001 bytes; the transport takes 1000') as string,
    });
    await transport.append(batchOf([{ topic, value: Buffer.alloc(1000) }]), null);
    expect(transport.statistics().records).toBe(1);
  });

  test('carries on with many writers at once, each durable when told', async () => {
    using folder = temporaryFolder();
    await using transport = await openEmbeddedTransport({ path: folder.path });
    const topic = await transport.openTopic('a');
    await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        await transport.append(batchOf([{ topic, value: `${n}` }]), { key: `s${n}`, value: 'v' });
        await transport.documents.write([{ collection: 'c', key: `${n}`, value: 'd' }]);
        expect(await transport.loadOffset(`s${n}`)).toBe('v');
        expect(transport.documents.get('c', `${n}`)).toBe('d');
      }),
    );
    await using consumer = await transport.consumer({ group: 'g', topics: ['a'] });
    expect(shown(await readAll(consumer))).toHaveLength(50);
  });
});
