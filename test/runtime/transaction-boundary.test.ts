import { expect, test } from 'vitest';
import { noFaults } from '../../src/foundation/fault-points.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { RecordPublisher } from '../../src/runtime/record-publisher.ts';
import {
  endsTransaction,
  type TransactionBoundary,
} from '../../src/runtime/transaction-boundary.ts';
import type { RecordBatch } from '../../src/transport/record-batch.ts';
import type { StoredOffset, Transport } from '../../src/transport/transport.ts';
import { FakeClock } from '../support/fake-clock.ts';

const offsetAt = (lsn: number, midTransaction = false) => ({
  partition: { server: 'shop' },
  offset: { lsn },
  midTransaction,
});

test('each kind of boundary has its own end', () => {
  const ends = (boundary: TransactionBoundary, mid: boolean, sinceMs: number): boolean =>
    endsTransaction(boundary, offsetAt(1, mid), sinceMs);
  expect(ends({ kind: 'poll' }, true, 0)).toBe(true);
  expect(ends({ kind: 'connector' }, true, 10_000)).toBe(false);
  expect(ends({ kind: 'connector' }, false, 0)).toBe(true);
  expect(ends({ kind: 'interval', intervalMs: 100 }, false, 99)).toBe(false);
  expect(ends({ kind: 'interval', intervalMs: 100 }, true, 100)).toBe(true);
});

/** A log whose transactions take several appends; everything is written at once. */
function setup(boundary: TransactionBoundary) {
  const log: string[] = [];
  const clock = new FakeClock();
  const state = { lsn: 0, mid: false };
  const shown = (stored: readonly StoredOffset[] | null): string => stored?.[0]?.value ?? 'open';
  const transport: Pick<Transport, 'append' | 'storeOffset'> = {
    append: (batch, stored, more) => {
      log.push(`append ${batch.count} ${shown(stored as readonly StoredOffset[] | null)}`);
      expect(more ?? false).toBe(stored === null);
      return Promise.resolve();
    },
    storeOffset: (stored) => {
      log.push(`end ${shown(stored as readonly StoredOffset[])}`);
      return Promise.resolve();
    },
  };
  const publisher = new RecordPublisher(
    transport as Transport,
    'shop',
    {
      offset: () => offsetAt(state.lsn, state.mid),
      durable: (offset, records) => {
        log.push(`durable ${records} at ${String(offset.offset['lsn'])}`);
      },
      fault: noFaults,
    },
    {
      clock,
      logger: silentLogger(),
      signal: new AbortController().signal,
      limits: {
        lingerBytes: 100,
        lingerMs: 4,
        lightBytes: 50,
        batchBytesMax: 200,
        idleOffsetIntervalMs: 1000,
        boundary,
      },
    },
  );
  const record = (): void => {
    const batch: RecordBatch = publisher.batch;
    batch.start(0, 0);
    batch.endKey(false);
    batch.writer.raw(Buffer.alloc(1));
    batch.endValue(true);
    batch.end();
    state.lsn++;
  };
  return { publisher, record, state, log, clock };
}

test('with connector a transaction of the log holds whole ones of the source', async () => {
  const { publisher, record, state, log } = setup({ kind: 'connector' });
  state.mid = true;
  record();
  await publisher.settle(false);
  await expect.poll(() => log).toEqual(['append 1 open']);
  const passed = publisher.watermark();
  record();
  await publisher.settle(false);
  await expect.poll(() => log).toHaveLength(2);
  // Nothing new, and still in the middle of it.
  await publisher.settle(false);
  expect(log).toEqual(['append 1 open', 'append 1 open']);
  expect(passed()).toBe(false);
  // The commit has no record.
  state.mid = false;
  state.lsn = 9;
  await publisher.settle(false);
  await expect.poll(() => log.slice(2)).toEqual(['end {"lsn":9}', 'durable 2 at 9']);
  expect(passed()).toBe(true);
});

test('with interval it ends by time, also when nothing more comes', async () => {
  const { publisher, record, log, clock } = setup({ kind: 'interval', intervalMs: 100 });
  record();
  await publisher.settle(false);
  await expect.poll(() => log).toEqual(['append 1 open']);
  await expect.poll(() => clock.pendingTimers).toBe(1);
  clock.advance(99);
  expect(log).toHaveLength(1);
  clock.advance(1);
  await expect.poll(() => log.slice(1)).toEqual(['end {"lsn":1}', 'durable 1 at 1']);
  // After a quiet time the next one need not wait.
  clock.advance(500);
  record();
  await publisher.settle(false);
  await expect.poll(() => log.slice(3)).toEqual(['append 1 {"lsn":2}', 'durable 1 at 2']);
});

test('a flush ends it at once, and whoever can wait is told where it would cut one', async () => {
  const { publisher, record, state, log } = setup({ kind: 'connector' });
  expect(publisher.mayFlush).toBe(true);
  state.mid = true;
  expect(publisher.mayFlush).toBe(false);
  expect(setup({ kind: 'interval', intervalMs: 100 }).publisher.mayFlush).toBe(true);
  record();
  await publisher.flush();
  expect(log).toEqual(['append 1 {"lsn":1}', 'durable 1 at 1']);
});
