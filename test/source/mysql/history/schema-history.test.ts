import { expect, test } from 'vitest';
import { TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import type { SchemaMemory } from '../../../../src/model/change-event.ts';
import type {
  HistoryCheckpoint,
  SchemaHistoryLog,
} from '../../../../src/source/mysql/history/schema-history.ts';
import {
  checkpointOf,
  recoverCatalog,
} from '../../../../src/source/mysql/history/schema-history.ts';
import {
  memoryText,
  readMemoryPlace,
  SchemaMemories,
} from '../../../../src/source/mysql/history/schema-memory.ts';
import { snapshotCatalog } from '../../../../dialects/mysql/ddl/catalog-snapshot.ts';
import { applyAll, MYSQL, statementContext } from '../../../support/mysql-ddl.ts';

const { signal } = new AbortController();

/** All tables and databases, whatever their order. */
function definitionsOf(catalog: TableCatalog): unknown {
  const { databases, tables } = snapshotCatalog(catalog);
  const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
    a.name < b.name ? -1 : 1;
  return [databases.toSorted(byName), tables.toSorted(byName)];
}

/** A history of these statements, as their source tells them. */
function told(statements: readonly string[]) {
  const catalog = new TableCatalog(0);
  const memories = new SchemaMemories(null);
  const context = statementContext(MYSQL);
  memories.base(catalog);
  const states: { readonly memory: SchemaMemory; readonly tables: unknown }[] = [];
  for (const sql of statements) {
    const memory = memories.of(applyAll(catalog, [sql], context), catalog, {});
    states.push({ memory, tables: definitionsOf(catalog) });
  }
  return { catalog, states, epoch: memories.place.epoch, place: memories.place };
}

function logOf(
  records: readonly SchemaMemory[],
  checkpoint: HistoryCheckpoint | null = null,
): SchemaHistoryLog & { readonly read: number[] } {
  const read: number[] = [];
  return {
    read,
    checkpoint: () => checkpoint,
    saveCheckpoint: () => Promise.resolve(false),
    async *told() {
      // Followed in told-history.test.ts.
    },
    async *memories(epoch, from) {
      for (const [index, memory] of records.entries()) {
        if (index < from || memory.epoch !== epoch) continue;
        read.push(index);
        yield await Promise.resolve(memory);
      }
    },
  };
}

const STATEMENTS = [
  'CREATE DATABASE h CHARACTER SET latin1',
  'CREATE TABLE g.a (id INT UNSIGNED PRIMARY KEY, v VARCHAR(20) NOT NULL DEFAULT "x")',
  'CREATE TABLE h.b (id INT, e ENUM("a", "b"))',
  'ALTER TABLE g.a ADD COLUMN w DECIMAL(10,2) FIRST',
  'RENAME TABLE g.a TO g.c, h.b TO g.a',
  'DROP TABLE g.c',
  'DROP DATABASE h',
];

test('at each statement the catalog is what it was', async () => {
  const { states, epoch } = told(STATEMENTS);
  const log = logOf(states.map(({ memory }) => memory));
  for (const { memory, tables } of states) {
    const place = { epoch, sequence: memory.sequence };
    const found = await recoverCatalog(log, place, 0, signal);
    expect(found && definitionsOf(found.catalog)).toEqual(tables);
    expect(found?.replayed).toBe(memory.sequence);
  }
});

test('after a crash the topic has statements twice, and later ones than the offset', async () => {
  const { states, epoch } = told(STATEMENTS);
  const all = states.map(({ memory }) => memory);
  const records = [...all.slice(0, 6), ...all.slice(3, 5)];
  const found = await recoverCatalog(logOf(records), { epoch, sequence: 5 }, 0, signal);
  expect(found && definitionsOf(found.catalog)).toEqual(states[4]?.tables);
});

test('records of another snapshot are none of ours', async () => {
  const [old, ours] = [told(STATEMENTS.slice(0, 3)), told(STATEMENTS)];
  const all = [...old.states, ...ours.states].map(({ memory }) => memory);
  const found = await recoverCatalog(logOf(all), ours.place, 0, signal);
  expect(found && definitionsOf(found.catalog)).toEqual(definitionsOf(ours.catalog));
});

test('a checkpoint spares what came before it; one behind the offset does not', async () => {
  const { states, epoch, place, catalog } = told(STATEMENTS);
  const early = told(STATEMENTS.slice(0, 4));
  const records = states.map(({ memory }) => memory);
  const at4 = { ...checkpointOf({ epoch, sequence: 4 }, early.catalog), from: 4 };
  const log = logOf(records, at4);
  const found = await recoverCatalog(log, place, 0, signal);
  expect(found && definitionsOf(found.catalog)).toEqual(definitionsOf(catalog));
  expect(log.read).toEqual([4, 5, 6]);
  const back = logOf(records, at4);
  const earlier = await recoverCatalog(back, { epoch, sequence: 2 }, 0, signal);
  expect(earlier && definitionsOf(earlier.catalog)).toEqual(states[1]?.tables);
});

test('what is missing is found out', async () => {
  const { states, epoch, place } = told(STATEMENTS);
  const records = states.map(({ memory }) => memory);
  expect(await recoverCatalog(logOf(records.slice(1)), place, 0, signal)).toBeNull();
  expect(await recoverCatalog(logOf(records.toSpliced(3, 1)), place, 0, signal)).toBeNull();
  expect(await recoverCatalog(logOf(records.slice(0, -1)), place, 0, signal)).toBeNull();
  expect(await recoverCatalog(logOf([]), { epoch, sequence: 1 }, 0, signal)).toBeNull();
});

test('places as the offset has them', () => {
  expect(readMemoryPlace(memoryText({ epoch: 'a-b', sequence: 12 }))).toEqual({
    epoch: 'a-b',
    sequence: 12,
  });
  expect(() => readMemoryPlace('a-b')).toThrow(/stored history is a-b/);
});
