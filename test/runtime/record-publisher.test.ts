import { expect, test } from 'vitest';

import { TidemarkError } from '../../src/foundation/errors.ts';
import { noFaults } from '../../src/foundation/fault-points.ts';
import type { SourceOffset } from '../../src/model/change-event.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { RecordPublisher } from '../../src/runtime/record-publisher.ts';
import type { RecordBatch } from '../../src/transport/record-batch.ts';
import type { StoredOffset, Transport } from '../../src/transport/transport.ts';
import { eventually } from '../support/eventually.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** A transport whose writes the test completes by hand, so that every order can be seen. */
class HeldTransport {
  readonly log: string[] = [];
  readonly held: { resolve: () => void; reject: (error: Error) => void }[] = [];

  append(batch: RecordBatch, [offset]: readonly StoredOffset[]): Promise<void> {
    this.log.push(`append ${batch.count} at ${offset?.value}`);
    return this.#hold();
  }

  storeOffset([offset]: readonly StoredOffset[]): Promise<void> {
    this.log.push(`offset ${offset?.value}`);
    return this.#hold();
  }

  #hold(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.held.push({ resolve, reject });
    });
  }
}

function setup() {
  const transport = new HeldTransport();
  const clock = new FakeClock();
  const state = { lsn: 0 };
  const controller = new AbortController();
  const publisher = new RecordPublisher(
    transport as unknown as Transport,
    'shop',
    {
      offset: (): SourceOffset => ({ partition: { server: 'shop' }, offset: { lsn: state.lsn } }),
      durable: (offset, records) => {
        transport.log.push(`durable ${records} at ${String(offset.offset['lsn'])}`);
      },
      fault: noFaults,
    },
    {
      clock,
      logger: silentLogger(),
      signal: controller.signal,
      limits: {
        lingerBytes: 100,
        lingerMs: 4,
        lightBytes: 50,
        batchBytesMax: 200,
        idleOffsetIntervalMs: 1000,
      },
    },
  );
  const record = (bytes = 1): void => {
    const batch = publisher.batch;
    batch.start(0, 0);
    batch.endKey(false);
    batch.writer.raw(Buffer.alloc(bytes));
    batch.endValue(true);
    batch.end();
    state.lsn++;
  };
  return { transport, clock, publisher, record, state, controller };
}

test('an offset is told only when the transport says that records and it are durable', async () => {
  const { transport, publisher, record } = setup();
  record();
  expect(publisher.settle(false)).toBeUndefined();
  expect(transport.log).toEqual(['append 1 at {"lsn":1}']);
  // Read, but behind the batch that is being written: not in its offset.
  record();
  transport.held[0]?.resolve();
  await eventually(() => expect(transport.log).toContain('durable 1 at 1'));
  expect(transport.log).not.toContain('durable 2 at 2');
});

test('a watermark is passed when all that was handed over before is durable', async () => {
  const { transport, publisher, record } = setup();
  expect(publisher.watermark()()).toBe(true);
  record();
  const first = publisher.watermark();
  expect(publisher.settle(false)).toBeUndefined();
  record();
  const second = publisher.watermark();
  expect([first(), second()]).toEqual([false, false]);
  transport.held[0]?.resolve();
  await eventually(() => expect(first()).toBe(true));
  expect(second()).toBe(false);
  // An event whose record waits outside of the batch.
  const flushed = publisher.flush();
  await eventually(() => expect(transport.held).toHaveLength(2));
  publisher.hold(true);
  const held = publisher.watermark();
  transport.held[1]?.resolve();
  await flushed;
  expect([second(), held()]).toEqual([true, false]);
});

test('what arrives during a write goes out together in the next one', async () => {
  const { transport, publisher, record, clock } = setup();
  record();
  expect(publisher.settle(false)).toBeUndefined();
  record();
  record();
  expect(publisher.settle(false)).toBeUndefined();
  transport.held[0]?.resolve();
  await eventually(() => expect(clock.pendingTimers).toBe(1));
  clock.advance(4);
  expect(transport.log).toEqual([
    'append 1 at {"lsn":1}',
    'durable 1 at 1',
    'append 2 at {"lsn":3}',
  ]);
});

