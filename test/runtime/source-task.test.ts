import { describe, expect, test, vi } from 'vitest';
import type { ChangeReceiver, SchemaStatement } from '../../src/model/change-event.ts';
import { toConnectEntries } from '../../src/runtime/source-offset.ts';
import { binlogOrigin } from '../rowpath/encoder-harness.ts';
import { eventually } from '../support/eventually.ts';
import { keyedTable, rowChange } from '../support/keyed-table.ts';
import { aborted, type ScriptedReader } from '../support/scripted-reader.ts';
import { sourceTaskBench, type SourceTaskBench } from '../support/source-task-bench.ts';

const TOPIC = 'shop.public.orders';
const table = keyedTable();
const offset = (value: number) => ({ partition: { server: 'shop' }, offset: { lsn: value } });

async function introduce(receiver: ChangeReceiver): Promise<void> {
  await receiver.schemaChanged({ table, previous: null, position: '0/1' });
}

function insert(receiver: ChangeReceiver, reader: ScriptedReader, id: number): void {
  receiver.row(rowChange(table, 'c', null, [String(id), 'a']));
  reader.lsn = id;
}

/** Runs until the script ends; the test aborts where the script waits for it. */
function start(bench: SourceTaskBench, controller = new AbortController()) {
  const healthy = vi.fn<() => void>();
  const started = vi.fn<() => void>();
  return { healthy, started, ended: bench.task.run(controller.signal, started, healthy) };
}

describe('streaming', () => {
  test('rows and offset are durable before the source is told', async () => {
    await using bench = await sourceTaskBench(async (receiver, reader) => {
      await introduce(receiver);
      insert(receiver, reader, 1);
      insert(receiver, reader, 2);
      receiver.committed(rowChange(table, 'c', null, null));
      await receiver.settle(false);
    });
    const { ended, healthy, started } = start(bench);
    await ended;
    expect(bench.log.slice(0, 5)).toEqual([
      'source.batch-encoded',
      'source.appended',
      'durable 2',
      'confirm 2',
      'source.confirmed',
    ]);
    expect(await bench.read(TOPIC)).toHaveLength(2);
    expect(await bench.transport.loadOffset('["orders",{"server":"shop"}]')).toBe('{"lsn":2}');
    expect(bench.task.storedOffset).toEqual(offset(2));
    expect(bench.statistics).toMatchObject({ creates: 2, recordsPublished: 2, transactions: 1 });
    expect(started).toHaveBeenCalledTimes(1);
    expect(healthy).toHaveBeenCalled();
    expect(bench.readers[0]?.disposed).toBe(1);
  });

  test('the next life goes on from the stored offset, with encoders of its own', async () => {
    await using bench = await sourceTaskBench(async (receiver, reader) => {
      await introduce(receiver);
      insert(receiver, reader, (reader.stored === null ? 0 : 10) + 1);
      await receiver.settle(false);
    });
    expect(bench.task.hasWorked()).toBe(false);
    await start(bench).ended;
    expect(bench.task.hasWorked()).toBe(true);
    await start(bench).ended;
    expect(bench.readers.map(({ stored }) => stored)).toEqual([null, offset(1)]);
    expect(bench.task.storedOffset).toEqual(offset(11));
  });

  test('an error of the reader drops what was not durable, and nothing is told', async () => {
    await using bench = await sourceTaskBench(async (receiver, reader) => {
      await introduce(receiver);
      insert(receiver, reader, 1);
      throw new Error('connection lost');
    });
    await expect(start(bench).ended).rejects.toThrow('connection lost');
    expect(bench.log).toEqual([]);
    expect(await bench.read(TOPIC)).toEqual([]);
    expect(bench.task.hasWorked()).toBe(false);
  });

  test('a truncate is a record without key', async () => {
    await using bench = await sourceTaskBench(async (receiver) => {
      await introduce(receiver);
      receiver.truncate({ ...rowChange(table, 'c', null, null), table });
      await receiver.settle(false);
    });
    await start(bench).ended;
    const [record] = await bench.read(TOPIC);
    expect(record?.key).toBeNull();
    expect(record?.value?.toString()).toContain('"op":"t"');
    expect(bench.statistics.truncates).toBe(1);
  });
});

