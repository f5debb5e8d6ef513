import type { SchemaChangesConfig } from '../config/schema-section.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { TableGate, TableHold } from './gate-states.ts';
import type { HeldTopicView } from './held-topics.ts';

/** A table that waits, or whose records have an old shape, as people see it. JSON values only. */
export interface HoldView {
  /** What `approve` and `reject` take; so do they the table. Null: nothing is to be answered. */
  readonly id: string | null;
  readonly table: string;
  readonly topic: string;
  /** `old shape`: it goes on, in a shape that is not the table's. */
  readonly state: 'held' | 'going out' | 'old shape';
  readonly changes: readonly string[];
  readonly reason: string | null;
  readonly position: string | null;
  readonly since: string | null;
  /** Where its changes wait: in our own log, or in that of the server; null: none do. */
  readonly buffer: 'spool' | 'source' | null;
  /** What waits; in the server's log all that it keeps from the change on. */
  readonly bytes: number;
  /** When hold.deadline.action follows; null: never. */
  readonly deadline: string | null;
  /** What follows at the deadline, or when too much waits. */
  readonly action: SchemaChangesConfig['deadlineAction'];
  /** Why it can only be approved; null: it can be rejected. */
  readonly unrejectable: string | null;
}

/** Where the records of a table wait. */
export interface HoldPlace {
  readonly buffer: HoldView['buffer'];
  readonly bytes: number;
  readonly topic: string;
}

/** Null: the table goes on as it is. */
export function holdView(
  table: string,
  gate: TableGate,
  { buffer, bytes, topic }: HoldPlace,
  config: SchemaChangesConfig,
): HoldView | null {
  const waits = buffer !== null;
  if (!waits && gate.kept === null) return null;
  const hold = waits ? gate.hold : null;
  const isHeld = hold !== null && hold.answer === undefined;
  const deadlineMs = hold === null ? null : deadlineOf(hold, config);
  return {
    id: isHeld ? hold.id : null,
    table,
    topic,
    state: !waits ? 'old shape' : isHeld ? 'held' : 'going out',
    changes: (hold?.changes ?? []).map(({ class: kind, column, old, now }) => {
      const what = column === null ? kind : `${kind} ${column}`;
      return old === null && now === null ? what : `${what}: ${old ?? '–'} → ${now ?? '–'}`;
    }),
    reason: hold?.reason ?? null,
    position: hold?.position ?? null,
    since: hold === null ? null : new Date(hold.sinceMs).toISOString(),
    buffer,
    bytes,
    deadline: deadlineMs === null ? null : new Date(deadlineMs).toISOString(),
    action: config.deadlineAction,
    unrejectable: hold?.unrejectable ?? null,
  };
}

/** Ms since 1970; null: the table may wait for ever. */
export function deadlineOf({ sinceMs }: TableHold, config: SchemaChangesConfig): number | null {
  return config.holdDeadlineMs === 0 ? null : sinceMs + config.holdDeadlineMs;
}

/** Somebody's answer about what is not there. */
export function unknownHold(what: string): TidemarkError {
  return new TidemarkError('HOLD_UNKNOWN', `nothing that waits for an answer is called ${what}`);
}

/** Somebody's answer that cannot be followed. */
export function unrejectable({ table, unrejectable: why }: HoldView): TidemarkError {
  return new TidemarkError('HOLD_UNKNOWN', `${table} cannot be rejected: ${why}`, {
    cure: 'Approve it, or undo the change in the source and approve both.',
  });
}

/** Those that wait for an answer, as the status shows whatever is held. */
export function heldTables(views: readonly HoldView[]): readonly HeldTopicView[] {
  return views.flatMap((view) => {
    const { id, table, topic, changes, reason, since, deadline, action, unrejectable: why } = view;
    const { buffer, position } = view;
    if (id === null) return [];
    const what = changes.length === 0 ? 'a value' : changes.join('; ');
    const until = deadline === null ? '' : `, until ${deadline} at the latest (then: ${action})`;
    const kept =
      buffer === 'source' ? `; the server keeps its log from ${position ?? 'there'} on for it` : '';
    const shown: HeldTopicView = {
      topic,
      code: 'SCHEMA_HELD',
      message: `${table} waits before ${what}${until}: ${reason}${kept}`,
      cure: `tidemark schema approve${why === null ? ' (or reject)' : ''} <file> ${id}`,
      ...(buffer === 'source' ? { keepsLogFor: table } : {}),
    };
    if (since === null || deadline === null) return [shown];
    const times = { sinceMs: Date.parse(since), atMs: Date.parse(deadline), action };
    return [{ ...shown, deadline: times }];
  });
}
