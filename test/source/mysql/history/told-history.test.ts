import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { debeziumTable } from '../../../../dialects/mysql/ddl/debezium-table-json.ts';
import type { DebeziumTable } from '../../../../dialects/mysql/ddl/debezium-table-json.ts';
import { tableOfDebeziumId } from '../../../../dialects/mysql/ddl/debezium-table-statement.ts';
import type { ToldRecord } from '../../../../src/source/mysql/history/told-history.ts';
import { followHistory } from '../../../../src/source/mysql/history/told-history.ts';
import { SchemaMemories } from '../../../../src/source/mysql/history/schema-memory.ts';
import type { BinlogPlace } from '../../../../src/source/mysql/stream/binlog-offset.ts';
import { ALL_GTID_SOURCES } from '../../../../src/source/mysql/stream/dump-start.ts';
import { TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import { applyAll, MYSQL, statementContext } from '../../../support/mysql-ddl.ts';

const SERVERS = {
  mysql: { flavor: 'mysql', version: 80_015 },
  mariadb: { flavor: 'mariadb', version: 101_119 },
} as const;

interface Recorded {
  readonly position: ToldRecord['position'];
  readonly databaseName: string;
  readonly ddl: string;
  readonly tableChanges: ToldRecord['changes'];
}

/** What Debezium 3.6 wrote into its topic (test/golden/history). */
function recorded(family: keyof typeof SERVERS): readonly ToldRecord[] {
  const file = new URL(`../../../golden/history/debezium-3.6.0-${family}.jsonl`, import.meta.url);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const { position, databaseName, ddl, tableChanges } = JSON.parse(line) as Recorded;
    return { position, database: databaseName, ddl, changes: tableChanges, memory: null };
  });
}

async function* each(records: readonly ToldRecord[]): AsyncGenerator<ToldRecord> {
  await Promise.resolve();
  yield* records;
}

async function follow(
  records: readonly ToldRecord[],
  done: BinlogPlace,
  server: (typeof SERVERS)[keyof typeof SERVERS] = SERVERS.mysql,
  memory: { readonly epoch: string; readonly sequence: number } | null = null,
) {
  const place = { done, memory, sources: ALL_GTID_SOURCES, facts: server };
  return await followHistory(each(records), { ...place, lowerCaseTableNames: 0 });
}

