import { flag, text } from '../../../../dialects/postgres/postgres-catalog.ts';
import {
  quoteIdentifier,
  quoteLiteral,
} from '../../../../dialects/postgres/postgres-identifiers.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { Querier } from '../wire/catalog-session.ts';
import { catalogRows } from '../wire/catalog-session.ts';

const OPERATIONS = ['insert', 'update', 'delete', 'truncate'] as const;

/** A table of the publication. */
interface PublishedPart {
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  /** Numbers of the columns that are listed; null: all. */
  readonly columns: readonly number[] | null;
  /** The row filter; null: none. */
  readonly filter: string | null;
}

interface PublicationState {
  readonly oid: string;
  readonly viaRoot: boolean;
  readonly generatedColumns: boolean;
  readonly operations: readonly string[];
  /** The tables that it names; none for FOR ALL TABLES. */
  readonly tables: readonly PublishedPart[];
}

/** Lists and filters there are from 15 on. */
function stateQuery(name: string, version: number): string {
  const details =
    version < 150_000
      ? "'columns', NULL, 'filter', NULL"
      : `'columns', to_jsonb(r.prattrs::int2[]),
      'filter', pg_catalog.pg_get_expr(r.prqual, r.prrelid)`;
  return `SELECT p.oid, p.pubviaroot AS via_root, p.pubinsert AS insert, p.pubupdate AS update,
  p.pubdelete AS delete, p.pubtruncate AS truncate,
  coalesce(to_jsonb(p) ->> 'pubgencols', 'n') = 's' AS generated,
  (SELECT coalesce(json_agg(json_build_object('oid', r.prrelid::bigint, 'schema', n.nspname,
      'table', c.relname, ${details})), '[]')
    FROM pg_catalog.pg_publication_rel r
    JOIN pg_catalog.pg_class c ON c.oid = r.prrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE r.prpubid = p.oid) AS tables
FROM pg_catalog.pg_publication p WHERE p.pubname = ${quoteLiteral(name)}`;
}

/**
 * Sees that the publication was dropped or narrowed while it is read, or that a table of it has
 * made room for another one of its name. The server does not tell: it leaves out what is not
 * published, from 18 on also when there is no publication at all (P71). What it left out cannot be
 * had again, so the stream stops and somebody has to know.
 */
export class PublicationWatch {
  readonly #name: string;
  readonly #query: string;
  #known: PublicationState | null = null;
  /** Every name under which it had a table, as pairs of literals. */
  readonly #names = new Set<string>();

  constructor(name: string, serverVersion: number) {
    this.#name = name;
    this.#query = stateQuery(name, serverVersion);
  }

  /** Computed columns come with the rows. */
  get sendsGenerated(): boolean {
    return this.#known?.generatedColumns === true;
  }

  /** It was looked at. */
  get isKnown(): boolean {
    return this.#known !== null;
  }

