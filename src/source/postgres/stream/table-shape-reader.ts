import type { CatalogRow, TableInfo } from '../../../../dialects/postgres/postgres-catalog.ts';
import {
  parseTables,
  parseTypes,
  tablesByOidQuery,
  text,
  TYPES_QUERY,
} from '../../../../dialects/postgres/postgres-catalog.ts';
import type { ToldTable } from '../../../../dialects/postgres/postgres-ddl-trigger.ts';
import { DDL_TRIGGER_NAME } from '../../../../dialects/postgres/postgres-ddl-trigger.ts';
import type {
  ColumnExtras,
  NamedTable,
} from '../../../../dialects/postgres/postgres-table-shapes.ts';
import {
  columnExtrasQuery,
  parseColumnExtras,
  parseTableVersions,
  postgresTableShape,
  tableVersionsQuery,
} from '../../../../dialects/postgres/postgres-table-shapes.ts';
import { toTidemarkError } from '../../../foundation/errors.ts';
import type { ShapedTable } from '../../../model/table-shape.ts';
import { schemaContext } from '../capture/capture-preparation.ts';
import { ColumnTypeCatalog } from '../capture/column-type-catalog.ts';
import type { SchemaContext } from '../capture/table-schema-builder.ts';
import { buildTableSchema, columnPlace } from '../capture/table-schema-builder.ts';
import { SnapshotVisibility } from '../incremental/snapshot-visibility.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';
import type { Querier } from '../wire/catalog-session.ts';
import { catalogRows } from '../wire/catalog-session.ts';

/** All tables of users. */
export interface SeenTables {
  readonly tables: readonly NamedTable[];
  /** What they are seen with; null: there are no tables. */
  readonly visible: SnapshotVisibility | null;
  /** DDL is told by the stream, too. */
  readonly isTold: boolean;
}

/** Looks at the catalog, in one query: what is visible belongs to what is seen. */
export async function seenTables(querier: Querier, oids: readonly number[]): Promise<SeenTables> {
  const rows = await catalogRows(
    querier,
    `SELECT v.*, pg_catalog.pg_current_snapshot()::text AS snapshot,
       pg_catalog.pg_is_in_recovery() AS recovers,
       EXISTS (SELECT FROM pg_catalog.pg_event_trigger e
         WHERE e.evtname = '${DDL_TRIGGER_NAME}' AND e.evtenabled IN ('O', 'A')) AS told
     FROM (${tableVersionsQuery(oids)}) AS v`,
  );
  const [first] = rows;
  const snapshot = first?.['snapshot'] ?? null;
  const recovers = first?.['recovers'] === 't';
  return {
    tables: parseTableVersions(rows),
    visible: snapshot === null ? null : new SnapshotVisibility(snapshot, recovers),
    isTold: first?.['told'] === 't',
  };
}

/** What decides which columns of a table come. */
export interface SentColumns {
  /** Numbers of those that the publication lists; null: all do. */
  listed(oid: number): ReadonlySet<number> | null;
  /** The publication sends computed columns. */
  sendsGenerated(): boolean;
}

/** Makes shapes of what the catalog has, or had when DDL was told. */
export class TableShapeReader {
  readonly #options: PostgresSourceOptions;
  readonly #sent: SentColumns;
  readonly #types: ColumnTypeCatalog;
  readonly #context: SchemaContext;

  constructor(options: PostgresSourceOptions, sent: SentColumns) {
    this.#options = options;
    this.#sent = sent;
    this.#types = new ColumnTypeCatalog([], options.valueModes);
    this.#context = schemaContext(options.connection.database, this.#types, options);
  }

  /** As the catalog has them now, by oid. */
  async read(querier: Querier, oids: readonly number[]): Promise<ReadonlyMap<number, ShapedTable>> {
    if (oids.length === 0) return new Map();
    await this.#readTypes(querier);
    const rows = await catalogRows(querier, tablesByOidQuery(oids));
    const extras = parseColumnExtras(await catalogRows(querier, columnExtrasQuery(oids)));
    return this.#all(rows, (oid) => extras.get(oid) ?? {});
  }

