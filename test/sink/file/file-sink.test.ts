import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SinkPosition, SinkTask } from '../../../src/model/sink-record.ts';
import { FileSink, planLines } from '../../../src/sink/file/file-sink.ts';
import { OWNER, textOf } from '../../support/line-files.ts';
import { column, positionsOf, SinkLog, SinkTopic } from '../../support/sink-records.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const { signal } = new AbortController();
const nothing = (): void => undefined;

function sinkOf(file: string): SinkTask {
  return new FileSink({ file, owner: OWNER, warn: nothing, note: nothing }, (record) => {
    return `${record.topic.at(-1)}${record.partition}@${record.offset}`;
  });
}

function topics(): readonly [SinkTopic, SinkTopic] {
  const log = new SinkLog();
  const columns = [column('id', null, { type: 'int32' })];
  const of = (table: string): SinkTopic => new SinkTopic({ table, columns, key: ['id'] }, log);
  return [of('a'), of('b')];
}

const partition = (topic: string): { topic: string; partition: number } => ({
  topic,
  partition: 0,
});

describe('records', () => {
  test('stand in the file once, in the order of the log, over restarts', async () => {
    await using folder = await temporaryFolder('file-sink');
    const file = path.join(folder.path, 'a.jsonl');
    const [a, b] = topics();
    const both = [partition(a.topic), partition(b.topic)];
    const records = [a.insert({ id: 1 }), b.insert({ id: 1 }), a.delete({ id: 1 })];
    {
      await using sink = sinkOf(file);
      await sink.start(signal);
      expect(await sink.assign(both, signal)).toEqual([]);
      // As they are fetched: one partition after the other.
      const fetched = [records[0]!, records[2]!, records[1]!];
      expect(await sink.put(fetched, positionsOf(fetched), signal)).toEqual([]);
      expect(sink.status()).toEqual({ applied: 3, parked: [], connected: true });
      // Again, as after a failure that was none.
      await sink.put(fetched, positionsOf(fetched), signal);
    }
    await using sink = sinkOf(file);
    await sink.start(signal);
    expect(await sink.assign(both, signal)).toEqual(positionsOf(records));
    const more = [...records, b.insert({ id: 2 })];
    await sink.put(more, positionsOf(more), signal);
    expect(await textOf(file)).toBe('a0@0\nb0@0\na0@1\nb0@1\n');
    expect(sink.status().applied).toBe(1);
  });

  test('of partitions that are not ours are left out', async () => {
    await using folder = await temporaryFolder('file-sink');
    const file = path.join(folder.path, 'a.jsonl');
    const [a, b] = topics();
    const records = [a.insert({ id: 1 }), b.insert({ id: 1 })];
    await using sink = sinkOf(file);
    await sink.assign([partition(a.topic), partition(b.topic)], signal);
    sink.release([partition(b.topic)]);
    const left = await sink.put(records, positionsOf(records), signal);
    expect(left).toEqual([partition(b.topic)]);
    expect(await textOf(file)).toBe('a0@0\n');
  });

  test('are not written once the signal has aborted', async () => {
    await using folder = await temporaryFolder('file-sink');
    await using sink = sinkOf(path.join(folder.path, 'a.jsonl'));
    await expect(sink.start(AbortSignal.abort())).rejects.toThrow();
    expect(sink.status().connected).toBe(false);
  });
});

describe('what the system refuses', () => {
  test('is told with its cure, and nothing is lost once it is mended', async () => {
    await using folder = await temporaryFolder('file-sink');
    const file = path.join(folder.path, 'logs', 'a.jsonl');
    const [a] = topics();
    await using sink = sinkOf(file);
    await expect(sink.start(signal)).rejects.toMatchObject({
      code: 'SINK_FILE',
      cure: `mkdir -p ${path.dirname(file)}`,
    });
    await mkdir(path.dirname(file));
    await sink.assign([partition(a.topic)], signal);
    const records = [a.insert({ id: 1 })];
    await sink.put(records, positionsOf(records), signal);
    expect(await textOf(file)).toBe('a0@0\n');
  });

  test.each(['/dev/null', '/tmp'])('%s is no file', async (file) => {
    await using sink = sinkOf(file);
    await expect(sink.start(signal)).rejects.toMatchObject({
      code: 'SINK_FILE',
      message: `${file} is no regular file`,
    });
  });

  test('a folder in which nobody may write', async () => {
    await using sink = sinkOf('/sys/a.jsonl');
    await expect(sink.start(signal)).rejects.toMatchObject({
      code: 'SINK_FILE',
      message: expect.stringMatching(/may not be written \((EACCES|EPERM|EROFS)\)/) as string,
    });
  });
});

describe('a plan', () => {
  const [a] = topics();
  const at = (generation: number, offset: number): SinkPosition => ({
    topic: a.topic,
    partition: 0,
    generation,
    offset,
  });
  const key = `${a.topic}/0`;
  const first = a.insert({ id: 1 });
  const assigned = new Set([key]);

  test('leaves out what is there, and what a newer generation has replaced', () => {
    const plan = (stored: SinkPosition) =>
      planLines(new Map([[key, stored]]), assigned, [first], [at(1, 1)]);
    expect(plan(at(1, 0)).records).toEqual([first]);
    expect(plan(at(1, 1))).toEqual({ records: [], positions: [] });
    expect(plan(at(2, 0))).toEqual({ records: [], positions: [] });
  });

  test('goes on with a newer generation, whose offsets may be lower', () => {
    const anew = { ...first, generation: 2 };
    const plan = planLines(new Map([[key, at(1, 9)]]), assigned, [anew], [at(2, 1)]);
    expect(plan).toEqual({ records: [anew], positions: [at(2, 1)] });
  });

  test('keeps a position that has no records', () => {
    expect(planLines(new Map(), assigned, [], [at(1, 4)]).positions).toEqual([at(1, 4)]);
  });
});
