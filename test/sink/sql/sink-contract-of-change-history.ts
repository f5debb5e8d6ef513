import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatPosition } from '../../../src/model/change-position.ts';
import type { Struct } from '../../../src/model/connect-schema.ts';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import type { ChangeStep } from '../../support/change-steps.ts';
import { changeSteps, STEP_COLUMNS } from '../../support/change-steps.ts';
import { put } from '../../support/sink-harness.ts';
import type { RowValues } from '../../support/sink-records.ts';
import { SinkTopic } from '../../support/sink-records.ts';
import type { SinkTarget } from '../../support/sink-target.ts';
import { describeTarget, startTargetSink } from '../../support/sink-target.ts';

const RUNS = 10;

const KINDS = { write: 8, partial: 4, delete: 3, rekey: 2, move: 2, truncate: 1, alter: 1 };
type Step = ChangeStep<keyof typeof KINDS>;
const step = changeSteps(KINDS, 4, fc.constantFrom('', 'a', 'B', 'ä"\'\\', '𝒳 '));

const { id, a, big, later } = STEP_COLUMNS;

/** The rows of the source behind one of its changes. */
interface Checkpoint {
  readonly position: string;
  readonly rows: readonly RowValues[];
  readonly altered: boolean;
}

interface Story {
  readonly records: readonly SinkRecord[];
  readonly checkpoints: readonly Checkpoint[];
}

/** Plays steps against a table as a database would: records, and what the table was behind each. */
class Playing {
  readonly #topic: SinkTopic;
  readonly #keyed: boolean;
  #rows: RowValues[] = [];
  #altered = false;
  readonly records: SinkRecord[] = [];
  readonly checkpoints: Checkpoint[] = [];

  constructor(topic: SinkTopic, keyed: boolean) {
    this.#topic = topic;
    this.#keyed = keyed;
  }