test('a light batch waits from the beginning of a write, a heavier one from its end', async () => {
  const writeBehind = async (bytes: number, writeMs: number) => {
    const { transport, publisher, record, clock } = setup();
    record();
    expect(publisher.settle(false)).toBeUndefined();
    record(bytes);
    clock.advance(writeMs);
    transport.held[0]?.resolve();
    await eventually(() => expect(transport.log).toHaveLength(clock.pendingTimers > 0 ? 2 : 3));
    return { log: transport.log, clock };
  };
  const slow = await writeBehind(10, 5);
  expect(slow.log.at(-1)).toBe('append 1 at {"lsn":2}');
  for (const [bytes, restMs] of [
    [10, 1],
    [60, 4],
  ] as const) {
    const { log, clock } = await writeBehind(bytes, 3);
    clock.advance(restMs - 1);
    expect(log).toHaveLength(2);
    clock.advance(1);
    expect(log.at(-1)).toBe('append 1 at {"lsn":2}');
  }
});

test('with more input at hand a small batch lingers, a large one goes at once', () => {
  const { transport, publisher, record, clock } = setup();
  record();
  expect(publisher.settle(true)).toBeUndefined();
  expect(transport.log).toEqual([]);
  clock.advance(4);
  expect(transport.log).toEqual(['append 1 at {"lsn":1}']);
  const second = setup();
  second.record(150);
  expect(second.publisher.settle(true)).toBeUndefined();
  expect(second.transport.log).toHaveLength(1);
});

test('the reader waits when a full batch stands behind a write', async () => {
  const { transport, publisher, record } = setup();
  record();
  expect(publisher.settle(false)).toBeUndefined();
  record(250);
  const wait = publisher.settle(true);
  expect(wait).toBeInstanceOf(Promise);
  transport.held[0]?.resolve();
  await wait;
  expect(transport.log.at(-1)).toBe('append 1 at {"lsn":2}');
});

test('an idle source stores its offset now and then, so that the slot advances (P51)', async () => {
  const { transport, publisher, state, clock } = setup();
  state.lsn = 7;
  expect(publisher.settle(false)).toBeUndefined();
  expect(transport.log).toEqual([]);
  clock.advance(1000);
  expect(publisher.settle(false)).toBeUndefined();
  expect(transport.log).toEqual(['offset {"lsn":7}']);
  transport.held[0]?.resolve();
  await eventually(() => expect(transport.log).toContain('durable 0 at 7'));
  clock.advance(5000);
  expect(publisher.settle(false)).toBeUndefined();
  expect(transport.log).toHaveLength(2);
});

test('a failed write reaches the reader and nothing is told', async () => {
  const { transport, publisher, record } = setup();
  record();
  expect(publisher.settle(false)).toBeUndefined();
  transport.held[0]?.reject(new TidemarkError('STORE_IO', 'disk gone'));
  await eventually(() => {
    expect(() => publisher.settle(false)).toThrow('disk gone');
  });
  expect(transport.log).toEqual(['append 1 at {"lsn":1}']);
});

test('a full store is tried again until there is room; the reader is held meanwhile', async () => {
  const { transport, publisher, record, clock } = setup();
  record();
  expect(publisher.settle(false)).toBeUndefined();
  transport.held[0]?.reject(new TidemarkError('STORE_FULL', 'full'));
  await eventually(() => expect(clock.pendingTimers).toBe(1));
  expect(publisher.full?.code).toBe('STORE_FULL');
  record(250);
  const wait = publisher.settle(false);
  expect(wait).toBeInstanceOf(Promise);
  clock.advance(200);
  await eventually(() => expect(transport.held).toHaveLength(2));
  transport.held[1]?.resolve();
  await wait;
  expect(publisher.full).toBeNull();
  expect(transport.log.slice(0, 3)).toEqual([
    'append 1 at {"lsn":1}',
    'append 1 at {"lsn":1}',
    'durable 1 at 1',
  ]);
});

test('an offset alone waits for room like records', async () => {
  const { transport, publisher, state, clock } = setup();
  state.lsn = 7;
  clock.advance(1000);
  expect(publisher.settle(false)).toBeUndefined();
  transport.held[0]?.reject(new TidemarkError('STORE_FULL', 'full'));
  await eventually(() => expect(publisher.full?.code).toBe('STORE_FULL'));
  expect(publisher.settle(false)).toBeUndefined();
  clock.advance(200);
  await eventually(() => expect(transport.held).toHaveLength(2));
  transport.held[1]?.resolve();
  await eventually(() => expect(transport.log).toContain('durable 0 at 7'));
  expect(publisher.full).toBeNull();
});

