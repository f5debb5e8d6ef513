import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import { waitingTopic } from '../../src/runtime/held-topics.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import type { GateEvent } from '../support/gate-life.ts';
import { GATED, GATED_TOPIC, GateLife, gatedRows } from '../support/gate-life.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';
import { schemaOf } from '../support/shape-fixtures.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const INT: ConnectSchema = { type: 'int32', optional: false };
const LONG: ConnectSchema = { type: 'int64', optional: true };
const TEXT: ConnectSchema = { type: 'string', optional: true };

const PLAIN = schemaOf({ id: INT, a: TEXT });
const DROPPED = schemaOf({ id: INT });
const WIDER = schemaOf({ id: INT, a: TEXT, b: LONG });

function row(table: GateEvent['table'], id: number): GateEvent {
  return { table, row: table.columns.map((_, i) => (i === 0 ? id : i === 1 ? `a${id}` : 5n)) };
}

function told({ table }: GateEvent, id: number): unknown {
  const names = table.columns.map(({ name }) => name);
  return Object.fromEntries(
    names.map((name, i) => [name, i === 0 ? `${id}` : i === 1 ? `a${id}` : '5']),
  );
}

async function setup(schema: object) {
  const folder = await temporaryFolder('gates');
  const transport = await openEmbeddedTransport({ path: folder.path, maxBytes: 64 * 1024 * 1024 });
  onTestFinished(async () => {
    await transport[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });
  const config = parsedPipeline({ schema }).schemaChanges;
  const life = (): Promise<GateLife> => new GateLife(transport, config).begin();
  return { transport, life, rows: () => gatedRows(transport) };
}

const HOLD = {
  'change.policies': [{ classes: 'column_dropped, table_truncated', policy: 'hold' }],
};

test('a table waits in front of a change and goes on there, over a restart', async () => {
  const { life, rows, transport } = await setup(HOLD);
  const events = [row(PLAIN, 0), row(DROPPED, 1), row(DROPPED, 2), row(PLAIN, 3)];
  const first = await life();
  await first.play(events, 2);
  await first.flush();
  await first.settle();
  expect(await rows()).toEqual([told(row(PLAIN, 0), 0)]);
  const [view] = first.release.views();
  expect(view).toMatchObject({ table: GATED, topic: GATED_TOPIC, state: 'held', position: '0/1' });
  expect(view?.changes).toEqual(['column_dropped a: string → –']);
  const next = await life();
  await next.play(events);
  await next.flush();
  expect(next.release.views()).toMatchObject([{ id: view?.id, state: 'held' }]);
  await expect(next.release.answer('nobody', 'approve')).rejects.toThrow('called nobody');
  await next.release.answer(view?.id ?? '', 'approve');
  await next.settle();
  await next.flush();
  expect(next.release.views()).toEqual([]);
  const all = events.map(told);
  expect(await rows()).toEqual(all);
  const left = await transport.describeTopic(waitingTopic(GATED_TOPIC));
  expect(left?.partitions[0]?.startOffset).toBe(left?.partitions[0]?.endOffset);
});

test('who is rejected goes on in the old shape until somebody lets it follow its own', async () => {
  const { life, rows } = await setup(HOLD);
  const events = [row(PLAIN, 0), row(DROPPED, 1)];
  const first = await life();
  await first.play(events);
  await first.flush();
  await first.release.answer(GATED, 'reject');
  await first.settle();
  await first.flush();
  const next = await life();
  const more = [...events, row(DROPPED, 2)];
  await next.play(more);
  await next.flush();
  const old = (id: number) => ({ id: `${id}`, a: 'null' });
  expect(await rows()).toEqual([told(row(PLAIN, 0), 0), old(1), old(2)]);
  expect(next.release.views()).toMatchObject([{ id: null, state: 'old shape' }]);
  await expect(next.release.answer(GATED, 'reject')).rejects.toThrow('already');
  await next.release.answer(GATED, 'approve');
  await next.play([...more, row(DROPPED, 3)]);
  await next.flush();
  expect((await rows()).at(-1)).toEqual({ id: '3' });
  expect(next.release.views()).toEqual([]);
});

/*
 * Over brokers a turn takes as long as some rows need to come, and each turn found some more: a
 * table under load waited for as long as the load lasted, whatever somebody had said.
 */
test('what waits of a table that never rests goes out in one turn', async () => {
  const { life, rows } = await setup(HOLD);
  const events = [row(PLAIN, 0), row(DROPPED, 1), row(DROPPED, 2)];
  const gate = await life();
  await gate.play(events);
  await gate.flush();
  await gate.release.answer(GATED, 'approve');
  let turns = 0;
  await gate.settle(Number.POSITIVE_INFINITY, async () => {
    if (++turns > 3) throw new Error('it would never be done');
    await gate.play([...events, row(DROPPED, 2 + turns)], 3 + turns);
  });
  await gate.flush();
  expect(turns).toBe(1);
  expect(await rows()).toEqual([...events, row(DROPPED, 3)].map(told));
});

test('the first of two answers counts, and the policy of now is one for what comes', async () => {
  const { life, rows, transport } = await setup(HOLD);
  const events = [row(PLAIN, 0), row(DROPPED, 1)];
  const first = await life();
  await first.play(events);
  await first.flush();
  // What waits was held by the policies of then: it goes on waiting for an answer.
  const evolves = parsedPipeline({ schema: {} }).schemaChanges;
  const next = await new GateLife(transport, evolves).begin();
  await next.settle();
  expect(next.release.views()).toMatchObject([{ state: 'held' }]);
  const answers = (['approve', 'reject', 'approve'] as const).map((one) =>
    next.release.answer(GATED, one),
  );
  const said = await Promise.allSettled(answers);
  expect(said.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  // Killed before anything went out: the answer is durable, as whoever gave it was told.
  const last = await new GateLife(transport, evolves).begin();
  const more = [...events, row(PLAIN, 2), row(DROPPED, 3)];
  await last.play(more);
  await last.settle();
  await last.flush();
  expect(last.release.views()).toEqual([]);
  expect(await rows()).toEqual([
    told(row(PLAIN, 0), 0),
    ...more.slice(1).map((one, i) => told(one, i + 1)),
  ]);
});

test('a truncate waits, too; rejected, it takes no rows away', async () => {
  for (const [answer, kept] of [
    ['approve', ['truncate']],
    ['reject', []],
  ] as const) {
    const { life, rows } = await setup(HOLD);
    const gate = await life();
    await gate.play([row(PLAIN, 0), { table: PLAIN }, row(PLAIN, 2)]);
    await gate.flush();
    expect(await rows()).toHaveLength(1);
    expect(gate.release.views()).toMatchObject([{ changes: ['table_truncated'] }]);
    await gate.release.answer(GATED, answer);
    await gate.settle();
    await gate.flush();
    expect(await rows()).toEqual([told(row(PLAIN, 0), 0), ...kept, told(row(PLAIN, 2), 2)]);
  }
});

test('a table that begins anew has nothing that waited before', async () => {
  const { life, rows } = await setup(HOLD);
  const gate = await life();
  await gate.play([row(PLAIN, 0), row(DROPPED, 1)]);
  await gate.flush();
  await gate.gates.begin([DROPPED]);
  expect(gate.release.views()).toEqual([]);
  const events = [row(PLAIN, 0), row(DROPPED, 1), row(DROPPED, 2), row(PLAIN, 3)];
  const back = { table: DROPPED, row: [4] };
  await gate.play([...events, back]);
  await gate.flush();
  expect((await rows()).slice(1)).toEqual([{ id: '2' }, told(row(PLAIN, 3), 3)]);
  await gate.release.answer(GATED, 'approve');
  await gate.settle();
  await gate.flush();
  expect((await rows()).slice(1)).toEqual([{ id: '2' }, told(row(PLAIN, 3), 3), { id: '4' }]);
});

test('lenient keeps the shape, and waits for a value that it does not take', async () => {
  const { life, rows } = await setup({ 'change.policy': 'lenient' });
  const number = schemaOf({ id: INT, a: INT });
  const text = schemaOf({ id: INT, a: TEXT, b: TEXT });
  const gate = await life();
  await gate.play([
    { table: number, row: [1, 10] },
    { table: text, row: [2, '20', 'new'] },
    { table: text, row: [3, 'x', 'new'] },
    { table: text, row: [4, '40', 'new'] },
  ]);
  await gate.flush();
  const kept = [
    { id: '1', a: '10' },
    { id: '2', a: '20' },
  ];
  expect(await rows()).toEqual(kept);
  const [view] = gate.release.views();
  expect(view?.reason).toContain('a value of a cannot be written in the old shape');
  await expect(gate.release.answer(GATED, 'reject')).rejects.toThrow('cannot be rejected');
  await gate.release.answer(view?.id ?? '', 'approve');
  await gate.settle();
  await gate.flush();
  expect(await rows()).toEqual([
    ...kept,
    { id: '3', a: 'x', b: 'new' },
    { id: '4', a: '40', b: 'new' },
  ]);
});

/*
 * An answer kept what earlier answers had kept, so that no shape was possible: whoever approved it
 * was asked again, for ever.
 */
test('what does not go with what was kept goes out in its own shape when approved', async () => {
  const { life, rows } = await setup({
    'change.policies': [
      { classes: 'column_added', policy: 'lenient' },
      { classes: 'key_changed', policy: 'hold' },
    ],
  });
  const text: ConnectSchema = { type: 'string', optional: false };
  const wider = schemaOf({ id: INT, a: TEXT, k: text });
  const rekeyed = { ...wider, keyColumns: [0, 2] };
  const gate = await life();
  await gate.play([
    row(PLAIN, 0),
    { table: wider, row: [1, 'a1', 'k1'] },
    { table: rekeyed, row: [2, 'a2', 'k2'] },
  ]);
  await gate.flush();
  const [view] = gate.release.views();
  expect(view?.changes).toEqual([expect.stringContaining('key_changed')]);
  await gate.release.answer(view?.id ?? '', 'approve');
  await gate.settle();
  await gate.flush();
  expect(gate.release.views()).toEqual([]);
  expect(await rows()).toEqual([
    told(row(PLAIN, 0), 0),
    { id: '1', a: 'a1' },
    { id: '2', a: 'a2', k: 'k2' },
  ]);
});

test('exception stops before the change, whenever the source begins anew', async () => {
  const { life, rows } = await setup({ 'change.policy': 'exception' });
  const events = [row(PLAIN, 0), row(WIDER, 1)];
  for (let i = 0; i < 2; i++) {
    const gate = await life();
    await expect(gate.play(events)).rejects.toThrow(/changes its shape at 0\/1: column_added b/);
    await gate.flush();
    expect(gate.at).toBe(1);
  }
  expect(await rows()).toEqual([told(row(PLAIN, 0), 0)]);
});

test.each([
  ['approve', 'old', false],
  ['reject', 'null', false],
  ['exception', '', true],
] as const)('the deadline comes: %s', async (action, _, isThrown) => {
  const more = { 'hold.deadline': '1h', 'hold.deadline.action': action };
  const { life, rows } = await setup({ ...HOLD, ...more });
  const gate = await life();
  const events = [row(PLAIN, 0), row(DROPPED, 1)];
  await gate.play(events);
  await gate.flush();
  await gate.settle();
  gate.clock.advance(3_599_000);
  await gate.settle();
  expect(await rows()).toHaveLength(1);
  gate.clock.advance(2_000);
  expect(gate.release.isDue).toBe(true);
  const settled = gate.settle();
  if (isThrown) {
    await expect(settled).rejects.toMatchObject({ code: 'SCHEMA_HOLD_EXPIRED' });
    await expect(gate.gates.settled()).rejects.toMatchObject({ code: 'SCHEMA_HOLD_EXPIRED' });
    return;
  }
  await settled;
  await gate.flush();
  const last = action === 'approve' ? { id: '1' } : { id: '1', a: 'null' };
  expect((await rows()).at(-1)).toEqual(last);
});

test('more than may wait has the same end as the deadline', async () => {
  const more = { 'hold.max.bytes': 1024, 'hold.deadline.action': 'approve' };
  const { life, rows } = await setup({ ...HOLD, ...more });
  const gate = await life();
  const events = [row(PLAIN, 0), row(DROPPED, 1), row(DROPPED, 2)];
  await gate.play(events, 1);
  await gate.settle();
  await gate.play(events);
  await gate.flush();
  await gate.settle();
  expect(await rows()).toHaveLength(3);
});

test('whatever is told and answered, wherever it crashes: each row once, in order', async () => {
  const shapes = [PLAIN, DROPPED, WIDER] as const;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(2), { minLength: 1, maxLength: 10 }),
      fc.array(
        fc.record({
          until: fc.nat(10),
          isStored: fc.boolean(),
          isApproved: fc.boolean(),
          flushes: fc.nat(4),
        }),
        { maxLength: 5 },
      ),
      async (choices, lives) => {
        const { life, rows } = await setup(HOLD);
        const events = choices.map((choice, id) => row(shapes[choice] ?? PLAIN, id));
        for (const { until, isStored, isApproved, flushes } of lives) {
          const gate = await life();
          await gate.play(events, until);
          if (isStored) await gate.flush();
          if (isApproved && gate.release.views()[0]?.id)
            await gate.release.answer(GATED, 'approve');
          await gate.settle(flushes).catch((error: unknown) => {
            if ((error as Error).message !== 'crash') throw error;
          });
        }
        const last = await life();
        await last.play(events);
        await last.flush();
        for (let i = 0; i < 12; i++) {
          await last.settle();
          if (last.release.views()[0]?.id) await last.release.answer(GATED, 'approve');
        }
        await last.settle();
        await last.flush();
        expect(await rows()).toEqual(events.map(told));
        expect(last.release.views()).toEqual([]);
      },
    ),
    { numRuns: 30 },
  );
});
