import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { StandardOutputSink, type WriteSome } from '../../../src/sink/file/standard-output-sink.ts';
import { column, positionsOf, SinkTopic } from '../../support/sink-records.ts';

const { signal } = new AbortController();
const topic = new SinkTopic({
  table: 't',
  columns: [column('id', null, { type: 'int32' })],
  key: ['id'],
});
const records = [topic.insert({ id: 1 }), topic.insert({ id: 2 })];
const partition = { topic: topic.topic, partition: 0 };

async function sinkOver(write: WriteSome): Promise<StandardOutputSink> {
  const sink = new StandardOutputSink((record) => `line ${record.offset}`, systemClock, write);
  await sink.start();
  expect(await sink.assign([partition])).toEqual([]);
  return sink;
}

const failing = (code: string): Error => Object.assign(new Error(code), { code });

describe('standard output', () => {
  test('has whole lines, though a pipe takes some bytes at a time', async () => {
    let printed = '';
    let calls = 0;
    const sink = await sinkOver((bytes, at) => {
      calls++;
      if (calls % 2 === 0) return Promise.reject(failing('EAGAIN'));
      printed += bytes.toString('utf8', at, at + 3);
      return Promise.resolve(Math.min(3, bytes.length - at));
    });
    expect(await sink.put(records, positionsOf(records), signal)).toEqual([]);
    expect(printed).toBe('line 0\nline 1\n');
    await sink.put(records, positionsOf(records), signal);
    expect(printed).toBe('line 0\nline 1\n');
    expect(sink.status()).toEqual({ applied: 2, parked: [], connected: true });
  });

  test('that nobody reads is an error', async () => {
    const sink = await sinkOver(() => Promise.reject(failing('EPIPE')));
    await expect(sink.put(records, positionsOf(records), signal)).rejects.toMatchObject({
      code: 'SINK_FILE',
      message: 'standard output: nobody reads it any more',
    });
    expect(sink.status().connected).toBe(false);
  });

  test('that is full for ever does not keep the daemon from stopping', async () => {
    const stopping = new AbortController();
    const sink = await sinkOver(() => {
      stopping.abort(new Error('stopped'));
      return Promise.reject(failing('EAGAIN'));
    });
    await expect(sink.put(records, positionsOf(records), stopping.signal)).rejects.toThrow(
      'stopped',
    );
  });

  test('has nothing of partitions that are others', async () => {
    let printed = 0;
    const sink = await sinkOver((bytes) => Promise.resolve((printed = bytes.length)));
    sink.release([partition]);
    expect(await sink.put(records, positionsOf(records), signal)).toEqual([partition]);
    expect(printed).toBe(0);
  });
});
