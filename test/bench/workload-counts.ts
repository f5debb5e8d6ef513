/** Row events of a load and the changes behind it: every 5th updated, every 20th deleted. */
export function eventCount(rows: number): number {
  return rows + Math.ceil(rows / 5) + Math.ceil(rows / 20);
}

/** Log records of load and changes: a delete is followed by a tombstone. */
export function recordCount(rows: number): number {
  return eventCount(rows) + Math.ceil(rows / 20);
}
