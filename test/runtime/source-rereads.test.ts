import { expect, test } from 'vitest';
import type { SourceNotification } from '../../src/model/source-notification.ts';
import type { SourceSignal } from '../../src/model/source-signal.ts';
import { SourceRereads } from '../../src/runtime/source-rereads.ts';
import { TopicRoutes } from '../../src/runtime/topic-routes.ts';
import { MemoryDocuments } from '../support/memory-documents.ts';

const REQUEST = { id: 'fill', topic: 'shop.public.t', table: 'public.t' };

/** A source and its log, as far as a reading needs them. */
class Rereading {
  readonly documents = new MemoryDocuments();
  readonly signals: SourceSignal[] = [];
  phase = 'streaming';
  isDurable = false;
  applied = 0;
  readonly rereads: SourceRereads;

  constructor(sharesTopics = false) {
    const partitions = [
      { partition: 0, startOffset: 0, endOffset: 7 },
      { partition: 1, startOffset: 3, endOffset: 3 },
    ];
    const { topic } = REQUEST;
    this.rereads = new SourceRereads({
      transport: {
        documents: this.documents,
        describeTopic: () => Promise.resolve({ partitions } as never),
        listGroups: (names) => {
          const offsets = [{ topic, partition: 0, offset: this.applied, endOffset: 7 }];
          return Promise.resolve([{ group: names?.[0] ?? '', offsets }]);
        },
      },
      pipeline: 'shop',
      sharesTopics,
      warn: () => undefined,
    });
    this.rereads.attach({
      reader: { status: () => ({ phase: this.phase }) },
      signal: (signal) => this.signals.push(signal),
      watermark: () => () => this.isDurable,
    });
  }

  readonly state = async (): Promise<unknown> => {
    const state = await this.rereads.for('connect-find')(REQUEST);
    return state.kind === 'failed' ? state.reason : state.kind;
  };

  tell(type: SourceNotification['type'], data: SourceNotification['data'] = {}): void {
    const id = this.signals.at(-1)?.id ?? '';
    const aggregate = type === 'REJECTED' ? 'Signal' : 'Incremental Snapshot';
    this.rereads.tell({ id, aggregate, type, data });
  }
}

test('asked for once a life of the source; done when the sink has what was durable', async () => {
  const reading = new Rereading();
  reading.phase = 'snapshot';
  expect(await reading.state()).toBe('waiting');
  expect(reading.signals).toEqual([]);
  reading.phase = 'streaming';
  expect([await reading.state(), await reading.state()]).toEqual(['waiting', 'waiting']);
  expect(reading.signals.map(({ id, type }) => [id, type])).toEqual([
    ['fill-connect-find', 'execute-snapshot'],
  ]);
  expect(JSON.parse(reading.signals[0]?.data ?? '')).toEqual({
    type: 'incremental',
    'data-collections': ['public\\.t'],
  });
  reading.rereads.begun();
  expect(await reading.state()).toBe('waiting');
  expect(reading.signals).toHaveLength(2);
  reading.tell('TABLE_SCAN_COMPLETED', { status: 'SUCCEEDED' });
  expect(await reading.state()).toBe('waiting');
  reading.applied = 7;
  expect(await reading.state()).toBe('waiting');
  reading.isDurable = true;
  reading.applied = 6;
  expect([await reading.state(), await reading.state()]).toEqual(['waiting', 'waiting']);
  reading.applied = 7;
  expect(await reading.state()).toBe('applied');
});

test('what was read and is not durable when the source begins anew is read again', async () => {
  const reading = new Rereading();
  await reading.state();
  reading.tell('TABLE_SCAN_COMPLETED', { status: 'EMPTY' });
  await reading.state();
  reading.rereads.begun();
  reading.isDurable = true;
  expect(await reading.state()).toBe('waiting');
  expect(reading.signals).toHaveLength(2);
});

test('one that was stopped, rejected or failed says so, and may be asked for again', async () => {
  const reading = new Rereading();
  const told: unknown[] = [];
  for (const [type, data] of [
    ['ABORTED', {}],
    ['REJECTED', { reason: 'no' }],
    ['TABLE_SCAN_COMPLETED', { status: 'NO_PRIMARY_KEY' }],
  ] as const) {
    await reading.state();
    reading.tell(type, data);
    told.push(await reading.state());
  }
  expect(told).toEqual([
    'the reading of its table was stopped',
    'no',
    'the reading of its table ended with NO_PRIMARY_KEY',
  ]);
  expect(await reading.state()).toBe('waiting');
});

test('a topic of which nobody knows the tables is not read', async () => {
  expect(await new Rereading(true).state()).toContain('rows of several tables');
  const reading = new Rereading();
  const routes = new TopicRoutes(reading.documents, 'shop');
  await routes.add('shop.public.a', REQUEST.topic);
  expect(await reading.state()).toBe('waiting');
  await routes.add('shop.public.b', REQUEST.topic);
  expect(await new Rereading().state()).toBe('waiting');
  reading.rereads.begun();
  expect(await reading.state()).toContain('rows of several tables');
});
