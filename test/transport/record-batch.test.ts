import { expect, test } from 'vitest';
import { RecordBatch } from '../../src/transport/record-batch.ts';

test('holds any number of records and forgets an abandoned one', () => {
  const batch = new RecordBatch();
  for (let n = 0; n < 3000; n++) {
    batch.start(n % 7, n);
    batch.writer.ascii(`key${n}`);
    batch.endKey(true);
    batch.endValue(false);
    batch.end();
    batch.start(99, 99);
    batch.writer.ascii('lost');
    batch.abandon();
  }
  expect(batch.count).toBe(3000);
  const keyOf = (n: number): string =>
    batch.writer.bytes.toString('latin1', batch.keyStarts[n], batch.keyEnds[n]);
  for (const n of [0, 1023, 1024, 2999]) {
    expect([batch.topics[n], batch.timestampsMs[n], keyOf(n)]).toEqual([n % 7, n, `key${n}`]);
    expect([batch.valueEnds[n], batch.headerEnds[n]]).toEqual([-1, batch.headerStarts[n]]);
  }
  expect(batch.byteLength).toBe(batch.headerEnds[2999]);
  batch.clear();
  expect([batch.count, batch.byteLength]).toEqual([0, 0]);
});