  /**
   * As they were when their DDL was told, by oid. What nobody has altered since is read from the
   * catalog, which prints names as it always does here; a trigger has to print them with schemas.
   */
  async told(
    querier: Querier,
    tables: ReadonlyMap<number, ToldTable>,
  ): Promise<ReadonlyMap<number, ShapedTable>> {
    if (tables.size === 0) return new Map();
    const oids = [...tables.keys()];
    const found = new Map(await this.read(querier, oids));
    // Looked at behind the reading: should another change have come in between, it is seen here.
    const now = parseTableVersions(await catalogRows(querier, tableVersionsQuery(oids)));
    for (const { named } of tables.values()) {
      const isSame = now.some(({ oid, digest }) => oid === named.oid && digest === named.digest);
      if (!isSame) found.delete(named.oid);
    }
    const others = [...tables.values()].filter(({ named }) => !found.has(named.oid));
    if (others.length === 0) return found;
    const schemas = await this.#searchPath(querier);
    const shorten = (text: string): string =>
      schemas.reduce((short, schema) => short.replaceAll(schema, ''), text);
    const rows = others.map(({ row }) => shortened(row, shorten));
    const extrasOf = (oid: number): Readonly<Record<string, ColumnExtras>> =>
      tables.get(oid)?.extras ?? {};
    for (const [oid, shaped] of this.#all(rows, extrasOf)) found.set(oid, shaped);
    return found;
  }

  /** What names in it are printed without: `public.`. */
  async #searchPath(querier: Querier): Promise<readonly string[]> {
    const sql = `SELECT pg_catalog.quote_ident(s) || '.' AS schema
      FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) AS s`;
    return (await catalogRows(querier, sql)).map((row) => text(row, 'schema'));
  }

  /** What changed is rare, so all types are read again (a label may be new, P85). */
  async #readTypes(querier: Querier): Promise<void> {
    this.#types.add(parseTypes(await catalogRows(querier, TYPES_QUERY)));
  }

  #all(
    rows: readonly CatalogRow[],
    extrasOf: (oid: number) => Readonly<Record<string, ColumnExtras>>,
  ): ReadonlyMap<number, ShapedTable> {
    return new Map(
      parseTables(rows).map((info) => [info.oid, this.#shaped(info, extrasOf(info.oid))]),
    );
  }

  #shaped(info: TableInfo, extras: Readonly<Record<string, ColumnExtras>>): ShapedTable {
    const listed = this.#sent.listed(info.oid);
    const sendsGenerated = this.#sent.sendsGenerated();
    const tupleColumns = info.columns.filter(
      ({ number, generated }) =>
        (generated === null || (generated === 'stored' && sendsGenerated)) &&
        (listed === null || listed.has(number)),
    );
    const wanted = tupleColumns.filter(
      (column) => columnPlace(info, column, this.#context) !== null,
    );
    const { database } = this.#options.connection;
    const shapeOf = (key: readonly string[]): ShapedTable['shape'] =>
      postgresTableShape(database, info, wanted, extras, key);
    try {
      const built = buildTableSchema({ table: info, tupleColumns }, this.#context, 1);
      const { schema, unsupported, problems } = built;
      const key = schema.keyColumns.map((index) => schema.columns[index]?.name ?? '');
      const unsupportedText = unsupported.map(({ column, type }) => `${column} is of type ${type}`);
      const reasons = [...unsupportedText, ...problems.map(({ message }) => message)];
      if (reasons.length === 0) return { shape: shapeOf(key), schema };
      return { shape: shapeOf(key), schema: null, problem: reasons.join('; ') };
    } catch (error) {
      return { shape: shapeOf([]), schema: null, problem: toTidemarkError(error).message };
    }
  }
}

/** Types and expressions of its columns, as JSON in the row. */
function shortened(row: CatalogRow, shorten: (text: string) => string): CatalogRow {
  const columns = row['columns'] ?? null;
  return columns === null ? row : { ...row, columns: shorten(columns) };
}
