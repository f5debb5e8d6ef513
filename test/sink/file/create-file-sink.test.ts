import path from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { createFileSink } from '../../../src/sink/file/create-file-sink.ts';
import { StandardOutputSink } from '../../../src/sink/file/standard-output-sink.ts';
import { OWNER, textOf } from '../../support/line-files.ts';
import { column, positionsOf, SinkTopic } from '../../support/sink-records.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const told: string[] = [];
const tell = (text: string): void => void told.push(text);
const around = { clock: systemClock, warn: tell, note: tell };
const { signal } = new AbortController();

test('lines go into the file in the format', async () => {
  await using folder = await temporaryFolder('create-file-sink');
  const file = path.join(folder.path, 'a.jsonl');
  const columns = [column('id', null, { type: 'int32' })];
  const topic = new SinkTopic({ table: 't', columns, key: ['id'] });
  await using sink = createFileSink({ owner: OWNER, file, format: 'value' }, around);
  const records = [topic.flat({ id: 1 })];
  await sink.assign([{ topic: topic.topic, partition: 0 }], signal);
  await sink.put(records, positionsOf(records), signal);
  expect(await textOf(file)).toBe('{"id":1}\n');
  expect(told).toEqual([]);
});

test('without a file they go to standard output', () => {
  const sink = createFileSink({ owner: OWNER, file: null, format: 'json' }, around);
  expect(sink).toBeInstanceOf(StandardOutputSink);
});
