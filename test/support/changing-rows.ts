import type { FamilyDatabase } from './family-pipeline.ts';

/** Of PostgreSQL; `loaded` ends with rows that were changed, got another key, or went. */
export const CHANGING_ROWS =
  'CREATE TABLE loaded (id int PRIMARY KEY, n int NOT NULL, word text); ' +
  'CREATE TABLE events (n int)';

/** Writes transactions of rows of both tables, one after the other, until it is stopped. */
export function changeRows(source: FamilyDatabase, pauseMs = 10): { stop(): Promise<void> } {
  let last = 0;
  const over = new AbortController();
  const writing = (async () => {
    while (!over.signal.aborted) {
      const from = last + 1;
      last += 50;
      // Of the rows before some are counted on, some get another key, some go.
      await source.run(`BEGIN;
        INSERT INTO loaded
          SELECT g, 0, repeat('é', g % 100) FROM generate_series(${from}, ${last}) g;
        INSERT INTO events SELECT generate_series(${from}, ${last});
        UPDATE loaded SET n = n + 1 WHERE id % 3 = 0 AND id > ${from - 200};
        UPDATE loaded SET id = -id WHERE id % 7 = 0 AND id BETWEEN ${from - 100} AND ${from};
        DELETE FROM loaded WHERE id % 11 = 0 AND id BETWEEN ${from - 150} AND ${from - 100};
        COMMIT; SELECT pg_sleep(${pauseMs / 1000})`);
    }
  })();
  // A test that fails lets it end with its database.
  writing.catch(() => undefined);
  return {
    stop() {
      over.abort();
      return writing;
    },
  };
}