describe.each(['mysql', 'mariadb'] as const)('the history that Debezium wrote of %s', (family) => {
  const server = SERVERS[family];
  const options = { server, includeComments: true };
  const all = recorded(family);
  const end = family === 'mysql' ? '531e30d3-e585-11f1-809b-02fc00000001:1-100000' : '0-223-100000';

  test('leads to the tables that it describes itself, at its end', async () => {
    const told = new Map<string, unknown>();
    for (const { changes, ddl } of all) {
      // What such an entry says does not name the table of before.
      const [, before] = /^(?:ALTER|RENAME) TABLE (\w+) (?:RENAME )?TO/.exec(ddl ?? '') ?? [];
      if (before !== undefined) told.delete(`"golden"."${before}"`);
      for (const { type, id, previousId, table } of changes) {
        if (previousId !== undefined && previousId !== null) told.delete(previousId);
        if (type === 'DROP') told.delete(id);
        else told.set(id, table);
      }
    }
    const done = { file: 'x.000001', pos: 4, gtids: end };
    const { catalog, unknown, statements } = await follow(all, done, server);
    expect(unknown).toEqual([]);
    expect(statements).toBe(all.length);
    const differing = [...told].flatMap(([id, table]) => {
      const { database = '', name = '' } = tableOfDebeziumId(id) ?? {};
      const found = catalog.table(database, name);
      const ours = found === undefined ? null : shapeOf(debeziumTable(found, options));
      const theirs = shapeOf(table as DebeziumTable);
      return JSON.stringify(ours) === JSON.stringify(theirs) ? [] : [{ id, ours, theirs }];
    });
    expect(differing).toEqual([]);
    // RENAME TABLE t_ren TO t_renamed tells no name of before.
    const gone = [...catalog.tables()].filter(
      (table) => !told.has(`"${table.database}"."${table.name}"`),
    );
    expect(gone).toEqual([]);
  });

  test('leads to the table as it was at each statement of the stream', async () => {
    const streamed = all.filter(({ position }) => position['snapshot'] === undefined);
    expect(streamed.length).toBeGreaterThan(15);
    const wrong: string[] = [];
    for (const [at, record] of streamed.entries()) {
      const next = streamed[at + 1];
      const gtids = String(next?.position['gtids'] ?? end);
      const { catalog } = await follow(all, { file: 'x.000001', pos: 4, gtids }, server);
      for (const { id, table } of record.changes) {
        const { database = '', name = '' } = tableOfDebeziumId(id) ?? {};
        const found = catalog.table(database, name);
        const ours = found === undefined ? undefined : shapeOf(debeziumTable(found, options));
        const theirs =
          table === undefined || table === null ? undefined : shapeOf(table as DebeziumTable);
        if (JSON.stringify(ours) !== JSON.stringify(theirs)) wrong.push(`${record.ddl}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('without its statements, by what it says of the tables', async () => {
    const silent = all.map((record) => ({ ...record, ddl: null }));
    const done = { file: 'x.000001', pos: 4, gtids: end };
    const { catalog, unknown } = await follow(silent, done, server);
    expect(unknown).toEqual([]);
    const { catalog: spoken } = await follow(all, done, server);
    const names = (one: TableCatalog) =>
      [...one.tables()].map(({ database, name }) => `${database}.${name}`).toSorted();
    // A rename whose record does not say of what leaves the old name behind.
    expect(names(silent.length > 0 ? catalog : spoken)).toEqual(
      expect.arrayContaining(names(spoken)),
    );
    const differing = [...spoken.tables()].flatMap((table) => {
      const other = catalog.table(table.database, table.name);
      const [ours, theirs] = [other, table].map((one) =>
        one === undefined ? null : JSON.stringify(shapeOf(debeziumTable(one, options))),
      );
      return ours === theirs ? [] : [{ table: table.name, ours, theirs }];
    });
    expect(differing).toEqual([]);
  });
});

/** Without what a JSON of the table cannot bring back. */
function shapeOf({ columns, primaryKeyColumnNames }: DebeziumTable): unknown {
  return {
    key: primaryKeyColumnNames,
    columns: columns.map(({ name, typeName, length, scale, charsetName, optional, enumValues }) => [
      name,
      typeName,
      length ?? null,
      scale ?? null,
      charsetName,
      optional,
      enumValues,
    ]),
  };
}

const PLACE: BinlogPlace = { file: 'b.000002', pos: 500, gtids: null };

function statement(ddl: string, pos: number, more: Partial<ToldRecord> = {}): ToldRecord {
  const position = { file: 'b.000002', pos, server_id: 7 };
  return { position, database: 'shop', ddl, changes: [], memory: null, ...more };
}

function columnsOf(catalog: TableCatalog, name: string): readonly string[] | undefined {
  return catalog.table('shop', name)?.columns.map((column) => column.name);
}

test('a statement that was recorded again by a restart counts once', async () => {
  const add = statement('ALTER TABLE t ADD v INT', 200);
  const { catalog, unknown } = await follow(
    [
      statement('CREATE TABLE t (id INT)', 100),
      add,
      add,
      statement('ALTER TABLE t ADD w INT', 300),
    ],
    PLACE,
  );
  expect(columnsOf(catalog, 't')).toEqual(['id', 'v', 'w']);
  expect(unknown).toEqual([]);
});

test('what lies behind the place is left out, whatever follows it in the topic', async () => {
  const { catalog } = await follow(
    [
      statement('CREATE TABLE t (id INT)', 100),
      statement('ALTER TABLE t ADD late INT', 501),
      statement('ALTER TABLE t ADD w INT', 500),
    ],
    PLACE,
  );
  expect(columnsOf(catalog, 't')).toEqual(['id', 'w']);
});

test('a table whose statements are not all there comes from what was said of it', async () => {
  const told = {
    type: 'ALTER',
    id: '"shop"."t"',
    previousId: '"shop"."_t_gho"',
    table: {
      defaultCharsetName: 'utf8mb4',
      primaryKeyColumnNames: ['id'],
      columns: [
        { name: 'id', typeName: 'INT UNSIGNED', length: 10, optional: false, position: 1 },
        { name: 'v', typeName: 'ENUM', enumValues: ["'a'", "'b,c'"], optional: true, position: 2 },
      ],
    },
  };
  const rename = statement('RENAME TABLE `shop`.`_t_gho` TO `shop`.`t`', 200);
  const { catalog, unknown } = await follow(
    [statement('CREATE TABLE t (id INT)', 100), { ...rename, changes: [told] }],
    PLACE,
  );
  expect(unknown).toEqual([]);
  expect(catalog.table('shop', 't')?.columns).toMatchObject([
    { name: 'id', nullable: false, type: { base: 'int', unsigned: true } },
    { name: 'v', nullable: true, type: { base: 'enum', members: ['a', 'b,c'] } },
  ]);
  const lost = await follow([statement('CREATE TABLE t (id INT)', 100), rename], PLACE);
  expect(lost.unknown).toMatchObject([{ database: 'shop', name: 't' }]);
  const again = [rename, statement('CREATE TABLE t (id INT)', 300)];
  expect((await follow(again, PLACE)).unknown).toEqual([]);
});

test('databases that say nothing have the character set that the server had', async () => {
  const { catalog } = await follow(
    [
      statement('SET character_set_server=latin2, collation_server=latin2_czech_cs', 90),
      statement('CREATE DATABASE shop', 95),
      statement('CREATE TABLE t (v TEXT)', 100),
    ],
    PLACE,
  );
  expect(catalog.table('shop', 't')).toMatchObject({ collation: 'latin2_czech_cs' });
});

test('of our own records those of the same history are told by their number', async () => {
  const source = new TableCatalog(0);
  const memories = new SchemaMemories(null);
  memories.base(source);
  const ours = (ddl: string, pos: number): ToldRecord => {
    const changes = applyAll(source, [ddl], statementContext(MYSQL));
    const { position: _position, ...memory } = memories.of(changes, source, {});
    return statement(ddl, pos, { memory });
  };
  const records = [
    statement('CREATE TABLE t (id INT)', 100),
    ours('CREATE TABLE u (id INT)', 400),
    ours('ALTER TABLE u ADD v INT', 450),
    // Ours says where the statement begins, so this is the next to come.
    ours('ALTER TABLE u ADD w INT', 500),
  ];
  const { epoch } = memories.place;
  const byNumber = await follow(records, PLACE, SERVERS.mysql, { epoch, sequence: 1 });
  expect(columnsOf(byNumber.catalog, 'u')).toEqual(['id']);
  const byPlace = await follow(records, PLACE);
  expect(columnsOf(byPlace.catalog, 'u')).toEqual(['id', 'v']);
  expect(columnsOf(byPlace.catalog, 't')).toEqual(['id']);
});
