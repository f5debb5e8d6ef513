import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ParkedReplay } from '../../../src/sink/sql/parked-replay.ts';
import { SqlSinkOffsets } from '../../../src/sink/sql/sink-offsets.ts';
import { targetOf } from '../../../src/sink/sql/target-product.ts';
import { never, put } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';
import type { FileTarget } from '../../support/sink-target.ts';
import { startTargetSink } from '../../support/sink-target.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const id = column('id', 'integer', { type: 'int32', optional: false });

/** A file as a target, and how to ask it for its tables. */
export interface FileOffsetsSubject {
  readonly scheme: string;
  readonly tables: string;
  readonly open: () => Promise<FileTarget>;
}

/** Offsets of a file are looked at, and moved, without a daemon. */
export function contractOfFileOffsets({ scheme, tables, open }: FileOffsetsSubject): void {
  test('a file that is missing is looked at and moved in without being made', async () => {
    await using target = await open();
    await using folder = await temporaryFolder('offsets');
    const file = path.join(folder.path, 'never.db');
    const options = target.options({ connectionUrl: `${scheme}:${file}` });
    const offsets = await SqlSinkOffsets.open(options, never);
    expect(await offsets.read()).toEqual([]);
    expect(await ParkedReplay.waiting(options, never)).toEqual([]);
    await offsets.move([{ topic: 'shop.public.t', partition: 0, generation: 1, offset: 3 }]);
    const session = await targetOf(options).look(never);
    expect((await session.query(tables)).rows).toEqual([]);
    await session.close();
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('what is moved back in a file is applied again', async () => {
    await using target = await open();
    const topic = new SinkTopic({ table: 't', columns: [id], key: ['id'] });
    const records = [1, 2, 3].map((n) => topic.insert({ id: n }));
    const sink = await startTargetSink(target);
    await put(sink, records);
    await sink[Symbol.asyncDispose]();
    await target.query('DELETE FROM t WHERE id > 1');
    const offsets = await SqlSinkOffsets.open(target.options(), never);
    const place = { topic: topic.topic, partition: 0, generation: 1 };
    expect(await offsets.read()).toMatchObject([{ ...place, offset: 3 }]);
    await offsets.move([{ ...place, offset: 1 }]);
    expect(await offsets.read()).toMatchObject([{ ...place, offset: 1 }]);
    await using again = await startTargetSink(target);
    await put(again, records);
    expect(await target.query('SELECT id FROM t ORDER BY id')).toHaveLength(3);
  });
}
