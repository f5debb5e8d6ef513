import { readFileSync } from 'node:fs';

/** A record as Debezium and Connect wrote it; provenance stands in each file. */
export interface GoldenRecord {
  readonly topic: string;
  readonly phase: 'snapshot' | 'streaming';
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The text on the wire; null: no key, tombstone. */
  readonly key: string | null;
  readonly value: string | null;
}

/** The records of `test/golden/envelope/<name>.json`. */
export function goldenRecords(name: string): readonly GoldenRecord[] {
  const path = new URL(`../golden/envelope/${name}.json`, import.meta.url);
  const file = JSON.parse(readFileSync(path, 'utf8')) as { records: readonly GoldenRecord[] };
  return file.records;
}

/** Those of one table, e.g. `public.t_num`. */
export function goldenTable(name: string, table: string): readonly GoldenRecord[] {
  return goldenRecords(name).filter((record) => record.topic.endsWith(`.${table}`));
}
