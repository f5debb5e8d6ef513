import { describe, expect, test } from 'vitest';
import type { SinkPosition } from '../../src/model/sink-record.ts';
import {
  applyMoves,
  type MoveRequest,
  planMoves,
  type TargetOffsets,
} from '../../src/runtime/move-offsets.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { batchOf } from '../transport/batch-of.ts';
import { temporaryFolder } from '../transport/temporary-folder.ts';

const GROUP = 'connect-w';

/** A log with ten records in `t`, one each second, and three in `u`. */
async function log(): Promise<{ transport: Transport } & AsyncDisposable> {
  const folder = temporaryFolder();
  const transport = await openEmbeddedTransport({ path: folder.path });
  const t = await transport.openTopic('t');
  const u = await transport.openTopic('u');
  const at = (topic: number, n: number) => ({ topic, value: `${n}`, timestampMs: n * 1000 });
  await transport.append(batchOf([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => at(t, n))), null);
  await transport.append(batchOf([0, 1, 2].map((n) => at(u, n))), null);
  return {
    transport,
    async [Symbol.asyncDispose]() {
      await transport[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

/** A target that keeps what the test says. */
class MemoryTarget implements TargetOffsets {
  positions: SinkPosition[];
  /** Thrown by the next move. */
  failure: Error | null = null;
  /** What the group had committed when the target was moved. */
  seen: number | null = null;
  readonly #transport: Transport;

  constructor(transport: Transport, offset: number | null, generation = 1) {
    this.#transport = transport;
    this.positions = offset === null ? [] : [{ topic: 't', partition: 0, generation, offset }];
  }

  read(): Promise<readonly SinkPosition[]> {
    return Promise.resolve(this.positions);
  }

  async move(positions: readonly SinkPosition[]): Promise<void> {
    this.seen = await committed(this.#transport);
    if (this.failure !== null) throw this.failure;
    this.positions = positions.filter(({ topic }) => topic === 't');
  }
}

async function committed(transport: Transport): Promise<number | null> {
  const group = (await transport.listGroups()).find((one) => one.group === GROUP);
  return group?.offsets.find(({ topic }) => topic === 't')?.offset ?? null;
}

function request(more: Partial<MoveRequest> = {}): MoveRequest {
  const all = { group: GROUP, covers: () => true, topic: null, partition: null };
  return { ...all, goal: { kind: 'earliest' }, ...more };
}

describe('what would be moved', () => {
  test('is told for every partition, with where group and target are', async () => {
    await using made = await log();
    const { transport } = made;
    await transport.setGroupOffsets(GROUP, [{ topic: 't', partition: 0, offset: 4 }]);
    const target = new MemoryTarget(transport, 5);
    const base = { partition: 0, generation: 1, startOffset: 0 };
    const t = { ...base, topic: 't', endOffset: 10, groupOffset: 4, targetOffset: 5 };
    const u = { ...base, topic: 'u', endOffset: 3, groupOffset: null, targetOffset: null };
    expect(await planMoves(transport, target, request())).toEqual([
      { ...t, after: 0 },
      { ...u, after: 0 },
    ]);
    const goal = { kind: 'timestamp', timestampMs: 1500 } as const;
    expect(await planMoves(transport, target, request({ goal }))).toEqual([
      { ...t, after: 2 },
      { ...u, after: 2 },
    ]);
    const latest = await planMoves(transport, target, request({ goal: { kind: 'latest' } }));
    expect(latest.map(({ after }) => after)).toEqual([10, 3]);
    const covers = (topic: string): boolean => topic === 't';
    expect(await planMoves(transport, target, request({ covers }))).toHaveLength(1);
    expect(await committed(transport)).toBe(4);
  });

  test('is refused where the log has no such place', async () => {
    await using made = await log();
    const { transport } = made;
    const target = new MemoryTarget(transport, null);
    const plan = (more: Partial<MoveRequest>) => planMoves(transport, target, request(more));
    const goal = { kind: 'offset', offset: 11 } as const;
    await expect(plan({ topic: 't', goal })).rejects.toMatchObject({
      code: 'OFFSET_OUT_OF_RANGE',
      message: 'offset 11 of t/0 is outside 0 to 10',
    });
    await expect(plan({ topic: 'none' })).rejects.toMatchObject({
      code: 'TOPIC_UNKNOWN',
      cure: 'It reads: t, u.',
    });
    await expect(plan({ topic: 't', partition: 1 })).rejects.toMatchObject({
      code: 'TOPIC_UNKNOWN',
      message: 't has no partition 1',
    });
    const later = new MemoryTarget(transport, 3, 99);
    await expect(planMoves(transport, later, request())).rejects.toMatchObject({
      code: 'OFFSET_OUT_OF_RANGE',
    });
  });
});

describe('the group is never ahead of the target', () => {
  test.each([
    { way: 'back', from: 8, to: 3, seen: 3 },
    { way: 'forward', from: 3, to: 8, seen: 3 },
  ])('when it moves $way, also when the target cannot be moved', async ({ from, to, seen }) => {
    await using made = await log();
    const { transport } = made;
    await transport.setGroupOffsets(GROUP, [{ topic: 't', partition: 0, offset: from }]);
    const target = new MemoryTarget(transport, from);
    const goal = { kind: 'offset', offset: to } as const;
    const moves = await planMoves(transport, target, request({ topic: 't', goal }));
    target.failure = new Error('the target is away');
    await expect(applyMoves(transport, target, GROUP, moves)).rejects.toBe(target.failure);
    expect([target.seen, await committed(transport)]).toEqual([seen, seen]);
    expect(target.positions).toMatchObject([{ offset: from }]);
    // The same command again does it.
    target.failure = null;
    const again = await planMoves(transport, target, request({ topic: 't', goal }));
    await applyMoves(transport, target, GROUP, again);
    expect(target.seen).toBe(seen);
    expect(await committed(transport)).toBe(to);
    expect(target.positions).toMatchObject([{ offset: to }]);
  });

  test('and nothing moves while a member reads', async () => {
    await using made = await log();
    const { transport } = made;
    const target = new MemoryTarget(transport, 5);
    const moves = await planMoves(transport, target, request());
    await using _member = await transport.consumer({ group: GROUP, topics: ['t'] });
    await expect(applyMoves(transport, target, GROUP, moves)).rejects.toMatchObject({
      code: 'GROUP_IN_USE',
    });
    expect(target.seen).toBeNull();
  });
});
