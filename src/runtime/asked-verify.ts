import { ERROR_TABLE, type ErrorCode } from '../foundation/error-table.ts';
import { TidemarkError, TidemarkErrors } from '../foundation/errors.ts';
import type { VerifiedTable, VerifyProgress, VerifyRequest } from './verify-pipeline.ts';

/** What a daemon is asked to compare. */
export interface AskedVerify {
  readonly request: VerifyRequest;
  readonly repair: boolean;
}

type Told = Readonly<Record<string, unknown>>;

/** What a daemon tells while it compares, a line of JSON each; one of the last two ends it. */
export type VerifyLine =
  | { readonly progress: VerifyProgress }
  | { readonly warning: string }
  /** So that nobody takes a long look for a connection that is gone. */
  | { readonly alive: true }
  | { readonly tables: readonly VerifiedTable[] }
  | { readonly errors: readonly TidemarkError[] };

/** The body of `POST /verify`; `hours` are those of the pipeline file alone. */
export function askedBody({ request, repair }: AskedVerify): Told {
  const { tables, sink, rowsPerSecond, sample = null, waitMs, shown } = request;
  const patterns = tables.map(({ source }) => source);
  return { tables: patterns, sink, rowsPerSecond, sample, waitMs, shown, repair };
}

/** Throws CONFIG_INVALID for what is no such body; all of it may be left out. */
export function askedVerify(body: unknown): AskedVerify {
  const asked = objectOf(body ?? {}, 'the request');
  const known = ['tables', 'sink', 'rowsPerSecond', 'sample', 'waitMs', 'shown', 'repair'];
  const strange = Object.keys(asked).find((name) => !known.includes(name));
  if (strange !== undefined) throw wrong(`has no ${strange}: ${known.join(', ')}`);
  const { tables = [], sink = null, repair = false } = asked;
  if (!Array.isArray(tables)) throw wrong('wants tables as a list of patterns');
  if (sink !== null && typeof sink !== 'string') throw wrong('wants the name of a sink as a text');
  if (typeof repair !== 'boolean') throw wrong('wants repair as true or false');
  return {
    request: {
      tables: (tables as readonly unknown[]).map(pattern),
      sink,
      rowsPerSecond: isGiven(asked, 'rowsPerSecond') ? count(asked, 'rowsPerSecond', 1) : null,
      sample: isGiven(asked, 'sample') ? sampleOf(asked['sample']) : null,
      waitMs: isGiven(asked, 'waitMs') ? count(asked, 'waitMs', 0) : WAIT_MS,
      shown: isGiven(asked, 'shown') ? count(asked, 'shown', 0) : SHOWN,
    },
    repair,
  };
}

/** As the command line has them. */
const WAIT_MS = 60_000;
const SHOWN = 100;

function isGiven(asked: Told, name: string): boolean {
  return asked[name] !== undefined && asked[name] !== null;
}

function pattern(text: unknown): RegExp {
  if (typeof text !== 'string') throw wrong('wants patterns as texts');
  try {
    return new RegExp(`^(?:${text})$`);
  } catch {
    throw wrong(`wants regular expressions over schema.table, not ${text}`);
  }
}

function sampleOf(node: unknown): NonNullable<VerifyRequest['sample']> {
  const sample = objectOf(node, 'a sample');
  const amount = objectOf(sample['amount'], 'the amount of a sample');
  const seed = count(sample, 'seed', 0);
  if ('rows' in amount) return { amount: { rows: count(amount, 'rows', 1) }, seed };
  const { percent } = amount;
  if (typeof percent === 'number' && percent > 0 && percent <= 100) {
    return { amount: { percent }, seed };
  }
  throw wrong('wants a sample of so many rows, or of a percent above 0 and up to 100');
}

function count(asked: Told, name: string, least: number): number {
  const value = asked[name];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
  throw wrong(`wants ${name} as a whole number from ${least} on`);
}

function objectOf(node: unknown, what: string): Told {
  if (typeof node === 'object' && node !== null && !Array.isArray(node)) return node as Told;
  throw wrong(`wants ${what} as a JSON object`);
}

function wrong(what: string): TidemarkError {
  return new TidemarkError('CONFIG_INVALID', `verify ${what}`, {
    cure: 'For example {"tables": ["public[.]orders"], "repair": true}.',
  });
}

/** A line as it came; null: something that only a later release tells. Throws what it tells. */
export function toldLine(text: string): VerifyLine | null {
  const line = JSON.parse(text) as Told;
  if ('errors' in line) throw new TidemarkErrors((line['errors'] as readonly Told[]).map(errorOf));
  if ('tables' in line) {
    const tables = (line['tables'] as readonly VerifiedTable[]).map(tableOf);
    return { tables };
  }
  return 'progress' in line || 'warning' in line ? (line as unknown as VerifyLine) : null;
}

/** Errors are objects of their class again. */
function tableOf(told: VerifiedTable): VerifiedTable {
  const { problem, verdict } = told;
  return {
    ...told,
    problem: problem === null ? null : errorOf(problem),
    verdict:
      verdict === null
        ? null
        : {
            ...verdict,
            repairProblem: verdict.repairProblem && errorOf(verdict.repairProblem),
          },
  };
}

function errorOf(told: unknown): TidemarkError {
  const { code, message, cure } = told as { code: string; message: string; cure: string };
  return new TidemarkError(code in ERROR_TABLE ? (code as ErrorCode) : 'INTERNAL', message, {
    cure,
  });
}
