import type { RecordedEvent, RecordedRow } from './recording-receiver.ts';

/**
 * The rows that a target holds after these events, applied in their order. A table whose first
 * column is `id` or `x` has a key; of others each row stands by itself. A change with absent values
 * of a row that is not there is an error: no target could apply it (ruling 2).
 */
export function replayed(events: readonly RecordedEvent[], table: string): RecordedRow[] {
  const rows = new Map<string, RecordedRow>();
  const bag: RecordedRow[] = [];
  for (const event of events) {
    if (event.table !== table) continue;
    if (event.op === 't') {
      rows.clear();
      bag.length = 0;
    } else if (keyOf(event.after ?? event.before) === null) {
      applyToBag(bag, event);
    } else {
      applyByKey(rows, event);
    }
  }
  return [...rows.values(), ...bag];
}

function applyByKey(rows: Map<string, RecordedRow>, { before, after }: RecordedEvent): void {
  const oldKey = before === null ? null : keyOf(before);
  const newKey = after === null ? null : keyOf(after);
  const old = rows.get(oldKey ?? newKey ?? '');
  if (oldKey !== null) rows.delete(oldKey);
  if (newKey === null || after === null) return;
  const absent = Object.values(after).includes(undefined);
  if (absent && old === undefined) throw new Error(`a change of the missing row ${newKey}`);
  const whole = Object.entries(after).map(
    ([name, value]) => [name, value === undefined ? old?.[name] : value] as const,
  );
  rows.set(newKey, Object.fromEntries(whole));
}

function applyToBag(bag: RecordedRow[], { before, after }: RecordedEvent): void {
  if (before !== null) {
    const text = JSON.stringify(before);
    const at = bag.findIndex((row) => JSON.stringify(row) === text);
    if (at < 0) throw new Error(`a change of the missing row ${text}`);
    bag.splice(at, 1);
  }
  if (after !== null) bag.push(after);
}

function keyOf(row: RecordedRow | null): string | null {
  if (row === null) return null;
  if ('id' in row) return String(row['id']);
  return 'x' in row ? `${row['x']} ${row['y']}` : null;
}
