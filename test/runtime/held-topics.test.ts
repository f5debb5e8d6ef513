import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import type { PreparedSchema } from '../../src/converter/converter.ts';
import { TidemarkError } from '../../src/foundation/errors.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import { RegistryError } from '../../src/model/registry-error.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { plainRecord } from '../../src/runtime/record-writer.ts';
import { HeldTopics, holdingTopic } from '../../src/runtime/held-topics.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import { RecordBatch } from '../../src/transport/record-batch.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { FakeClock } from '../support/fake-clock.ts';

import { temporaryFolder } from '../support/temporary-folder.ts';

const REFUSAL = new TidemarkError('SCHEMA_INCOMPATIBLE', 'field n was int, is string');

/** A registry that takes versions up to one. */
class PickyConverter extends JsonConverter {
  allowed = 0;

  override prepare(topic: string, schema: ConnectSchema): Promise<PreparedSchema> {
    if ((schema.version ?? 0) > this.allowed) return Promise.reject(REFUSAL);
    return super.prepare(topic, schema);
  }
}

function row(id: number, version: number) {
  const schema: ConnectSchema = {
    type: 'struct',
    optional: false,
    version,
    fields: [{ name: 'id', schema: { type: 'int32', optional: false } }],
  };
  return { schema, values: [id] };
}

/** A task's part: a batch, and an offset that is stored with it. */
class Task {
  readonly held: HeldTopics;
  readonly clock = new FakeClock();
  readonly value = new PickyConverter({ schemasEnable: false });
  readonly #transport: Transport;
  #batch = new RecordBatch();

  constructor(transport: Transport) {
    this.#transport = transport;
    const parts = { transport, topicOptions: {}, clock: this.clock, logger: silentLogger() };
    this.held = new HeldTopics({ ...parts, key: this.value, value: this.value });
  }

  async begin(): Promise<void> {
    const text = await this.#transport.loadOffset('o');
    const offset = text === null ? null : { partition: {}, offset: JSON.parse(text) as {} };
    await this.held.prepare(offset, () => true);
  }

