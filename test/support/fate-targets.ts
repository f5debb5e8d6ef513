import { DatabaseSync } from 'node:sqlite';
import { askDuckdb, duckdbFamily } from './duckdb-arrivals.ts';
import type { FamilyDatabase } from './family-pipeline.ts';
import { askSearch, type SearchAddress } from './search-server.ts';
import { sqliteFamily } from './sqlite-arrivals.ts';

/** A target, and what a test asks it while no daemon has it open. */
export interface FateTarget {
  /** Of the sink. */
  readonly name: string;
  readonly sink: Readonly<Record<string, unknown>>;
  /** Each table's columns with their types and NOT NULL, as one text; absent: no such table. */
  shapes(tables: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Those that have a row with this id. */
  having(tables: readonly string[], id: number): Promise<ReadonlySet<string>>;
}

type Ask = (sql: string) => Promise<readonly (readonly (string | null)[])[]>;

/** `columns`: name, type, NOT NULL of a table, in this order. */
function tableTarget(
  name: string,
  sink: Readonly<Record<string, unknown>>,
  asking: <T>(work: (ask: Ask) => Promise<T>) => Promise<T>,
  columns: (table: string) => string,
  quote = '"',
): FateTarget {
  const shapesOf = (ask: Ask, tables: readonly string[]) =>
    each(tables, async (table) => {
      const rows = await ask(columns(table));
      return rows.length === 0 ? null : rows.map((row) => row.join(' ')).join(', ');
    });
  return {
    name,
    // Rows of before stay: what takes any change without them may not with them.
    sink: { 'table.name.format': '${source.table}', 'delete.enabled': false, ...sink },
    shapes: (tables) => asking((ask) => shapesOf(ask, tables)),
    having: (tables, id) =>
      asking(async (ask) => {
        const there = [...(await shapesOf(ask, tables)).keys()];
        const found = await each(there, async (table) => {
          const [row] = await ask(`SELECT count(*) FROM ${quote}${table}${quote} WHERE id = ${id}`);
          return String(row?.[0]) === '0' ? null : table;
        });
        return new Set(found.keys());
      }),
  };
}

async function each<T>(
  tables: readonly string[],
  ask: (table: string) => Promise<T | null>,
): Promise<ReadonlyMap<string, T>> {
  const found = new Map<string, T>();
  for (const table of tables) {
    const answer = await ask(table);
    if (answer !== null) found.set(table, answer);
  }
  return found;
}

export function sqliteTarget(
  name: string,
  file: string,
  more: Readonly<Record<string, unknown>> = {},
): FateTarget {
  const asking = async <T>(work: (ask: Ask) => Promise<T>): Promise<T> => {
    using database = new DatabaseSync(file, { readOnly: true });
    return await work((sql) => {
      const rows = database.prepare(sql).all();
      return Promise.resolve(rows.map((row) => Object.values(row).map(String)));
    });
  };
  const columns = (table: string): string =>
    `SELECT name, type, "notnull" FROM pragma_table_info('${table}') ORDER BY name`;
  return tableTarget(name, { ...sqliteFamily(file).sink, ...more }, asking, columns);
}

export function duckdbTarget(
  name: string,
  file: string,
  more: Readonly<Record<string, unknown>> = {},
): FateTarget {
  const columns = (table: string): string => `SELECT column_name, data_type, is_nullable
    FROM information_schema.columns WHERE table_name = '${table}' ORDER BY 1`;
  const sink = { ...duckdbFamily(file).sink, ...more };
  return tableTarget(name, sink, (work) => askDuckdb(file, work), columns);
}

export function databaseTarget(
  name: string,
  database: FamilyDatabase,
  more: Readonly<Record<string, unknown>> = {},
): FateTarget {
  const here = database.family === 'postgres' ? 'current_schema()' : 'DATABASE()';
  const type =
    database.family === 'postgres'
      ? `concat_ws('.', udt_name, (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder)
            FROM pg_enum WHERE enumtypid = to_regtype(quote_ident(udt_name))),
          character_maximum_length, numeric_precision, numeric_scale,
          datetime_precision)`
      : 'column_type';
  const columns = (table: string): string => `SELECT column_name, ${type}, is_nullable
    FROM information_schema.columns
    WHERE table_schema = ${here} AND table_name = '${table}' ORDER BY 1`;
  const asking = <T>(work: (ask: Ask) => Promise<T>): Promise<T> =>
    work((sql) => database.rows(sql));
  const quote = database.family === 'postgres' ? '"' : '`';
  return tableTarget(name, { ...database.sink, ...more }, asking, columns, quote);
}

/** Indices, or aliases, of the test's own: `prefix_topic`. */
export function searchTarget(
  name: string,
  server: SearchAddress,
  prefix: string,
  more: Readonly<Record<string, unknown>> = {},
): FateTarget {
  const kind = server.series.startsWith('opensearch') ? 'opensearch' : 'elasticsearch';
  const at = (table: string): string => `/${prefix}_*.${table}`;
  return {
    name,
    sink: {
      'connector.class': kind,
      'connection.url': server.url,
      'index.name.format': `${prefix}_\${topic}`,
      ...more,
    },
    shapes: (tables) =>
      each(tables, async (table) => {
        const { body } = await askSearch(server, 'GET', `${at(table)}/_mapping`);
        return Object.keys(body as object).length === 0 ? null : JSON.stringify(body);
      }),
    having: async (tables, id) => {
      const found = await each(tables, async (table) => {
        await askSearch(server, 'POST', `${at(table)}/_refresh`);
        const { body } = await askSearch(server, 'GET', `${at(table)}/_count?q=id:${id}`);
        return (body as { readonly count?: number }).count === 1 ? table : null;
      });
      return new Set(found.keys());
    },
  };
}
