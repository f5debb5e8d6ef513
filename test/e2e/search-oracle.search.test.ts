import { randomBytes } from 'node:crypto';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { documentText, elementTexts, exactDocuments } from '../support/document-texts.ts';
import type { FamilyDatabase } from '../support/family-pipeline.ts';
import { familyPipeline, mysqlFamily, postgresFamily } from '../support/family-pipeline.ts';
import { sharedSearch } from '../support/search-server.ts';
import { startServer } from '../support/mysql-server.ts';
import { freshDatabase } from '../support/postgres.ts';
import { TYPE_FAMILIES, typeSourceLines, typeTables } from '../support/type-sources.ts';
import type { TypedColumn } from '../support/type-tables.ts';
import type { Family } from '../support/value-texts.ts';
import { verifiedLines } from '../support/verified-shop.ts';
import {
  comparable,
  comparableElements,
  selected,
  selectedElements,
} from '../support/value-texts.ts';

/*
 * Every type of every source into an index, by the daemon: snapshot and stream. The source is the
 * oracle: what it prints is what the documents have, value by value (PITFALLS S15 to S19). Nothing
 * is refused, whatever the index makes of it.
 */

const search = await sharedSearch();

/** What differs between servers is in test/dialects/search: of the sources each goes to one. */
const all = process.env['TIDEMARK_TEST_ALL'] === '1';
const families: readonly Family[] = all
  ? TYPE_FAMILIES
  : [search.series === 'elasticsearch-9' ? 'postgres' : 'mysql'];

/** A server that lasts as long as the database. */
async function sourceOf(family: Family): Promise<FamilyDatabase> {
  if (family === 'postgres') return postgresFamily(await freshDatabase());
  const server = await startServer(family === 'mysql' ? '9.7' : '11.4');
  onTestFinished(() => server[Symbol.asyncDispose]());
  return mysqlFamily(server);
}

test.for(families)(
  'every type of %s arrives in documents',
  { timeout: 180_000 },
  async (family) => {
    await using source = await sourceOf(family);
    const prefix = `oracle-${randomBytes(4).toString('hex')}`;
    const tables = typeTables(family);
    if (family === 'postgres') await source.run("SET intervalstyle = 'iso_8601'");
    await source.run(tables.schema);
    await source.run(tables.write(1));
    const sink = {
      'connector.class': search.series.split('-')[0],
      'connection.url': search.url,
      'index.name.format': `${prefix}-\${source.table}`,
      'errors.retry.delay.initial.ms': 100,
    };
    const target = { family: 'search', sink } as const;
    await using pipeline = await familyPipeline(source, [target], typeSourceLines(family));
    await using daemon = Daemon.start(pipeline);
    await daemon.until(({ source: { phase } }) => phase === 'streaming');
    await source.run(tables.write(10_001));
    // Values that other targets refuse, each in a table of its own.
    const more = all ? tables.refused : [];
    if (all) await source.run(tables.refusedRows);
    const names = [...new Set(tables.columns.map(({ table }) => table))];
    for (const table of [...names, ...more.map((each) => each.table)]) {
      const rows = await source.rows(`SELECT id FROM ${table}`);
      const ids = rows.map(([id]) => String(id)).toSorted();
      await vi.waitFor(
        async () => {
          const found = await exactDocuments(search, `${prefix}-${table}`);
          expect([...found.keys()].toSorted(), `${table}: ${daemon.output}`).toEqual(ids);
        },
        // An index takes the server half a second to make, and there is one for each value.
        { timeout: 100_000, interval: 200 },
      );
    }
    for (const column of tables.columns) await expectEqual(column, source, prefix);
    // The same by the program itself: no type makes rows differ that are equal.
    const verified = await verifiedLines(pipeline.file, '--table', '(?!.*keyless|.*refused).*');
    expect(verified).toEqual({ code: 0, lines: [] });
    expect((await daemon.status())?.sinks[0]?.parked).toEqual([]);
    expect(await daemon.stop()).toBe(0);
  },
);

/** One column at a time, so that a difference names its type. */
async function expectEqual(
  { table, name, kind: printedKind, isArray, type }: TypedColumn,
  source: FamilyDatabase,
  prefix: string,
): Promise<void> {
  // A document is read by its values: the spaces of a json are not theirs.
  const kind = /^json\b/.test(type) && source.family === 'postgres' ? 'json' : printedKind;
  const documents = await exactDocuments(search, `${prefix}-${table}`);
  const text = isArray ? comparableElements : comparable;
  const ours = [...documents].map(([id, document]) => {
    const value = (isArray ? elementTexts : documentText)(kind, document[name]);
    return `${id} ${text(kind, value)}`;
  });
  const isNative = isArray && source.family === 'postgres';
  const printed = isNative
    ? selectedElements(kind, name)
    : selected(source.family, kind, name, type);
  const theirs = await source.rows(`SELECT id, ${printed} FROM ${table}`);
  expect
    .soft(ours.toSorted(), type)
    .toEqual(theirs.map(([id, value]) => `${id} ${text(kind, value ?? null)}`).toSorted());
}
