import type { Clock } from '../foundation/clock.ts';
import { TidemarkError } from '../foundation/errors.ts';
import { readCatalog } from '../source/postgres/capture/capture-preparation.ts';
import type { PostgresConnectionOptions } from '../source/postgres/postgres-source-options.ts';
import { PostgresWire } from '../source/postgres/wire/postgres-wire.ts';

/** What `init` writes down about a database of PostgreSQL. */
export interface PostgresInspection {
  readonly kind: 'postgres';
  readonly connection: PostgresConnectionOptions;
  readonly versionText: string;
  readonly walLevel: string;
  readonly mayReplicate: boolean;
  readonly schemas: readonly InspectedSchema[];
}

/** A schema with tables that can be captured. */
export interface InspectedSchema {
  readonly name: string;
  readonly tables: readonly InspectedTable[];
}

/** A table that can be captured. */
export interface InspectedTable {
  readonly name: string;
  readonly estimatedRows: number;
  readonly hasKey: boolean;
}

const CONNECT_TIMEOUT_MS = 15_000;
const SYSTEM_SCHEMA = /^(pg_.*|information_schema)$/;

/** `postgres://user:password@host:port/database` as connection options. Throws USAGE. */
export function connectionOfUrl(text: string): PostgresConnectionOptions {
  const plain = text.replace(/^jdbc:/, '');
  if (!/^postgres(ql)?:/.test(plain) || !URL.canParse(plain)) {
    throw new TidemarkError(
      'USAGE',
      'the URL must have the form postgres://user@host:port/database, or mysql://…',
    );
  }
  const url = new URL(plain);
  const database = decodeURIComponent(url.pathname.slice(1));
  if (database === '') throw new TidemarkError('USAGE', 'the URL names no database');
  return {
    host: url.hostname === '' ? 'localhost' : url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 5432 : Number(url.port),
    user: decodeURIComponent(url.username) || 'postgres',
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
    database,
    sslMode: 'prefer',
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
  };
}

/** Looks at a database with the rights of any role. Throws PG_* when it cannot be reached. */
export async function inspectPostgres(
  url: string,
  signal: AbortSignal,
  clock: Clock,
): Promise<PostgresInspection> {
  const connection = connectionOfUrl(url);
  const session = { replication: false, applicationName: 'tidemark init' };
  await using wire = await PostgresWire.connect(connection, session, signal, clock);
  const { server, tables } = await readCatalog(wire, '', signal);
  const schemas = new Map<string, InspectedTable[]>();
  for (const table of tables) {
    const isCaptured = table.kind === 'table' && table.persistence === 'permanent';
    if (!isCaptured || SYSTEM_SCHEMA.test(table.schema)) continue;
    const list = schemas.get(table.schema) ?? [];
    list.push({
      name: table.name,
      estimatedRows: table.estimatedRows,
      hasKey: table.uniqueIndexes.some((index) => index.primary),
    });
    schemas.set(table.schema, list);
  }
  return {
    kind: 'postgres',
    connection,
    versionText: server.versionText,
    walLevel: server.walLevel,
    mayReplicate: server.superuser || server.replication || server.cloudReplication,
    schemas: [...schemas].map(([name, list]) => ({ name, tables: list })),
  };
}