  play({ kind, id: wanted, to, text }: Step): void {
    const topic = this.#topic;
    const found = this.#rows.find((row) => row['id'] === wanted);
    const others = this.#rows.filter((row) => row !== found);
    const isFree = this.#rows.every((row) => row['id'] !== to);
    if (kind === 'truncate') this.#commit([], [topic.truncate()]);
    else if (kind === 'alter') this.#alter();
    else if (kind === 'write') this.#write(wanted, to, text, found, others);
    else if (found === undefined) return;
    else if (kind === 'delete') {
      const tombstones = this.#keyed ? [topic.tombstone(found)] : [];
      this.#commit(others, [topic.delete(found), ...tombstones]);
    } else if (kind === 'partial') {
      const row = { ...found, a: text };
      const before = this.#keyed ? null : found;
      this.#commit([...others, row], [topic.update({ ...row, big: 'x' }, before, ['big'])]);
    } else if (isFree) {
      const row = { ...found, id: to };
      if (!this.#keyed) this.#commit([...others, row], [topic.update(row, found)]);
      else if (kind === 'rekey') this.#commit([...others, row], topic.move(found, row));
      else this.#commit([...others, row], topic.move(found, { ...row, big: 'x' }, ['big']));
    }
  }

  #write(
    wanted: number,
    to: number,
    text: string | null,
    found: RowValues | undefined,
    others: readonly RowValues[],
  ): void {
    const big = text === null ? null : `${text}!`;
    const row = { id: wanted, a: text, big, ...(this.#altered ? { later: to } : {}) };
    // A table without key may hold the same row twice.
    if (found === undefined || !this.#keyed) {
      this.#commit([...this.#rows, row], [this.#topic.insert(row)]);
    } else this.#commit([...others, row], [this.#topic.update(row)]);
  }

  #alter(): void {
    if (this.#altered) return;
    this.#altered = true;
    this.#rows = this.#rows.map((row) => ({ ...row, later: 7 }));
    this.#topic.alter({ columns: [id, a, big, later] });
  }

  #commit(rows: readonly RowValues[], records: readonly SinkRecord[]): void {
    this.#rows = [...rows];
    const commit = BigInt(this.checkpoints.length + 1);
    const position = formatPosition({ epoch: 1, commit, ordinal: 1 });
    this.records.push(
      ...records.map((record) => (record.value === null ? record : { ...record, position })),
    );
    this.checkpoints.push({ position, rows: this.#rows, altered: this.#altered });
  }
}

function play(steps: readonly Step[], topic: SinkTopic, keyed: boolean): Story {
  const playing = new Playing(topic, keyed);
  for (const one of steps) playing.play(one);
  return playing;
}

/** The same records as Debezium writes them: their positions are those of their source blocks. */
function withoutHeaders({ records, checkpoints }: Story): Story {
  const blocks = new Map<string, Struct>();
  const plain = records.map(({ position, value, ...record }) => {
    if (position === undefined || value === null) return { ...record, value };
    // Both halves of a key change come from one event.
    const block = blocks.get(position) ?? (value.values[2] as Struct);
    blocks.set(position, block);
    return { ...record, value: { ...value, values: value.values.with(2, block) } };
  });
  const placeOf = (position: string): string => {
    const lsn = (blocks.get(position)!.values.at(-1) as bigint).toString(16);
    return `${'0'.repeat(8)}-${'0'.repeat(16)}-${lsn.padStart(16, '0')}`;
  };
  return {
    records: plain,
    checkpoints: checkpoints.map((at) => ({ ...at, position: placeOf(at.position) })),
  };
}

function sorted(rows: readonly RowValues[], altered: boolean): string[] {
  const names = altered ? ['id', 'a', 'big', 'later'] : ['id', 'a', 'big'];
  return rows.map((row) => JSON.stringify(names.map((name) => row[name] ?? null))).toSorted();
}

async function rowsAt(target: SinkTarget, table: string, position: string): Promise<RowValues[]> {
  return target.query(
    `SELECT * FROM ${table}__versions WHERE _valid_from_pos <= '${position}'
     AND (_valid_to_pos IS NULL OR _valid_to_pos > '${position}')`,
  );
}

const batches = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
const steps = fc.array(step, { minLength: 1, maxLength: 30 });

/** A large value follows its row from key to key; a row that had the key before is another one. */
const MOVES: Step[] = (
  [
    ['write', 0, 0, 'old'],
    ['delete', 0, 0, null],
    ['write', 1, 0, 'a'],
    ['move', 1, 2, null],
    ['partial', 2, 0, 'b'],
    ['move', 2, 0, null],
    ['partial', 0, 0, 'c'],
    ['alter', 0, 0, null],
    ['write', 3, 1, 'd'],
    ['truncate', 0, 0, null],
    ['write', 3, 1, 'e'],
  ] as const
).map(([kind, wanted, to, text]) => ({ kind, id: wanted, to, text }));

/** All changes are kept, and every state of the source is found among them again. */
export const contractOfChangeHistory = describeTarget((fresh) => {
  describe.each([
    { keyed: true, header: true, writeMode: 'both' },
    { keyed: true, header: false, writeMode: 'history' },
    { keyed: false, header: true, writeMode: 'both' },
  ] as const)('a history of random changes, %j', ({ keyed, header, writeMode }) => {
    test('rebuilds every checkpoint, however often its records come', async () => {
      await using target = await fresh();
      let run = 0;
      await fc.assert(
        fc.asyncProperty(steps, batches, async (played, sizes) => {
          const table = `t${run++}`;
          const topic = new SinkTopic({ table, columns: [id, a, big], key: keyed ? ['id'] : [] });
          const story = play(played, topic, keyed);
          const { records, checkpoints } = header ? story : withoutHeaders(story);
          // The second sink has offsets of its own: all that it reads was there before.
          const again = writeMode === 'history' ? [`${table} again`] : [];
          for (const name of [table, ...again]) {
            await using sink = await startTargetSink(target, { name, writeMode });
            for (let from = 0, batch = 0; from < records.length; batch++) {
              const to = from + sizes[batch % sizes.length]!;
              await put(sink, records.slice(from, to));
              from = to;
            }
            expect(sink.status().parked).toEqual([]);
          }
          if (!(await target.hasTable(`${table}__history`))) {
            expect(checkpoints.filter(({ rows }) => rows.length > 0)).toEqual([]);
            return;
          }
          for (const { position, rows, altered } of checkpoints) {
            const found = await rowsAt(target, table, position);
            expect(sorted(found, altered)).toEqual(sorted(rows, altered));
          }
          const { rows, altered } = checkpoints.at(-1)!;
          const now = await target.query<Record<string, string | number | null>>(
            `SELECT * FROM ${table}__current`,
          );
          expect(sorted(now, altered)).toEqual(sorted(rows, altered));
        }),
        { numRuns: RUNS, examples: [[MOVES, [2]]] },
      );
    });
  });
});
