import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { SourceOffset } from '../../src/model/change-event.ts';
import type { SourceNotification } from '../../src/model/source-notification.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { SignalFile } from '../../src/runtime/signal-file.ts';
import { SignalTopic } from '../../src/runtime/signal-topic.ts';
import { SourceSignals } from '../../src/runtime/source-signals.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import { eventually } from '../support/eventually.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const offsetOf = (offset: SourceOffset['offset']): SourceOffset => ({ partition: {}, offset });

/** A source that stores its offset when the test says so. */
async function setup() {
  const folder = await temporaryFolder('signals');
  const transport = await openEmbeddedTransport({ path: path.join(folder.path, 'store') });
  const clock = new FakeClock();
  const file = path.join(folder.path, 'signals.txt');
  const told: SourceNotification[] = [];
  const got: string[] = [];
  const state = { streaming: true, changes: 0 };
  const open = (): SourceSignals =>
    new SourceSignals({
      topic: new SignalTopic(transport, 'shop-signal', 'shop', clock),
      file: new SignalFile(file),
      pollIntervalMs: 5000,
      clock,
      logger: silentLogger(),
      notify: (notification) => told.push(notification),
    });
  const target = {
    isStreaming: () => state.streaming,
    signal: ({ id }: { readonly id: string }) => {
      got.push(id);
    },
    changed: () => {
      state.changes++;
    },
  };
  const listen = (signals: SourceSignals) => {
    const controller = new AbortController();
    const ended = signals.listen(target, controller.signal);
    return async (): Promise<void> => {
      controller.abort();
      await ended;
    };
  };
  /** The next look of both channels, when they have ended the one before. */
  const nextLook = async (): Promise<void> => {
    await eventually(() => expect(clock.pendingTimers).toBe(2));
    clock.advance(5000);
  };
  return {
    file,
    told,
    got,
    state,
    clock,
    open,
    listen,
    nextLook,
    async [Symbol.asyncDispose]() {
      await transport[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

test('the position in the topic moves with the effect, and a new life goes on there', async () => {
  await using bench = await setup();
  const { open, listen, got, state, nextLook } = bench;
  const signals = open();
  await signals.prepare(null);
  expect(signals.offset()).toBeNull();
  await signals.send({ id: 'a', type: 'log', data: null });
  state.streaming = false;
  const stop = listen(signals);
  await nextLook();
  await signals.send({ id: 'b', type: 'log', data: null });
  await nextLook();
  expect([got, signals.offset()]).toEqual([[], null]);
  state.streaming = true;
  await nextLook();
  await eventually(() => expect(got).toEqual(['a', 'b']));
  expect(signals.offset()).toEqual({ 'tidemark.signal.offset': 2 });
  expect(state.changes).toBe(1);
  await stop();
  // What was not stored comes again; what was stored does not.
  const lost = open();
  await lost.prepare(null);
  const stopLost = listen(lost);
  await eventually(() => expect(got).toEqual(['a', 'b', 'a', 'b']));
  await stopLost();
  const kept = open();
  await kept.prepare(offsetOf({ 'tidemark.signal.offset': 1 }));
  const stopKept = listen(kept);
  await eventually(() => expect(got.slice(4)).toEqual(['b']));
  await stopKept();
});

test('the file is emptied when its signals are durable, not before', async () => {
  await using bench = await setup();
  const { open, listen, got, file, told, state, nextLook } = bench;
  const lines = '{"id":"a","type":"log"}\nnonsense\n';
  await writeFile(file, lines);
  const signals = open();
  await signals.prepare(null);
  const stop = listen(signals);
  await eventually(() => expect(got).toEqual(['a']));
  expect(told).toEqual([
    expect.objectContaining({ aggregate: 'Signal', type: 'REJECTED' }) as SourceNotification,
  ]);
  const stored = signals.offset();
  expect(stored).toEqual({ 'tidemark.signal.file': expect.stringMatching(/^1 33:/) as string });
  signals.durable(offsetOf({}));
  expect(await readFile(file, 'utf8')).toBe(lines);
  signals.durable(offsetOf(stored ?? {}));
  await eventually(() => expect(signals.offset()).toBeNull());
  expect(await readFile(file, 'utf8')).toBe('');
  expect(state.changes).toBe(2);
  // The same lines again are signals again.
  await writeFile(file, lines);
  await nextLook();
  await eventually(() => expect(got).toEqual(['a', 'a']));
  expect(await readFile(file, 'utf8')).toBe(lines);
  await stop();
});

test('a crash between the effect and the cut repeats nothing', async () => {
  await using bench = await setup();
  const { open, listen, got, file } = bench;
  await writeFile(file, '{"id":"a","type":"log"}\n');
  const crashed = open();
  await crashed.prepare(null);
  const stopCrashed = listen(crashed);
  await eventually(() => expect(got).toEqual(['a']));
  const stored = offsetOf(crashed.offset() ?? {});
  await stopCrashed();
  const signals = open();
  await signals.prepare(stored);
  const stop = listen(signals);
  await eventually(() => expect(signals.offset()).toBeNull());
  expect([await readFile(file, 'utf8'), got]).toEqual(['', ['a']]);
  await stop();
});

test('a channel that is off keeps its position, and takes nothing', async () => {
  const clock = new FakeClock();
  const signals = new SourceSignals({
    topic: null,
    file: null,
    pollIntervalMs: 5000,
    clock,
    logger: silentLogger(),
    notify: () => undefined,
  });
  await signals.prepare(offsetOf({ 'tidemark.signal.offset': 7 }));
  expect(signals.offset()).toEqual({ 'tidemark.signal.offset': 7 });
  expect(await signals.send({ id: 'a', type: 'log', data: null })).toBe(false);
  await signals.listen(
    { isStreaming: () => true, signal: () => undefined, changed: () => undefined },
    new AbortController().signal,
  );
  expect(clock.pendingTimers).toBe(0);
});
