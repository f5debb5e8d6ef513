import type { Blocker } from '../model/server-look.ts';

/** Of somebody who is in the way. */
export function ofBlocker({ ageMs, statement, waiting }: Blocker): readonly string[] {
  return [
    ...(ageMs === null ? [] : [`open for ${seconds(ageMs)}`]),
    ...(statement === null ? [] : [`its statement: ${statement}`]),
    ...(waiting === null ? [] : [`ours that waits: ${waiting}`]),
  ];
}

/** `40 s`, `12 min`. */
export function seconds(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}

/** `1 record`, `2 records`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
