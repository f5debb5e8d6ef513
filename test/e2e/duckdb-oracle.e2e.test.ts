import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  CHANGED_TABLES,
  expectChanged,
  LAST_CHANGES,
  tableChanges,
} from '../support/changed-tables.ts';
import { Daemon } from '../support/daemon.ts';
import { askDuckdb, duckdbFamily, selectedOfDuckdb } from '../support/duckdb-arrivals.ts';
import type { FamilyDatabase } from '../support/family-pipeline.ts';
import { familyPipeline } from '../support/family-pipeline.ts';
import { untilIdle } from '../support/idle-daemon.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { SOURCES, TARGETS, typeCell } from '../support/type-mapping.ts';
import type { TypeSources } from '../support/type-sources.ts';
import {
  TYPE_FAMILIES,
  typeSourceLines,
  typeSources,
  typeTables,
} from '../support/type-sources.ts';
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
 * Every type of every source into a DuckDB file, by the daemon: snapshot, stream, tables that are
 * changed. The source is the oracle: what it prints is what DuckDB prints (PITFALLS S15, S16, S17,
 * S18, S19).
 */

let sources: TypeSources;

beforeAll(async () => {
  sources = await typeSources();
});
afterAll(async () => {
  await sources[Symbol.asyncDispose]();
});

test.for(TYPE_FAMILIES)('every type of %s arrives in DuckDB', async (family) => {
  await using source = await sources.database(family);
  await using folder = await temporaryFolder('duckdb-oracle');
  const file = path.join(folder.path, 'copy of it.db');
  const tables = typeTables(family);
  if (family === 'postgres') await source.run("SET intervalstyle = 'iso_8601'");
  await source.run(`${tables.schema}; ${CHANGED_TABLES}`);
  await source.run(tables.write(1));
  const target = duckdbFamily(file);
  await using pipeline = await familyPipeline(source, [target], typeSourceLines(family));
  {
    await using daemon = Daemon.start(pipeline);
    await daemon.until(({ source: { phase } }) => phase === 'streaming');
    await source.run(tables.write(10_001));
    for (const change of tableChanges(family)) await source.run(change);
  }
  // Killed where it was; the file can be asked while no daemon runs.
  await vi.waitFor(
    async () => {
      await untilIdle(pipeline);
      await askDuckdb(file, async (rows) => {
        for (const last of LAST_CHANGES) expect(await rows(last)).toHaveLength(1);
      });
    },
    { timeout: 60_000, interval: 100 },
  );
  await askDuckdb(file, async (rows) => {
    for (const column of tables.columns) await expectEqual(column, source, rows);
    await expectChanged(source, rows, (kind, name) => selectedOfDuckdb(kind, name, ''));
  });
  // The same by the program itself: no type makes rows differ that are equal.
  const verified = await verifiedLines(pipeline.file, '--table', '(?!.*keyless|.*refused).*');
  expect(verified).toEqual({ code: 0, lines: [] });
});

/** One column at a time, so that a difference names its type. */
async function expectEqual(
  { table, name, kind, isArray, type }: TypedColumn,
  source: FamilyDatabase,
  ours: (sql: string) => Promise<readonly (readonly (string | null)[])[]>,
): Promise<void> {
  const text = isArray ? comparableElements : comparable;
  const shown = (found: readonly (readonly (string | null)[])[]): readonly string[] =>
    found.map(([id, value]) => `${id} ${text(kind, value ?? null)}`);
  const isNative = isArray && source.family === 'postgres';
  const theirs = isNative
    ? selectedElements(kind, name)
    : selected(source.family, kind, name, type);
  const [[arrival = ''] = []] = await ours(
    `SELECT data_type FROM duckdb_columns()
     WHERE table_name = '${table}' AND column_name = '${name}'`,
  );
  expect.soft(arrival, type).toBe(typeInDuckdb(source.family, type));
  const mine = selectedOfDuckdb(kind, name, arrival ?? '');
  expect
    .soft(shown(await ours(`SELECT id, ${mine} FROM ${table} ORDER BY id`)), `${type} → ${arrival}`)
    .toEqual(shown(await source.rows(`SELECT id, ${theirs} FROM ${table} ORDER BY id`)));
}

/** As `docs/type-mapping.md` has it. */
function typeInDuckdb(family: Family, type: string): string | undefined {
  const source = SOURCES[family].find((each) => each.type === type);
  const target = TARGETS.find(({ name }) => name === 'DuckDB');
  return source === undefined || target === undefined ? type : typeCell(source, target).type;
}
