import type { Clock } from '../foundation/clock.ts';
import { TidemarkError, toTidemarkError } from '../foundation/errors.ts';
import { tableName } from '../model/table-schema.ts';
import type { ShapedTable, ShapeEvent, ShapeListener } from '../model/table-shape.ts';

/** A file with statements. */
export interface MigrationScript {
  readonly name: string;
  readonly text: string;
}

/** What a migration is tried with, whatever the server. */
export interface MigrationTrial {
  readonly scripts: readonly MigrationScript[];
  /** All statements of all files are one transaction. */
  readonly inOneTransaction: boolean;
  readonly listener: ShapeListener;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What somebody should know of the copy. */
  readonly note: (text: string) => void;
}

/** A statement with its place. */
export interface PlacedStatement {
  readonly script: string;
  readonly line: number;
  readonly text: string;
}

/** `migration.sql:12` */
export function placeText({ script, line }: PlacedStatement): string {
  return `${script}:${line}`;
}

/** Statements that are not run, all at once, before any is. */
export function refusedStatements(
  refused: readonly { readonly at: PlacedStatement; readonly reason: string }[],
  cure?: string,
): TidemarkError {
  const lines = refused.map(({ at, reason }) => `${placeText(at)}: ${reason}: ${shortText(at)}`);
  return new TidemarkError(
    'MIGRATION_REFUSED',
    lines.join('\n'),
    cure === undefined ? {} : { cure },
  );
}

/** The server did not take a statement. */
export function failedStatement(at: PlacedStatement, thrown: unknown): TidemarkError {
  const { message } = toTidemarkError(thrown);
  return new TidemarkError('MIGRATION_FAILED', `${placeText(at)}: ${message}\n  ${shortText(at)}`, {
    cause: thrown,
  });
}

const SHOWN = 200;

function shortText({ text }: PlacedStatement): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
}

/** What statements made of a table since it was told last. */
interface TouchedTable {
  /** As it was then. */
  readonly version: string;
  readonly steps: { readonly statement: PlacedStatement; readonly version: string }[];
}

/** A table that is another than before a statement: versions as text, '' where it is not there. */
export interface VersionChange {
  readonly table: string;
  readonly before: string;
  readonly after: string;
}

/** Tells shapes with the statements that made them, in place of positions of a log. */
export class StatementListener implements ShapeListener {
  readonly #listener: ShapeListener;
  readonly #touched = new Map<string, TouchedTable>();
  #all: PlacedStatement[] = [];

  constructor(listener: ShapeListener) {
    this.#listener = listener;
  }

  /** A statement was run. One that takes others back leaves what they made as it was. */
  ran(statement: PlacedStatement, changes: readonly VersionChange[]): void {
    this.#all.push(statement);
    for (const { table, before, after } of changes) {
      const touched = this.#touched.get(table) ?? { version: before, steps: [] };
      const back = touched.steps.findIndex(({ version }) => version === after);
      if (after === touched.version) touched.steps.length = 0;
      else if (back >= 0) touched.steps.length = back + 1;
      else touched.steps.push({ statement, version: after });
      this.#touched.set(table, touched);
    }
  }

  /** What was run has been told, or came to nothing. */
  settled(): void {
    this.#all = [];
    this.#touched.clear();
  }

  known(table: string): ReturnType<ShapeListener['known']> {
    return this.#listener.known(table);
  }

  caughtUp(): Promise<void> {
    return this.#listener.caughtUp();
  }

  seen(table: ShapedTable): Promise<void> {
    return this.#listener.seen(table, null);
  }

  changed(event: ShapeEvent): Promise<void> {
    const names = [event.before, event.after].flatMap((one) =>
      one === null ? [] : [tableName(one.shape.id)],
    );
    const found = names.flatMap((name) => this.#touched.get(name)?.steps ?? []);
    const statements = [
      ...new Set(found.length > 0 ? found.map(({ statement }) => statement) : this.#all),
    ];
    const [first] = statements;
    const position = first === undefined ? event.position : placeText(first);
    const ddl = event.ddl ?? statements.map(({ text }) => text).join(';\n');
    return this.#listener.changed({ ...event, position, ddl: ddl === '' ? null : ddl });
  }
}
