import { randomBytes } from 'node:crypto';
import { TidemarkError, toTidemarkError } from '../foundation/errors.ts';

/** Names of databases that are thrown away begin with this. */
export const SCRATCH_PREFIX = 'tidemark_scratch_';

/** How long the end of a run may take, when it was asked to stop. */
export const CLEANUP_MS = 30_000;

type Note = (text: string) => void;

/** A name that no other run has. */
export function scratchName(): string {
  return `${SCRATCH_PREFIX}${randomBytes(6).toString('hex')}`;
}

/** Drops what makers left that are gone; what cannot be dropped is told, and stays. */
export async function dropLeftovers(
  names: readonly string[],
  drop: (name: string) => Promise<unknown>,
  note: Note,
): Promise<void> {
  for (const name of names) {
    try {
      await drop(name);
      note(`${name}, which a run that was killed had left, was dropped`);
    } catch (error) {
      note(`${name} was left by another run, and stays: ${toTidemarkError(error).message}`);
    }
  }
}

/** Its own copy cannot be dropped: that is no failure of what was checked in it. */
export function noteLeft(name: string, error: unknown, note: Note): void {
  note(`${name} is left there, for the next run: ${toTidemarkError(error).message}`);
}

/** `cures`: what helps against some errors of the server, by their codes. */
export function scratchError(
  thrown: unknown,
  cures: Readonly<Record<string, string>>,
): TidemarkError {
  const { code, message } = toTidemarkError(thrown);
  const cure = cures[code];
  return new TidemarkError(
    'MIGRATION_SCRATCH',
    `a database for the copy cannot be made: ${message}`,
    { cause: thrown, ...(cure === undefined ? {} : { cure }) },
  );
}
