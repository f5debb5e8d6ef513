import { flag, text } from '../../../dialects/postgres/postgres-catalog.ts';
import { quoteLiteral } from '../../../dialects/postgres/postgres-identifiers.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { Querier } from './catalog-session.ts';
import { catalogRows } from './catalog-session.ts';

const OPERATIONS = ['insert', 'update', 'delete', 'truncate'] as const;

interface PublicationState {
  readonly oid: string;
  readonly viaRoot: boolean;
  readonly operations: readonly string[];
  /** OIDs of the tables that it names; none for FOR ALL TABLES. */
  readonly tables: readonly number[];
}

function stateQuery(name: string): string {
  return `SELECT p.oid, p.pubviaroot AS via_root, p.pubinsert AS insert, p.pubupdate AS update,
  p.pubdelete AS delete, p.pubtruncate AS truncate,
  (SELECT coalesce(json_agg(r.prrelid::bigint), '[]') FROM pg_catalog.pg_publication_rel r
    WHERE r.prpubid = p.oid) AS tables
FROM pg_catalog.pg_publication p WHERE p.pubname = ${quoteLiteral(name)}`;
}

/**
 * Sees that the publication was dropped or narrowed while it is read. The server does not tell: it
 * leaves out what is not published any more, from 18 on also when there is no publication at all
 * (P71). What it left out cannot be had again, so the stream stops and somebody has to know.
 */
export class PublicationWatch {
  readonly #name: string;
  #known: PublicationState | null = null;

  constructor(name: string) {
    this.#name = name;
  }

  /** What is missing since the first look; null: nothing. */
  async look(querier: Querier): Promise<TidemarkError | null> {
    const now = await this.#state(querier);
    const known = this.#known;
    if (now === null) return this.#gone('was dropped');
    this.#known = now;
    if (known === null) return null;
    if (known.oid !== now.oid) return this.#gone('was dropped and made anew');
    if (known.viaRoot !== now.viaRoot) {
      return this.#gone('has another publish_via_partition_root');
    }
    const operations = known.operations.filter((one) => !now.operations.includes(one));
    if (operations.length > 0) return this.#gone(`sends no ${operations.join(', no ')} any more`);
    const tables = known.tables.filter((oid) => !now.tables.includes(oid));
    // A table that was dropped left it with good reason.
    const left = tables.length === 0 ? [] : await existing(querier, tables);
    return left.length === 0 ? null : this.#gone(`does not send ${left.join(', ')} any more`);
  }

  async #state(querier: Querier): Promise<PublicationState | null> {
    const row = (await catalogRows(querier, stateQuery(this.#name)))[0];
    if (row === undefined) return null;
    return {
      oid: text(row, 'oid'),
      viaRoot: flag(row, 'via_root'),
      operations: OPERATIONS.filter((operation) => flag(row, operation)),
      tables: JSON.parse(text(row, 'tables')) as number[],
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
