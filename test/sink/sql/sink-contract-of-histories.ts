import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import type { RowValues } from '../../support/sink-records.ts';
import type { ChangeStep } from '../../support/change-steps.ts';
import { changeSteps, STEP_COLUMNS } from '../../support/change-steps.ts';
import { put } from '../../support/sink-harness.ts';
import { SinkTopic } from '../../support/sink-records.ts';
import { describeTarget, startTargetSink } from '../../support/sink-target.ts';

const RUNS = 25;

const KINDS = { write: 8, partial: 4, delete: 4, rekey: 3, truncate: 1, alter: 1 };
type Step = ChangeStep<keyof typeof KINDS>;
const step = changeSteps(
  KINDS,
  6,
  fc.string({ unit: 'grapheme', maxLength: 5 }).map((text) => text.replaceAll('\0', '')),
);

/** Sizes of the batches, cut again and again over the records. */
const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
/** How far each batch repeats what was delivered before. */
const replays = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 5 });

const { id, a, big, later } = STEP_COLUMNS;

interface Outcome {
  readonly records: readonly SinkRecord[];
  readonly rows: readonly RowValues[];
  /** As they were last, of the keys that are not there any more. */
  readonly gone: readonly RowValues[];
}

/** Plays the steps against a table as a database would, and writes down the records. */
function play(steps: readonly Step[], keyed: boolean, topic: SinkTopic): Outcome {
  let rows: RowValues[] = [];
  let altered = false;
  let ever: RowValues[] = [];
  const records: SinkRecord[] = [];
  const find = (wanted: number): RowValues | undefined => rows.find((row) => row['id'] === wanted);
  const without = (row: RowValues): RowValues[] => rows.filter((other) => other !== row);
  const before = (row: RowValues): RowValues | null => (keyed ? null : row);
  for (const { kind, id: wanted, to, text } of steps) {
    const found = find(wanted);
    // A later version of a row is behind the earlier ones.
    ever = [...ever, ...rows];
    switch (kind) {
      case 'write': {
        const row = {
          id: wanted,
          a: text,
          big: text === null ? null : `${text}!`,
          ...(altered ? { later: to } : {}),
        };
        // A table without key may hold the same row twice.
        if (found === undefined || !keyed) {
          rows = [...rows, row];
          records.push(topic.insert(row));
        } else {
          rows = [...without(found), row];
          records.push(topic.update(row));
        }
        break;
      }
      case 'partial': {
        if (found === undefined) break;
        const row = { ...found, a: text };
        rows = [...without(found), row];
        records.push(topic.update({ ...row, big: 'stand-in' }, before(found), ['big']));
        break;
      }
      case 'delete': {
        if (found === undefined) break;
        rows = without(found);
        records.push(topic.delete(found));
        if (keyed) records.push(topic.tombstone({ id: wanted }));
        break;
      }
      case 'rekey': {
        if (found === undefined || find(to) !== undefined) break;
        const row = { ...found, id: to };
        rows = [...without(found), row];
        if (keyed) records.push(topic.delete(found), topic.insert(row));
        else records.push(topic.update(row, found));
        break;
      }
      case 'truncate':
        rows = [];
        records.push(topic.truncate());
        break;
      case 'alter':
        if (altered) break;
        altered = true;
        rows = rows.map((row) => ({ ...row, later: 7 }));
        ever = ever.map((row) => ({ ...row, later: 7 }));
        topic.alter({ columns: [id, a, big, later] });
        break;
    }
  }
  const last = new Map([...ever, ...rows].map((row) => [row['id'], row]));
  const gone = [...last].filter(([key]) => find(Number(key)) === undefined);
  return { records, rows, gone: gone.map(([, row]) => row) };
}

function sorted(rows: readonly RowValues[], names: readonly string[]): string[] {
  return rows.map((row) => JSON.stringify(names.map((name) => row[name] ?? null))).toSorted();
}

/** Whatever the history and its batches, the target ends like the source. */
export const contractOfHistories = describeTarget((fresh) => {
  describe.each([
    { keyed: true, deleteMode: 'hard' },
    { keyed: false, deleteMode: 'hard' },
    { keyed: true, deleteMode: 'soft' },
  ] as const)('random changes in random batches, %j', ({ keyed, deleteMode }) => {
    test('end in the table that the source has, however often they are delivered', async () => {
      await using target = await fresh();
      let run = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 1, maxLength: 60 }),
          cuts,
          replays,
          async (steps, sizes, repeats) => {
            const table = `t${run++}`;
            const topic = new SinkTopic({ table, columns: [id, a, big], key: keyed ? ['id'] : [] });
            const { records, rows, gone } = play(steps, keyed, topic);
            const options = { name: table, deleteMode };
            let sink = await startTargetSink(target, options);
            try {
              for (let from = 0, batch = 0; from < records.length; batch++) {
                const to = from + sizes[batch % sizes.length]!;
                const start = Math.max(0, from - repeats[batch % repeats.length]!);
                await put(sink, records.slice(start, to));
                if (batch % 4 === 3) {
                  await sink[Symbol.asyncDispose]();
                  sink = await startTargetSink(target, options);
                }
                from = to;
              }
              expect(sink.status().parked).toEqual([]);
            } finally {
              await sink[Symbol.asyncDispose]();
            }
            if (records.length === 0 || !(await target.hasTable(table))) {
              expect(rows).toEqual([]);
              return;
            }
            const found = await target.query<Record<string, string | number | null>>(
              `SELECT * FROM ${table}`,
            );
            const names =
              found.length > 0 && 'later' in found[0]!
                ? ['id', 'a', 'big', 'later']
                : ['id', 'a', 'big'];
            // A boolean of MySQL is a number.
            const isGone = (row: RowValues): boolean => Boolean(row['_deleted'] ?? false);
            const left = found.filter((row) => !isGone(row));
            expect(sorted(left, names)).toEqual(sorted(rows, names));
            const kept = deleteMode === 'soft' ? gone : [];
            expect(sorted(found.filter(isGone), names)).toEqual(sorted(kept, names));
          },
        ),
        { numRuns: RUNS },
      );
    });
  });
});