describe('snapshot', () => {
  test('no row is confirmed before all are durable; then all at once', async () => {
    await using bench = await sourceTaskBench(async (receiver, reader) => {
      await receiver.snapshotStarted([table], offset(0));
      await introduce(receiver);
      for (const id of ['1', '2']) {
        receiver.row(rowChange(table, 'r', null, [id, 'a']));
        await receiver.settle(false);
      }
      reader.lsn = 5;
      await receiver.snapshotCompleted(reader.offset());
      insert(receiver, reader, 6);
      await receiver.settle(false);
    });
    await start(bench).ended;
    const confirms = bench.log.filter((entry) => entry.startsWith('confirm'));
    // The flush at the end tells the same position once more.
    expect(new Set(confirms)).toEqual(new Set(['confirm 6']));
    expect(bench.log.indexOf('snapshot.completed')).toBeLessThan(bench.log.indexOf('confirm 6'));
    expect(bench.log.slice(0, 2)).toEqual(['snapshot.intent-stored', 'snapshot.first-row']);
    expect(bench.log).toContain('snapshot.rows-appended');
    expect(bench.statistics).toMatchObject({ reads: 2, creates: 1, snapshotDone: true });
  });

  test('let go, the source is told at once what is durable', async () => {
    await using bench = await sourceTaskBench(async (receiver, reader) => {
      await introduce(receiver);
      await receiver.snapshotStarted([table], offset(0));
      receiver.row(rowChange(table, 'r', null, ['1', 'a']));
      await receiver.settle(false);
      await eventually(() => expect(bench.log).toContain('snapshot.rows-appended'));
      expect(bench.log.filter((entry) => entry.startsWith('confirm'))).toEqual([]);
      receiver.snapshotReleased?.();
      insert(receiver, reader, 6);
      await receiver.settle(false);
      await eventually(() => expect(bench.log).toContain('confirm 6'));
      await receiver.snapshotCompleted(reader.offset());
    });
    await start(bench).ended;
    expect(bench.log.indexOf('confirm 6')).toBeLessThan(bench.log.indexOf('snapshot.completed'));
  });

  test('starting over makes a generation without the rows of the first (ruling 3)', async () => {
    let attempt = 0;
    await using bench = await sourceTaskBench(async (receiver, reader) => {
      await introduce(receiver);
      await receiver.snapshotStarted([table], offset(0));
      receiver.row(rowChange(table, 'r', null, [String(++attempt), 'a']));
      await receiver.snapshotCompleted(reader.offset());
    });
    await start(bench).ended;
    const first = await bench.transport.describeTopic(TOPIC);
    await start(bench).ended;
    const second = await bench.transport.describeTopic(TOPIC);
    expect(second?.generation).toBeGreaterThan(first?.generation ?? Infinity);
    const records = await bench.read(TOPIC);
    expect(records.map((record) => record.key?.toString())).toEqual([
      expect.stringContaining('"payload":{"id":2}'),
    ]);
  });
});

describe('heartbeats', () => {
  const HEARTBEATS = '__debezium-heartbeat.shop';

  test('while streaming one is written at each interval, with the current offset', async () => {
    await using bench = await sourceTaskBench(async (_receiver, _reader, signal) => {
      await aborted(signal);
    }, 1000);
    const controller = new AbortController();
    const { ended } = start(bench, controller);
    await eventually(() => expect(bench.clock.pendingTimers).toBe(1));
    const [reader] = bench.readers;
    if (reader === undefined) throw new Error('a reader');
    for (const at of [7, 9]) {
      reader.lsn = at;
      bench.clock.advance(1004);
      await eventually(() => expect(bench.task.storedOffset).toEqual(offset(at)));
    }
    controller.abort();
    await ended;
    const records = await bench.read(HEARTBEATS);
    expect(records.map(({ key }) => key?.toString())).toEqual([
      expect.stringContaining('"payload":{"serverName":"shop"}'),
      expect.stringContaining('"payload":{"serverName":"shop"}'),
    ]);
    expect(records[0]?.value?.toString()).toContain('"payload":{"ts_ms":1700000001000}');
    expect(bench.log.slice(0, 5)).toEqual([
      'source.batch-encoded',
      'source.appended',
      'durable 0',
      'confirm 7',
      'source.confirmed',
    ]);
    expect(bench.statistics).toMatchObject({ events: 0, recordsPublished: 0, lastEventAtMs: null });
    expect((await bench.transport.describeTopic(HEARTBEATS))?.partitions).toHaveLength(1);
    expect(bench.clock.pendingTimers).toBe(0);
  });

  test('the snapshot has none', async () => {
    await using bench = await sourceTaskBench(async (receiver, reader, signal) => {
      reader.phase = 'snapshot';
      await introduce(receiver);
      await receiver.snapshotStarted([table], offset(0));
      receiver.row(rowChange(table, 'r', null, ['1', 'a']));
      await aborted(signal);
    }, 1000);
    const controller = new AbortController();
    const { ended } = start(bench, controller);
    await eventually(() => expect(bench.log).toContain('snapshot.first-row'));
    bench.clock.advance(10_000);
    controller.abort();
    await ended;
    expect(await bench.read(HEARTBEATS)).toEqual([]);
    expect(bench.log.filter((entry) => entry.startsWith('confirm'))).toEqual([]);
  });

  test('without an interval there is no topic', async () => {
    await using bench = await sourceTaskBench(async () => {
      await Promise.resolve();
    });
    await start(bench).ended;
    expect(await bench.transport.describeTopic(HEARTBEATS)).toBeNull();
  });
});