test('a heartbeat goes out with the offset of the moment and does not count', async () => {
  const { transport, publisher, record, state, clock } = setup();
  state.lsn = 7;
  publisher.heartbeat(beat);
  expect(transport.log).toEqual([]);
  clock.advance(4);
  expect(transport.log).toEqual(['append 1 at {"lsn":7}']);
  // Behind a write it waits for the next one, and shares it with records.
  publisher.heartbeat(beat);
  record();
  transport.held[0]?.resolve();
  await eventually(() => expect(clock.pendingTimers).toBe(1));
  clock.advance(4);
  transport.held[1]?.resolve();
  await eventually(() => expect(transport.log).toHaveLength(4));
  expect(transport.log).toEqual([
    'append 1 at {"lsn":7}',
    'durable 0 at 7',
    'append 2 at {"lsn":8}',
    'durable 1 at 8',
  ]);
});

test('heartbeats do not pile up behind a write, nor follow a failed one', async () => {
  const { transport, publisher, record } = setup();
  record();
  expect(publisher.settle(false)).toBeUndefined();
  for (let i = 0; i < 5; i++) publisher.heartbeat(beat);
  expect(publisher.batch.count).toBe(1);
  transport.held[0]?.reject(new TidemarkError('STORE_IO', 'disk gone'));
  await expect(publisher.flush()).rejects.toThrow('disk gone');
  const other = setup();
  other.record();
  expect(other.publisher.settle(false)).toBeUndefined();
  other.transport.held[0]?.reject(new TidemarkError('STORE_IO', 'disk gone'));
  await expect(other.publisher.flush()).rejects.toThrow('disk gone');
  other.publisher.heartbeat(beat);
  expect(other.publisher.batch.count).toBe(0);
});

test('a record that a transform drops is none, and one that it cannot take fails the task', () => {
  const { publisher, clock } = setup();
  expect(publisher.aside(() => undefined)).toBe(false);
  publisher.heartbeat(() => undefined);
  expect(clock.pendingTimers).toBe(0);
  expect(publisher.aside(beat)).toBe(true);
  const failing = (): void => {
    throw new TidemarkError('TRANSFORM', 'no field');
  };
  expect(publisher.aside(failing)).toBe(false);
  expect(() => publisher.settle(false)).toThrow('no field');
});

test('what is told of the events comes as often as it is told, and does not count', async () => {
  const { transport, publisher, record, clock } = setup();
  publisher.heartbeat(beat);
  publisher.aside(beat);
  record();
  publisher.aside(beat);
  clock.advance(4);
  transport.held[0]?.resolve();
  await eventually(() => expect(transport.log).toHaveLength(2));
  expect(transport.log).toEqual(['append 4 at {"lsn":1}', 'durable 1 at 1']);
});

test('an offset that changed without an event is stored soon, when nothing holds it', async () => {
  const { transport, publisher, state, clock } = setup();
  state.lsn = 5;
  publisher.touch();
  clock.advance(4);
  expect(transport.log).toEqual(['offset {"lsn":5}']);
  transport.held[0]?.resolve();
  await eventually(() => expect(transport.log).toContain('durable 0 at 5'));
  state.lsn = 6;
  publisher.hold(true);
  publisher.touch();
  clock.advance(4);
  expect(transport.log).toHaveLength(2);
  publisher.hold(false);
  expect(publisher.settle(false)).toBeUndefined();
  expect(transport.log.at(-1)).toBe('offset {"lsn":6}');
});

function beat(batch: RecordBatch): void {
  batch.start(1, 0);
  batch.endKey(false);
  batch.writer.raw(Buffer.from('beat'));
  batch.endValue(true);
  batch.end();
}

test('while held neither the timer nor a finished write stores an offset', async () => {
  const { transport, publisher, record, clock } = setup();
  record();
  expect(publisher.settle(false)).toBeUndefined();
  record();
  publisher.heartbeat(beat);
  publisher.hold(true);
  transport.held[0]?.resolve();
  await eventually(() => {
    expect(transport.log).toContain('durable 1 at 1');
  });
  clock.advance(50);
  expect(transport.log.filter((line) => line.startsWith('append'))).toHaveLength(1);
  publisher.hold(false);
  expect(publisher.settle(false)).toBeUndefined();
  expect(transport.log.at(-1)).toBe('append 2 at {"lsn":2}');
});
