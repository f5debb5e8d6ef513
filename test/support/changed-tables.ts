import { expect } from 'vitest';
import type { FamilyDatabase } from './family-pipeline.ts';
import type { Family, ValueKind } from './value-texts.ts';
import { comparable, selected } from './value-texts.ts';

/*
 * Two tables of any source, one with a key and one without, whose columns are widened and added
 * while a sink follows; what a target has to have of them then.
 */

/** The columns of `moved` in the end. */
export const MOVED: readonly (readonly [name: string, kind: ValueKind])[] = [
  ['id', 'number'],
  ['word', 'text'],
  ['n', 'number'],
  ['amount', 'number'],
  ['extra', 'text'],
  ['seen', 'time'],
];
/** Both tables, with rows; and one that is written last. */
export const CHANGED_TABLES = `CREATE TABLE moved (id int PRIMARY KEY, word varchar(10), n smallint,
    amount numeric(6,2)); CREATE TABLE keyless (word varchar(10), amount numeric(6,2));
  CREATE TABLE finished (id int PRIMARY KEY);
  INSERT INTO moved VALUES (1, 'one', 1, 1.25), (2, NULL, NULL, NULL), (3, 'three', -32768, 3),
    (4, 'four', 4, 4), (5, 'five', 5, -9999.99);
  INSERT INTO keyless VALUES ('a', 1.50), ('a', 1.50), ('b', NULL), ('b', NULL), ('c', 2)`;
const WIDENED = {
  postgres: `ALTER TABLE moved ADD COLUMN extra varchar(30) NOT NULL DEFAULT 'né',
    ADD COLUMN seen timestamp(3) DEFAULT '2020-01-01 00:00:00.5', ALTER word TYPE varchar(200),
    ALTER n TYPE bigint, ALTER amount TYPE numeric(12,4);
    ALTER TABLE keyless ALTER amount TYPE numeric(12,4)`,
  mysql: `ALTER TABLE moved ADD COLUMN extra varchar(30) NOT NULL DEFAULT 'né',
    ADD COLUMN seen datetime(3) DEFAULT '2020-01-01 00:00:00.5', MODIFY word varchar(200),
    MODIFY n bigint, MODIFY amount numeric(12,4);
    ALTER TABLE keyless MODIFY amount numeric(12,4)`,
};
const AFTER = `INSERT INTO moved VALUES
    (6, repeat('w', 200), 9007199254740993, 12345678.1234, 'six', NULL);
  UPDATE moved SET id = 30 WHERE id = 3; DELETE FROM moved WHERE id = 4;
  UPDATE moved SET n = -3000000000 WHERE id = 5;
  UPDATE keyless SET word = 'changed' WHERE amount = 2; INSERT INTO keyless VALUES ('d', 1.2345);
  INSERT INTO finished VALUES (1)`;
/** Rows that are written last of each: topics come side by side. */
export const LAST_CHANGES = [
  'SELECT 1 FROM finished',
  'SELECT 1 FROM moved WHERE n = -3000000000',
  "SELECT 1 FROM keyless WHERE word = 'd'",
];
/** One row of each pair of equal ones goes. */
const ONE_OF_EQUALS: Readonly<Record<Family, string>> = {
  postgres: `ALTER TABLE keyless REPLICA IDENTITY FULL;
    DELETE FROM keyless
      WHERE ctid IN (SELECT min(ctid) FROM keyless WHERE word < 'c' GROUP BY word)`,
  mysql:
    "DELETE FROM keyless WHERE word = 'a' LIMIT 1; DELETE FROM keyless WHERE word = 'b' LIMIT 1",
  mariadb:
    "DELETE FROM keyless WHERE word = 'a' LIMIT 1; DELETE FROM keyless WHERE word = 'b' LIMIT 1",
};

/** What changes them, in this order. */
export function tableChanges(family: Family): readonly string[] {
  return [ONE_OF_EQUALS[family], WIDENED[family === 'postgres' ? 'postgres' : 'mysql'], AFTER];
}

type Rows = readonly (readonly (string | null)[])[];

/** `column`: how the target is asked for a column. */
export async function expectChanged(
  source: FamilyDatabase,
  target: (sql: string) => Promise<Rows> | Rows,
  column: (kind: ValueKind, name: string) => string,
): Promise<void> {
  const query = (of: (kind: ValueKind, name: string) => string): string =>
    `SELECT ${MOVED.map(([name, kind]) => of(kind, name)).join()} FROM moved ORDER BY moved.id`;
  const shown = (rows: Rows): unknown =>
    rows.map((row) => MOVED.map(([, kind], i) => comparable(kind, row[i] ?? null)));
  const theirs = (kind: ValueKind, name: string): string => selected(source.family, kind, name, '');
  const wanted = shown(await source.rows(query(theirs)));
  expect(wanted).toHaveLength(5);
  expect(shown(await target(query(column)))).toEqual(wanted);
  const keyless = 'SELECT word, amount FROM keyless';
  const sorted = (rows: Rows): readonly string[] =>
    rows.map(([word, amount]) => `${word} ${comparable('number', amount ?? null)}`).toSorted();
  const rows = sorted(await source.rows(keyless));
  expect(rows).toHaveLength(4);
  expect(sorted(await target(keyless))).toEqual(rows);
}
