import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type EmbeddedTransport,
  openEmbeddedTransport,
} from '../../../src/transport/embedded/embedded-transport.ts';
import { HEAD_BYTES } from '../../../src/transport/embedded/log-block.ts';
import { batchOf } from '../batch-of.ts';
import { readAll } from '../log-reading.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const APPENDS = 12;
/** Three appends of this size are a segment. */
const VALUE_BYTES = 20_000;
const SEGMENT_BYTES = 70_000;

const folder = temporaryFolder();
const fileOf = (segment: number): string =>
  path.join(folder.path, 'log', `${String(segment).padStart(10, '0')}.log`);
const open = (): Promise<EmbeddedTransport> =>
  openEmbeddedTransport({ path: folder.path, segmentBytes: SEGMENT_BYTES });

/** What a reader finds of topic `a`, from an open on. */
async function offsetsRead(): Promise<number[]> {
  await using transport = await open();
  await using consumer = await transport.consumer({ group: 'g', topics: ['a'], register: false });
  return (await readAll(consumer)).flatMap(({ records }) => records.map(({ offset }) => offset));
}

beforeAll(async () => {
  await using transport = await open();
  const topic = await transport.openTopic('a');
  const other = await transport.openTopic('b');
  for (let n = 0; n < APPENDS; n++) {
    const records = [
      { topic, key: `${n}`, value: Buffer.alloc(VALUE_BYTES, n) },
      { topic: other, value: 'small' },
    ];
    await transport.append(batchOf(records), { key: 's', value: `${n}` });
  }
});

afterAll(() => {
  folder[Symbol.dispose]();
});

describe('a damaged segment', () => {
  test('is told by its file; no bit of a head can hide records', async () => {
    const last = readdirSync(path.join(folder.path, 'log')).length;
    expect(last).toBeGreaterThan(2);
    for (const segment of [1, last]) {
      const file = fileOf(segment);
      const whole = readFileSync(file);
      for (let at = 0; at < HEAD_BYTES; at += 3) {
        const bytes = Buffer.from(whole);
        bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (at % 8)), at);
        writeFileSync(file, bytes);
        await expect(offsetsRead(), `${segment} ${at}`).rejects.toMatchObject({
          code: 'STORE_IO',
          message: expect.stringContaining(file) as string,
          cure: expect.stringContaining('new snapshot') as string,
        });
      }
      writeFileSync(file, whole);
    }
    expect(await offsetsRead()).toEqual(Array.from({ length: APPENDS }, (_, n) => n));
  });

  test('that is cut off or missing is told by its file', async () => {
    const last = readdirSync(path.join(folder.path, 'log')).length;
    for (const segment of [2, last]) {
      const file = fileOf(segment);
      const whole = readFileSync(file);
      const error = { code: 'STORE_IO', message: expect.stringContaining(file) as string };
      for (const left of [0, 30, 10_000]) {
        truncateSync(file, left);
        await expect(offsetsRead()).rejects.toMatchObject(error);
      }
      rmSync(file);
      await expect(offsetsRead()).rejects.toMatchObject(error);
      writeFileSync(file, whole);
    }
    expect(await offsetsRead()).toHaveLength(APPENDS);
  });

  test('keeps retention from its own topic only', async () => {
    const file = fileOf(1);
    const whole = readFileSync(file);
    rmSync(file);
    await using transport = await open();
    const fine = await transport.openTopic('fine', { retentionBytes: 0 });
    await transport.openTopic('a', { retentionBytes: 0 });
    for (let n = 0; n < 9; n++) {
      await transport.append(batchOf([{ topic: fine, value: Buffer.alloc(VALUE_BYTES) }]), null);
    }
    const before = readdirSync(path.join(folder.path, 'log')).length;
    await expect(transport.runMaintenance()).rejects.toMatchObject({ code: 'STORE_IO' });
    expect((await transport.describeTopic('fine'))?.partitions[0]?.startOffset).toBe(9);
    expect(readdirSync(path.join(folder.path, 'log')).length).toBeLessThan(before - 1);
    await transport.openTopic('a', { retentionBytes: 1e9 });
    writeFileSync(file, whole);
  });

  test('is not deleted with the others when the tree is lost', async () => {
    const names = readdirSync(path.join(folder.path, 'log'));
    const tree = path.join(folder.path, 'data.mdb');
    const whole = readFileSync(tree);
    rmSync(tree);
    for (let n = 0; n < 2; n++) {
      await expect(open()).rejects.toMatchObject({
        code: 'STORE_OPEN',
        message: expect.stringContaining('data.mdb') as string,
      });
    }
    expect(readdirSync(path.join(folder.path, 'log'))).toEqual(names);
    writeFileSync(tree, whole);
    expect(await offsetsRead()).toHaveLength(APPENDS);
  });
});