  /** A row of the topic: to it, or to where it is held. */
  async put(topic: string, id: number, version: number): Promise<void> {
    const record = plainRecord(topic, row(id, 0), row(id, version));
    if (!this.held.isHeld(topic)) {
      try {
        const handle = await this.#transport.openTopic(topic);
        const prepared = await this.value.prepare(topic, record.value.schema as ConnectSchema);
        this.#batch.start(handle, 1);
        this.#batch.endKey(false);
        this.#batch.writer.raw(this.value.fromConnect(prepared, record.value.value) as Buffer);
        this.#batch.endValue(true);
        this.#batch.end();
        return;
      } catch (error) {
        if (!this.held.catches(error)) throw error;
        await this.held.hold(topic, error);
      }
    }
    this.held.write(record, this.#batch, 1);
  }

  async flush(): Promise<void> {
    const value = JSON.stringify(this.held.offset() ?? {});
    await this.#transport.append(this.#batch, [{ key: 'o', value }]);
    this.#batch.clear();
  }

  /** Stops after so many flushes, as a crash would; `written` is called behind each record. */
  release(
    flushes = Number.POSITIVE_INFINITY,
    written: () => void = () => undefined,
  ): Promise<readonly string[]> {
    let left = flushes;
    return this.held.release(
      {
        output: () => {
          queueMicrotask(written);
          return this.#batch;
        },
        settle: () => undefined,
        flush: async () => {
          if (left-- <= 0) throw new Error('crash');
          await this.flush();
        },
        empty: async (topic) => {
          const value = JSON.stringify(this.held.offset() ?? {});
          await this.#transport.beginGeneration([topic], [{ key: 'o', value }]);
        },
      },
      new AbortController().signal,
    );
  }
}

async function setup() {
  const folder = await temporaryFolder('held');
  const transport = await openEmbeddedTransport({ path: folder.path, maxBytes: 64 * 1024 * 1024 });
  onTestFinished(async () => {
    await transport[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });
  const begun = async (): Promise<Task> => {
    const task = new Task(transport);
    await task.begin();
    return task;
  };
  const idsIn = async (topic: string): Promise<readonly number[]> => {
    await using consumer = await transport.consumer({
      group: 'x',
      topics: [topic],
      register: false,
    });
    const { signal } = new AbortController();
    const ids: number[] = [];
    for (;;) {
      const fetched = await consumer.poll({ maxBytes: 1_000_000, maxWaitMs: 0, signal });
      if (fetched.length === 0) return ids;
      for (const { value } of fetched.flatMap(({ records }) => records)) {
        const { id, payload } = JSON.parse(String(value)) as {
          id?: number;
          payload?: { id: number };
        };
        ids.push(id ?? payload?.id ?? -1);
      }
    }
  };
  return { transport, begun, idsIn };
}

test('a refused topic is held alone, goes out in order, and is empty then', async () => {
  const { begun, idsIn, transport } = await setup();
  const task = await begun();
  await task.put('a', 1, 0);
  await task.put('a', 2, 1);
  await task.put('b', 3, 0);
  await task.put('a', 4, 0);
  await task.flush();
  expect([await idsIn('a'), await idsIn(holdingTopic('a')), await idsIn('b')]).toEqual([
    [1],
    [2, 4],
    [3],
  ]);
  expect(task.held.views()).toEqual([{ topic: 'a', ...REFUSAL.toJSON() }]);
  expect(await task.release()).toEqual([]);
  task.value.allowed = 1;
  expect(await task.release()).toEqual(['a']);
  await task.flush();
  expect(await idsIn('a')).toEqual([1, 2, 4]);
  expect(await idsIn(holdingTopic('a'))).toEqual([]);
  expect(await transport.loadOffset('o')).toBe('{}');
});

test('what the registry takes goes out up to the next refusal, and no further', async () => {
  const { begun, idsIn } = await setup();
  const task = await begun();
  for (const [id, version] of [
    [1, 1],
    [2, 2],
    [3, 1],
  ] as const) {
    await task.put('a', id, version);
  }
  task.value.allowed = 1;
  expect(await task.release()).toEqual([]);
  await task.flush();
  expect(await idsIn('a')).toEqual([1]);
  await task.put('a', 4, 0);
  await task.flush();
  task.value.allowed = 2;
  const next = await begun();
  next.value.allowed = 2;
  expect(next.held.isDue).toBe(true);
  await next.put('a', 5, 0);
  expect(await next.release()).toEqual(['a']);
  await next.flush();
  expect(await idsIn('a')).toEqual([1, 2, 3, 4, 5]);
});

test('the registry is asked again after a while, less and less often', async () => {
  const { begun } = await setup();
  const task = await begun();
  await task.put('a', 1, 1);
  expect(task.held.isDue).toBe(false);
  task.clock.advance(1_000);
  expect(task.held.isDue).toBe(true);
  for (let i = 0; i < 8; i++) {
    await task.release();
    expect(task.held.isDue).toBe(false);
    task.clock.advance(30_000);
    expect(task.held.isDue).toBe(true);
  }
  await task.release();
  task.clock.advance(10_000);
  expect(task.held.isDue).toBe(false);
  task.held.close();
  task.clock.advance(100_000);
  expect(task.held.isDue).toBe(false);
});

test('other errors, and refusals before the source has worked, are not held', async () => {
  const { begun } = await setup();
  const task = await begun();
  expect(task.held.catches(new TidemarkError('REGISTRY_CONNECT', 'away'))).toBe(false);
  expect(task.held.catches(new Error('x'))).toBe(false);
  expect(task.held.catches(REFUSAL)).toBe(true);
  await task.held.prepare(null, () => false);
  expect(task.held.catches(REFUSAL)).toBe(false);
});

test('a schema that the registry takes for invalid holds its topic', async () => {
  const { begun } = await setup();
  const task = await begun();
  const invalid = new RegistryError(42201, 'SCHEMA_INVALID', 'invalid schema');
  expect(task.held.catches(invalid)).toBe(true);
  expect(task.held.catches(new TidemarkError('SCHEMA_INVALID', 'two columns are one'))).toBe(false);
});

test('a record that goes out and the place behind it are seen together', async () => {
  const { begun } = await setup();
  const task = await begun();
  for (const id of [1, 2]) await task.put('a', id, 1);
  await task.flush();
  task.value.allowed = 1;
  const seen: unknown[] = [];
  await task.release(undefined, () => seen.push(task.held.offset()));
  // An offset of before would have the record go out again after a crash, behind itself.
  expect(seen).toEqual([{ 'tidemark.held': '{"a":1}' }, { 'tidemark.held': '{"a":2}' }]);
});

test('nothing is put behind a topic that has gone out while others still go', async () => {
  const { begun, idsIn } = await setup();
  const task = await begun();
  await task.put('a', 1, 1);
  await task.put('b', 2, 1);
  await task.flush();
  task.value.allowed = 1;
  const heldThen: boolean[] = [];
  await task.release(undefined, () => heldThen.push(task.held.isHeld('a')));
  expect(heldThen).toEqual([true, false]);
  await task.flush();
  expect([await idsIn('a'), await idsIn('b')]).toEqual([[1], [2]]);
});

test('topics that begin anew hold nothing of before', async () => {
  const { begun, idsIn } = await setup();
  const task = await begun();
  await task.put('a', 1, 1);
  await task.flush();
  task.held.forget(['a']);
  expect(task.held.offset()).toBeNull();
  await task.put('a', 2, 1);
  await task.flush();
  task.value.allowed = 1;
  await task.release();
  expect(await idsIn('a')).toEqual([2]);
});

test('whenever it crashes, no row is lost and none goes out behind a newer one', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(2), { minLength: 1, maxLength: 8 }),
      fc.nat(3),
      fc.nat(8),
      async (versions, flushes, later) => {
        const { begun, idsIn } = await setup();
        const task = await begun();
        for (const [id, version] of versions.entries()) await task.put('a', id, version);
        await task.flush();
        task.value.allowed = 2;
        await task.release(flushes).catch((error: unknown) => {
          if ((error as Error).message !== 'crash') throw error;
        });
        const next = await begun();
        next.value.allowed = 2;
        for (let id = 0; id < later; id++) await next.put('a', versions.length + id, 0);
        if (next.held.isDue) await next.release();
        await next.flush();
        const all = Array.from({ length: versions.length + later }, (_, id) => id);
        expect(await idsIn('a')).toEqual(all);
        expect(next.held.offset()).toBeNull();
      },
    ),
    { numRuns: 25 },
  );
});
