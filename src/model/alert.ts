/**
 * What somebody is told of without asking. There are two kinds: an event happened once (a table
 * changed its shape), a condition holds for as long as its cause does (a sink lags, a slot runs out
 * of room). Who finds them says what they are; the alert engine (`src/alert/`) decides whether,
 * when and where they are told. `breaking` is of changes of shape, `critical` of conditions: both
 * ask for somebody now, above `warning` and `info`.
 */
export type AlertSeverity = 'info' | 'warning' | 'breaking' | 'critical';

/** A line of an alert's text: `column amount` / `integer → bigint`; `next` / `tidemark plan …`. */
export interface AlertFact {
  readonly label: string;
  readonly value: string;
}

/** Something that happened once. JSON values only: it is stored until every channel has it. */
export interface AlertEvent {
  /**
   * The same for the same event however often it is found, also by another process: made of where
   * it happened (position, table, class), never of a clock or chance. What has been raised under
   * an id is raised no more.
   */
  readonly id: string;
  /** Dotted, from the general to the particular: `schema.column_widened`. Rules name it. */
  readonly class: string;
  readonly severity: AlertSeverity;
  /** As it is told everywhere else: `schema.table`, of MySQL `database.table`; null: of none. */
  readonly table: string | null;
  /** Null: of none in particular. */
  readonly sink: string | null;
  /** One line that says it all: `orders.amount is bigint now (was integer)`. */
  readonly title: string;
  /** Where in the source's log, in the form in which the source prints positions; null: nowhere. */
  readonly position: string | null;
  /** When it happened, by the source's clock where that is known. */
  readonly atMs: number;
  /** In the order of reading: old → new, what Tidemark did, each sink's fate, next, command. */
  readonly facts: readonly AlertFact[];
  /** The same for programs. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** Something that is so at the moment. JSON values only. */
export interface AlertCondition {
  /** The same for as long as it holds, also in the next process: `lag:warehouse:shop.orders`. */
  readonly key: string;
  /** As of an event: `lag.sink`, `stall.long_transaction`, `budget.wal`. */
  readonly class: string;
  readonly severity: AlertSeverity;
  readonly table: string | null;
  readonly sink: string | null;
  /** One line, true while it holds: what is shown may have another each time. */
  readonly title: string;
  /** Why it is so, as far as that is known. */
  readonly cause: string;
  /** What to do next, with the command. */
  readonly cure: string;
  /**
   * What was measured, for conditions that are a matter of degree. The source of the condition
   * reports it whenever it knows it, also where all is well: rules set the threshold
   * (`AlertRule`), `threshold` is what holds without one.
   */
  readonly measure?: AlertMeasure;
  /** How long it must hold before it is told, unless a rule says otherwise; absent: at once. */
  readonly holdMs?: number;
  readonly facts?: readonly AlertFact[];
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A value against a limit. */
export interface AlertMeasure {
  readonly value: number;
  readonly unit: 'ms' | 'bytes' | 'records' | 'percent' | 'count';
  readonly threshold: number;
  /** When it is bad: `above` (lag) or `below` (time left) the threshold; at it all is well. */
  readonly bad: 'above' | 'below';
  /** One of several for the same value: rules leave its threshold alone. */
  readonly isStage?: true;
}

/** Where events go. */
export interface AlertOutlet {
  /**
   * Takes an event; once this resolves it outlives the process, so that an offset behind it may
   * be stored. Raising it again is harmless. Throws what the transport throws.
   */
  raise(event: AlertEvent): Promise<void>;
}

/** Who knows of conditions: asked every second or so, answers from memory. */
export interface ConditionSource {
  /** All that hold now; those with a measure also when it is on the good side. */
  conditions(nowMs: number): readonly AlertCondition[];
}
