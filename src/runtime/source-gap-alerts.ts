import type { AlertCondition, AlertEvent } from '../model/alert.ts';
import type { SourceOffset } from '../model/change-event.ts';
import type { SourceGap } from '../model/source-gap.ts';
import { GAP_KEY, gapOf } from '../model/source-gap.ts';

const CURE =
  'Nothing has to be done: targets are complete when this is over. Consumers of the topics lack ' +
  'the single changes; find out what kept the source from reading before (tidemark status)';

/** Told once for each slot that is given up. */
export function gapAlert(gap: SourceGap, pipeline: string, nowMs: number): AlertEvent {
  const { from, reason } = gap;
  return {
    id: `gap ${pipeline} ${from} ${gap.sinceMs} ${reason}`,
    class: 'source.slot_dropped',
    severity: 'critical',
    table: null,
    sink: null,
    title: `the replication slot is dropped, and what it held from ${from} on is not captured`,
    position: from,
    atMs: nowMs,
    facts: [
      { label: 'why', value: reason },
      {
        label: 'done',
        value: 'a new slot is made; every captured table is emptied and read again',
      },
      { label: 'next', value: CURE },
    ],
    details: { from, reason },
  };
}

/** Holds until every table is read again. */
export function gapConditions(
  offset: Readonly<Record<string, unknown>> | null,
): readonly AlertCondition[] {
  const gap = offset === null ? null : gapOf({ offset });
  if (gap === null) return [];
  const { from, to, sinceMs, reason } = gap;
  const end = to === null ? 'the slot is being made anew' : `to ${to}`;
  return [
    {
      key: 'source.gap',
      class: 'source.gap',
      severity: 'critical',
      table: null,
      sink: null,
      title: `changes from ${from} on were not captured (${end}): tables are read again`,
      cause: `since ${new Date(sinceMs).toISOString()}: ${reason}`,
      cure: CURE,
      details: { ...gap },
    },
  ];
}

/** All that a gap took has been read again, and that is durable. */
export function isHealed(before: SourceOffset | null, now: SourceOffset): boolean {
  if (before === null) return false;
  return (before.offset[GAP_KEY] ?? null) !== null && (now.offset[GAP_KEY] ?? null) === null;
}