  /** What is missing since the first look; null: nothing. */
  async look(querier: Querier): Promise<TidemarkError | null> {
    const now = await this.#state(querier);
    const known = this.#known;
    if (now === null) return this.#gone('was dropped');
    this.#known = now;
    const names = new Set(now.tables.map(literalName));
    const left = [...this.#names].filter((name) => !names.has(name));
    for (const name of names) this.#names.add(name);
    if (known === null) return null;
    if (known.oid !== now.oid) return this.#gone('was dropped and made anew');
    if (known.viaRoot !== now.viaRoot) {
      return this.#gone('has another publish_via_partition_root');
    }
    if (known.generatedColumns && !now.generatedColumns) {
      return this.#gone('sends no generated columns any more');
    }
    const operations = known.operations.filter((one) => !now.operations.includes(one));
    if (operations.length > 0) return this.#gone(`sends no ${operations.join(', no ')} any more`);
    const narrowed = await this.#narrowed(querier, known.tables, now.tables);
    if (narrowed !== null || left.length === 0) return narrowed;
    return await this.#madeAnew(querier, left);
  }

  /** A list of tables is one of oids: another table under the name of one is not in it. */
  async #madeAnew(querier: Querier, names: readonly string[]): Promise<TidemarkError | null> {
    const tables = await unpublished(querier, this.#name, names);
    if (tables.length === 0) return null;
    const list = tables.join(', ');
    return new TidemarkError(
      'PG_PUBLICATION',
      `the publication ${this.#name} does not send ${list}: it had another table of that name`,
      {
        cure:
          'Changes of the new one did not come. ' +
          `ALTER PUBLICATION ${quoteIdentifier(this.#name)} ADD TABLE ${list}; then resume, and ` +
          'snapshot it again.',
      },
    );
  }

  async #narrowed(
    querier: Querier,
    known: readonly PublishedPart[],
    now: readonly PublishedPart[],
  ): Promise<TidemarkError | null> {
    const tables: number[] = [];
    for (const part of known) {
      const found = now.find(({ oid }) => oid === part.oid);
      if (found === undefined) {
        tables.push(part.oid);
        continue;
      }
      if (found.filter !== part.filter && found.filter !== null) {
        const [name] = await existing(querier, [part.oid]);
        return this.#gone(`has another row filter for ${name}: ${found.filter}`);
      }
      const columns = await missingColumns(querier, part, found);
      if (columns.length > 0) return this.#gone(`does not send ${columns.join(', ')} any more`);
    }
    // A table that was dropped left it with good reason.
    const left = tables.length === 0 ? [] : await existing(querier, tables);
    return left.length === 0 ? null : this.#gone(`does not send ${left.join(', ')} any more`);
  }

  async #state(querier: Querier): Promise<PublicationState | null> {
    const row = (await catalogRows(querier, this.#query))[0];
    if (row === undefined) return null;
    return {
      oid: text(row, 'oid'),
      viaRoot: flag(row, 'via_root'),
      generatedColumns: flag(row, 'generated'),
      operations: OPERATIONS.filter((operation) => flag(row, operation)),
      tables: JSON.parse(text(row, 'tables')) as PublishedPart[],
    };
  }

  #gone(what: string): TidemarkError {
    return new TidemarkError('PG_PUBLICATION', `the publication ${this.#name} ${what}`, {
      cure:
        'Changes made since then did not come. Put it back as it was, resume, and snapshot the ' +
        'tables concerned again.',
    });
  }
}

async function existing(querier: Querier, oids: readonly number[]): Promise<readonly string[]> {
  const sql = `SELECT oid::regclass::text AS name FROM pg_catalog.pg_class
WHERE oid IN (${oids.join(', ')}) ORDER BY 1`;
  return (await catalogRows(querier, sql)).map((row) => text(row, 'name'));
}

function literalName({ schema, table }: PublishedPart): string {
  return `(${quoteLiteral(schema)}, ${quoteLiteral(table)})`;
}

/** Tables of these names that the publication does not send. */
async function unpublished(
  querier: Querier,
  publication: string,
  names: readonly string[],
): Promise<readonly string[]> {
  const sql = `SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND (n.nspname, c.relname) IN (${names.join(', ')})
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_publication_tables t
    WHERE t.pubname = ${quoteLiteral(publication)}
      AND t.schemaname = n.nspname AND t.tablename = c.relname)
ORDER BY 1`;
  return (await catalogRows(querier, sql)).map((row) => text(row, 'name'));
}

/** Columns that were sent, are still there, and stand in the list no more. */
async function missingColumns(
  querier: Querier,
  known: PublishedPart,
  now: PublishedPart,
): Promise<readonly string[]> {
  const list = now.columns;
  if (list === null || known.columns?.every((column) => list.includes(column)) === true) return [];
  const before =
    known.columns === null ? "a.attgenerated = ''" : `a.attnum IN (${known.columns.join(', ')})`;
  const sql = `SELECT a.attrelid::regclass || '.' || a.attname AS name
FROM pg_catalog.pg_attribute a
WHERE a.attrelid = ${known.oid} AND a.attnum > 0 AND NOT a.attisdropped AND ${before}
  AND a.attnum NOT IN (${list.join(', ')}) ORDER BY a.attnum`;
  return (await catalogRows(querier, sql)).map((row) => text(row, 'name'));
}
