import { createHash } from 'node:crypto';
import type {
  AlertCondition,
  AlertEvent,
  AlertFact,
  AlertMeasure,
  AlertSeverity,
} from '../model/alert.ts';
import { formatMeasure, formatSpan } from './alert-quantity.ts';

/**
 * `event`: it happened once. `firing`, `repeated`, `resolved`: a condition begins (or became
 * worse), holds on, is over. `suppressed`: so many alerts were left out. `test`: somebody tries the
 * channel.
 */
export type NoticeStatus = 'event' | 'firing' | 'repeated' | 'resolved' | 'suppressed' | 'test';

/** What a channel is told: `schemas/alert.schema.json`, field by field. */
export interface AlertNotice {
  readonly version: 1;
  /** Of this notice: the same whenever it is delivered, so that a receiver may drop the second. */
  readonly notice: string;
  /** Of the alert: that of its event; all notices of a condition, until it is over, share it. */
  readonly id: string;
  readonly status: NoticeStatus;
  readonly pipeline: string;
  readonly class: string;
  readonly severity: AlertSeverity;
  readonly table: string | null;
  readonly sink: string | null;
  readonly title: string;
  readonly position: string | null;
  /** When it happened, or since when it holds: ISO 8601. */
  readonly at: string;
  /** When it was over. */
  readonly endedAt: string | null;
  /** When the notice was made. */
  readonly toldAt: string;
  readonly facts: readonly AlertFact[];
  readonly details: Readonly<Record<string, unknown>>;
}

/** `breaking` is of changes of shape, `critical` of conditions: both ask for somebody now. */
export const SEVERITY_RANK: Readonly<Record<AlertSeverity, number>> = {
  info: 0,
  warning: 1,
  breaking: 2,
  critical: 2,
};

/** What is told of a condition. */
export interface ConditionTelling {
  readonly status: 'firing' | 'repeated' | 'resolved';
  /** As it is, or as it was last. */
  readonly condition: AlertCondition;
  readonly severity: AlertSeverity;
  /** The threshold that holds for it. */
  readonly measure: AlertMeasure | null;
  readonly sinceMs: number;
  /** How often it was told before. */
  readonly told: number;
}

/** The notice of an event. */
export function eventNotice(
  event: AlertEvent,
  severity: AlertSeverity,
  pipeline: string,
  nowMs: number,
): AlertNotice {
  const { id, class: name, table, sink, title, position, atMs, facts, details } = event;
  return {
    version: 1,
    notice: noticeId(pipeline, id, 'event', 0),
    id,
    status: 'event',
    pipeline,
    class: name,
    severity,
    table,
    sink,
    title,
    position,
    at: new Date(atMs).toISOString(),
    endedAt: null,
    toldAt: new Date(nowMs).toISOString(),
    facts,
    details,
  };
}

/** The notice of a condition. */
export function conditionNotice(
  telling: ConditionTelling,
  pipeline: string,
  nowMs: number,
): AlertNotice {
  const { status, condition, severity, measure, sinceMs, told } = telling;
  const at = new Date(sinceMs).toISOString();
  const id = conditionId(condition.key, sinceMs);
  const isOver = status === 'resolved';
  return {
    version: 1,
    notice: noticeId(pipeline, id, status, told),
    id,
    status,
    pipeline,
    class: condition.class,
    severity,
    table: condition.table,
    sink: condition.sink,
    title: condition.title,
    position: null,
    at,
    endedAt: isOver ? new Date(nowMs).toISOString() : null,
    toldAt: new Date(nowMs).toISOString(),
    facts: conditionFacts(telling, measure, nowMs),
    details: {
      ...condition.details,
      cause: condition.cause,
      ...(measure === null ? {} : { measure }),
    },
  };
}

/** The same for all that is told of it from its begin to its end. */
export function conditionId(key: string, sinceMs: number): string {
  return `${key}@${new Date(sinceMs).toISOString()}`;
}

function conditionFacts(
  { status, condition, sinceMs }: ConditionTelling,
  measure: AlertMeasure | null,
  nowMs: number,
): readonly AlertFact[] {
  const lasted = formatSpan(nowMs - sinceMs);
  const since = new Date(sinceMs).toISOString().replace(/\.\d+Z$/, 'Z');
  if (status === 'resolved') {
    return [{ label: 'held', value: `${lasted}, since ${since}` }, ...(condition.facts ?? [])];
  }
  const limit =
    measure === null ? '' : ` (limit ${formatMeasure(measure.threshold, measure.unit)})`;
  const value =
    measure === null
      ? []
      : [
          {
            label: 'measured',
            value: `${formatMeasure(measure.value, measure.unit)}${limit}`,
          },
        ];
  return [
    { label: 'since', value: `${since} (${lasted})` },
    ...value,
    { label: 'cause', value: condition.cause },
    ...(condition.facts ?? []),
    { label: 'next', value: condition.cure },
  ];
}

/** What a digest counts. */
export interface SuppressedCount {
  readonly count: number;
  readonly sinceMs: number;
  readonly severity: AlertSeverity;
  readonly classes: Readonly<Record<string, number>>;
}

/** The notice that stands for those that a limit left out. */
export function suppressedNotice(
  { count, sinceMs, severity, classes }: SuppressedCount,
  channel: string,
  pipeline: string,
  nowMs: number,
): AlertNotice {
  const id = `suppressed:${channel}@${new Date(sinceMs).toISOString()}`;
  const noun = count === 1 ? 'alert was' : 'alerts were';
  const facts = Object.entries(classes).map(([label, value]) => ({ label, value: String(value) }));
  return {
    ...ownNotice('suppressed', id, pipeline, nowMs),
    class: 'alerts.suppressed',
    severity,
    title: `${count} more ${noun} not sent to ${channel}: more than its limit came at once`,
    at: new Date(sinceMs).toISOString(),
    facts: [...facts, { label: 'next', value: 'tidemark alerts history <file> shows all' }],
    details: { count, classes, channel },
  };
}

/** What somebody sends to see whether a channel works. */
export function testNotice(channel: string, pipeline: string, nowMs: number): AlertNotice {
  const id = `test:${channel}@${new Date(nowMs).toISOString()}`;
  return {
    ...ownNotice('test', id, pipeline, nowMs),
    class: 'alerts.test',
    severity: 'info',
    title: `This is a test of the channel ${channel}: alerts of ${pipeline} come here`,
    at: new Date(nowMs).toISOString(),
    facts: [
      { label: 'orders.amount', value: 'integer → bigint (an example of a change)' },
      { label: 'next', value: 'nothing: all is well' },
    ],
    details: { channel },
  };
}

function ownNotice(status: NoticeStatus, id: string, pipeline: string, nowMs: number) {
  const notice = noticeId(pipeline, id, status, 0);
  const nothing = { table: null, sink: null, position: null, endedAt: null };
  const toldAt = new Date(nowMs).toISOString();
  return { version: 1 as const, notice, id, status, pipeline, ...nothing, toldAt };
}

/** Names may be anything; this goes into headers and message ids as it stands. */
function noticeId(pipeline: string, id: string, status: NoticeStatus, told: number): string {
  const text = JSON.stringify([pipeline, id, status, told]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
