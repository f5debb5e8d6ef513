import { expect, test } from 'vitest';
import { toTidemarkError } from '../../../src/foundation/errors.ts';
import type { ConnectField, ConnectValue } from '../../../src/model/connect-schema.ts';
import type { SinkRecord, SinkTask } from '../../../src/model/sink-record.ts';
import { createSqlSink } from '../../../src/sink/sql/sql-sink.ts';
import { seededNumbers } from '../../support/random-history.ts';
import { never, put } from '../../support/sink-harness.ts';
import type { RowValues } from '../../support/sink-records.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';
import type { SinkTarget } from '../../support/sink-target.ts';
import { describeTarget } from '../../support/sink-target.ts';

/*
 * Tasks of one sink that make, extend, widen and relax one table at once, each at its own pace, so
 * that any of them is ahead of any other (PITFALLS S20): nobody parks it, no row is lost or comes
 * twice, and the table ends as the source's is.
 */

const TASKS = 5;
const SEEDS = [11, 23, 42];

const id = column('id', 'integer', { type: 'int32', optional: false });
const int = (name: string, optional = true) => column(name, 'integer', { type: 'int32', optional });
const bigint = (name: string) => column(name, 'bigint', { type: 'int64' });
const varchar = (name: string, length: number) =>
  column(name, `character varying(${length})`, { type: 'string' });
const text = column('word', 'text', { type: 'string' });
const decimal = (precision: number, scale: number) =>
  column('amount', `numeric(${precision},${scale})`, {
    type: 'bytes',
    name: 'org.apache.kafka.connect.data.Decimal',
    parameters: { scale: String(scale), 'connect.decimal.precision': String(precision) },
  });

interface Stage {
  readonly columns: readonly ConnectField[];
  /** What a row holds that only this stage's table takes. */
  readonly row: (n: number) => RowValues;
}

const amount = (unscaled: bigint, scale: number): ConnectValue => ({ unscaled, scale });

/** The table of the source as it was changed, one statement after the other. */
const STAGES: readonly Stage[] = [
  {
    columns: [id, int('n', false), varchar('word', 10), decimal(6, 2)],
    row: (n) => ({ n, word: `w${n}`, amount: amount(110n, 2) }),
  },
  {
    columns: [id, int('n', false), varchar('word', 10), decimal(6, 2), int('more')],
    row: (n) => ({ n, word: `w${n}`, amount: amount(-999_999n, 2), more: n }),
  },
  {
    columns: [id, bigint('n'), varchar('word', 60), decimal(6, 2), int('more')],
    row: (n) => ({ n: n % 2 === 0 ? null : 2n ** 40n, word: 'w'.repeat(60), more: n }),
  },
  {
    columns: [id, bigint('n'), text, decimal(12, 4), bigint('more')],
    row: () => ({ n: null, word: 'w'.repeat(300), amount: amount(123_456_789_012n, 4) }),
  },
  {
    columns: [id, bigint('n'), text, decimal(12, 4)],
    row: (n) => ({ n: BigInt(n), word: null, amount: amount(11_000n, 4) }),
  },
];
const ROWS_PER_STAGE = 6;

/** As the runner does: again, with the same records, when the error may pass. */
async function putUntilTaken(sink: SinkTask, records: readonly SinkRecord[]): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await put(sink, records);
      return;
    } catch (thrown) {
      const error = toTidemarkError(thrown, 'INTERNAL');
      if (error.retry !== 'backoff' || attempt > 50) throw error;
    }
  }
}

/** One task's part: its rows of every stage, in batches that seeds cut. */
function batchesOf(task: number, keyed: boolean, random: (below: number) => number) {
  const first = STAGES[0] as Stage;
  const topic = new SinkTopic({
    table: 'raced',
    columns: first.columns,
    key: keyed ? ['id'] : [],
  });
  topic.partition = task;
  const records: SinkRecord[] = [];
  const rows: RowValues[] = [];
  STAGES.forEach((stage, at) => {
    topic.alter({ columns: stage.columns });
    for (let i = 0; i < ROWS_PER_STAGE; i++) {
      const row = { ...stage.row(i), id: task * 1000 + at * 100 + i };
      rows.push(row);
      records.push(topic.insert(row));
    }
    // Some are gone again, by a task that may not know what others have made of the table since.
    const gone = rows.splice(rows.length - random(4));
    for (const row of gone) records.push(topic.delete(row));
  });
  const batches: SinkRecord[][] = [];
  for (let from = 0; from < records.length;) {
    const to = from + 1 + random(7);
    batches.push(records.slice(from, to));
    from = to;
  }
  return { batches, rows };
}

async function race(target: SinkTarget, keyed: boolean, seed: number): Promise<void> {
  const random = seededNumbers(seed);
  const parts = Array.from({ length: TASKS }, (_, task) => batchesOf(task, keyed, random));
  const sinks = parts.map(() => createSqlSink(target.options()));
  try {
    await Promise.all(sinks.map((sink) => sink.start(never)));
    await Promise.all(
      parts.map(async ({ batches }, task) => {
        for (const batch of batches) await putUntilTaken(sinks[task] as SinkTask, batch);
      }),
    );
    expect(sinks.flatMap((sink) => sink.status().parked)).toEqual([]);
  } finally {
    for (const sink of sinks) await sink[Symbol.asyncDispose]();
  }
  const left = parts.flatMap(({ rows }) => rows);
  const shown = await target.query('SELECT id, n, word, amount, more FROM raced ORDER BY id');
  const numberOf = (value: unknown): unknown => (value === null ? null : Number(value));
  expect(
    shown.map((row) => ({
      ...row,
      n: numberOf(row['n']),
      amount: numberOf(row['amount']),
      more: numberOf(row['more']),
    })),
  ).toEqual(
    left
      .toSorted((a, b) => Number(a['id']) - Number(b['id']))
      .map((row) => ({
        id: row['id'],
        n: numberOf(row['n'] ?? null),
        word: row['word'] ?? null,
        amount: decimalNumber(row['amount']),
        more: numberOf(row['more'] ?? null),
      })),
  );
}

function decimalNumber(value: ConnectValue | undefined): number | null {
  if (value === null || value === undefined) return null;
  const { unscaled, scale } = value as { unscaled: bigint; scale: number };
  return Number(unscaled) / 10 ** scale;
}

/** Types of the columns of `raced`, as the products call them. */
export type RacedTypes = Readonly<Record<string, string>>;

/** What tasks that change one table at once leave behind, whatever the product. */
export const contractOfRaces = (
  fresh: () => Promise<SinkTarget>,
  typesOf: (target: SinkTarget) => Promise<RacedTypes>,
  wanted: RacedTypes,
): void => {
  describeTarget((open) => {
    test.each(SEEDS.flatMap((seed) => [true, false].map((keyed) => ({ seed, keyed }))))(
      'tasks that change one table at once do no harm (S20): $seed, keyed: $keyed',
      async ({ seed, keyed }) => {
        await using target = await open();
        await race(target, keyed, seed);
        expect(await typesOf(target)).toEqual(wanted);
      },
    );
  })(fresh);
};