describe('signals', () => {
  const asked = { id: 's', type: 'pause-snapshot', data: null };

  test('reach the reader, and what they change is stored soon', async () => {
    await using bench = await sourceTaskBench(async (_receiver, reader, signal) => {
      reader.lsn = 3;
      await aborted(signal);
    });
    expect(() => bench.task.signal(asked)).toThrow(
      expect.objectContaining({ code: 'NOT_RUNNING' }),
    );
    const controller = new AbortController();
    const { ended } = start(bench, controller);
    await eventually(() => expect(bench.readers[0]?.lsn).toBe(3));
    bench.task.signal(asked);
    expect(bench.readers[0]?.signals).toEqual([asked]);
    bench.clock.advance(4);
    await eventually(() => expect(bench.task.storedOffset).toEqual(offset(3)));
    controller.abort();
    await ended;
  });

  test('before the stream there is no offset to be stored', async () => {
    await using bench = await sourceTaskBench(async (_receiver, reader, signal) => {
      reader.phase = 'snapshot';
      reader.lsn = 3;
      await aborted(signal);
    });
    const controller = new AbortController();
    const { ended } = start(bench, controller);
    await eventually(() => expect(bench.readers[0]?.lsn).toBe(3));
    bench.task.signal(asked);
    expect(bench.clock.pendingTimers).toBe(0);
    controller.abort();
    await ended;
    await expect(bench.task.sendSignal(asked)).rejects.toThrow('has no kafka');
  });
});

test('what was held goes out between transactions, where each is one of the log', async () => {
  const held: number[] = [];
  const bench: SourceTaskBench = await sourceTaskBench(
    async (receiver, reader) => {
      await introduce(receiver);
      reader.midTransaction = true;
      insert(receiver, reader, 2);
      await receiver.settle(false);
      held.push(bench.task.heldTopics().length);
      insert(receiver, reader, 3);
      reader.midTransaction = false;
      await receiver.settle(false);
      held.push(bench.task.heldTopics().length);
    },
    0,
    { kind: 'connector' },
  );
  await using _bench = bench;
  const state = { lsn: 1, 'tidemark.held': '{"shop.public.other":0}' };
  await bench.transport.storeOffset(toConnectEntries('orders', { ...offset(1), offset: state }));
  await start(bench).ended;
  expect(held).toEqual([1, 0]);
  expect(bench.log.find((entry) => entry.startsWith('durable'))).toBe('durable 2');
});

describe('notifications', () => {
  const tell = (bench: SourceTaskBench, type: 'STARTED' | 'COMPLETED'): void => {
    bench.notifications.tell({ aggregate: 'Initial Snapshot', type, data: {} });
  };
  const types = async (bench: SourceTaskBench): Promise<unknown[]> =>
    (await bench.read('notices')).map(({ value }) =>
      /"type":"([A-Z_]+)","aggregate_type"/.exec(value?.toString() ?? '')?.at(1),
    );

  test('are durable with the rows before them, in their order, and are no events', async () => {
    const bench: SourceTaskBench = await sourceTaskBench(async (receiver, reader) => {
      await introduce(receiver);
      await receiver.snapshotStarted([table], offset(0));
      tell(bench, 'STARTED');
      receiver.row(rowChange(table, 'r', null, ['1', 'a']));
      reader.lsn = 5;
      tell(bench, 'COMPLETED');
      await receiver.snapshotCompleted(reader.offset());
    });
    await using _bench = bench;
    await start(bench).ended;
    expect(bench.log.filter((entry) => entry.startsWith('durable'))[0]).toBe('durable 1');
    expect(await types(bench)).toEqual(['STARTED', 'COMPLETED']);
    const [[row], [started, completed]] = [await bench.read(TOPIC), await bench.read('notices')];
    expect([started?.sequence, row?.sequence, completed?.sequence]).toEqual(
      [started?.sequence, row?.sequence, completed?.sequence].toSorted(
        (a, b) => (a ?? 0) - (b ?? 0),
      ),
    );
    expect(bench.task.notifications().map(({ type }) => type)).toEqual(['STARTED', 'COMPLETED']);
  });

  test('of rows that were lost are lost with them; that the snapshot ended is told', async () => {
    const bench: SourceTaskBench = await sourceTaskBench(async (receiver) => {
      await introduce(receiver);
      await receiver.snapshotStarted([table], offset(0));
      tell(bench, 'STARTED');
      throw new Error('connection lost');
    });
    await using _bench = bench;
    await expect(start(bench).ended).rejects.toThrow('connection lost');
    expect(await types(bench)).toEqual(['ABORTED']);
  });
});

test('a statement of a binlog becomes a record between those of the rows', async () => {
  const group = binlogOrigin({ transactionId: '0-1-7' });
  const statement: SchemaStatement = {
    origin: group,
    database: 'shop',
    tables: null,
    ddl: 'CREATE DATABASE shop',
    changes: [],
  };
  await using bench = await sourceTaskBench(async (receiver, reader) => {
    await introduce(receiver);
    insert(receiver, reader, 1);
    receiver.began?.(group);
    await receiver.statement?.(statement);
    insert(receiver, reader, 2);
    await receiver.settle(false);
  });
  await start(bench).ended;
  expect(await bench.read(TOPIC)).toHaveLength(2);
  const [told, ...more] = await bench.read('shop');
  expect(told?.value?.toString()).toContain('"ddl":"CREATE DATABASE shop"');
  expect(more).toEqual([]);
});
