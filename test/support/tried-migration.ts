import { AlertRecorder } from './alert-recorder.ts';
import type { MigrationTrial } from '../../src/source/checked-migration.ts';
import { systemClock } from '../../src/foundation/clock.ts';

/** What a migration that is tried is told to; `told`: its alerts as `class table place`. */
export interface TriedMigration {
  readonly trial: MigrationTrial;
  readonly notes: readonly string[];
  told(): readonly string[];
  readonly recorder: AlertRecorder;
}

/** A migration of one file, `m.sql`. */
export function triedMigration(
  connector: ConstructorParameters<typeof AlertRecorder>[0],
  text: string,
  change: Partial<MigrationTrial> = {},
): TriedMigration {
  const recorder = new AlertRecorder(connector);
  const notes: string[] = [];
  const trial: MigrationTrial = {
    scripts: [{ name: 'm.sql', text }],
    inOneTransaction: false,
    listener: recorder.listener(),
    clock: systemClock,
    signal: new AbortController().signal,
    note: (note) => notes.push(note),
    ...change,
  };
  const told = (): readonly string[] =>
    recorder.events.map(({ class: name, table, position }) =>
      [name.replace('schema.', ''), table?.split('.')[1], position?.split(':')[1]].join(' '),
    );
  return { trial, notes, told, recorder };
}
