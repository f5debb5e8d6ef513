import { expect } from 'vitest';
import type { TestDatabase } from './postgres.ts';
import type { RecordingReceiver } from './recording-receiver.ts';
import { replayed } from './replayed-table.ts';

/** What a target would have of the tables is what the source has. */
export async function expectTables(
  database: Pick<TestDatabase, 'query'>,
  receiver: RecordingReceiver,
  tables: readonly string[],
): Promise<void> {
  for (const table of tables) {
    const rows = await database.query(
      `SELECT (SELECT jsonb_object_agg(key, value) FROM jsonb_each_text(to_jsonb(t)))::text AS row
       FROM ${table} t`,
    );
    const lines = (list: readonly object[]): string[] =>
      list
        .map((row) => Object.entries(row).map((entry) => JSON.stringify(entry)))
        .map((entries) => entries.toSorted((a, b) => (a < b ? -1 : 1)).join())
        .toSorted((a, b) => (a < b ? -1 : 1));
    const want = lines(rows.map((row) => JSON.parse(String(row['row'])) as object));
    const got = lines(replayed(receiver.events, table));
    // Not as a whole: a report of thousands of rows helps nobody.
    const at = want.findIndex((row, i) => row !== got[i]);
    expect([table, at, got.length, got.at(at)]).toEqual([table, -1, want.length, want.at(at)]);
  }
}
