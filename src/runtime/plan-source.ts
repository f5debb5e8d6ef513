import type { PipelineConfig } from '../config/pipeline-config.ts';
import { sourceFamily } from '../config/source-family.ts';
import type { Clock } from '../foundation/clock.ts';
import type { TidemarkError } from '../foundation/errors.ts';
import { TidemarkErrors } from '../foundation/errors.ts';
import type { TableSchema } from '../model/table-schema.ts';
import type { PlannedBinlogSource } from '../source/mysql/capture/mysql-plan.ts';
import { planMysqlSource } from '../source/mysql/capture/mysql-plan.ts';
import { planCapture, readCatalog } from '../source/postgres/capture/capture-preparation.ts';
import { readSlot } from '../source/postgres/capture/postgres-slot.ts';
import { PostgresWire } from '../source/postgres/wire/postgres-wire.ts';
import { loadedSourceOptions } from './column-converters.ts';
import { mysqlSourceOptionsOf } from './mysql-source-options.ts';

/** What a run would create or change on a PostgreSQL server. */
export interface PlannedPostgresSource {
  readonly slot: { readonly name: string; readonly exists: boolean };
  readonly publication: { readonly name: string; readonly statements: readonly string[] };
}

/** On the source: what a run would make there, or do for a moment. */
export type PlannedSource =
  | ({ readonly kind: 'postgres' } & PlannedPostgresSource)
  | ({ readonly kind: 'binlog' } & PlannedBinlogSource)
  /** Null: standard input; a topic that the lines name. */
  | { readonly kind: 'file'; readonly file: string | null; readonly topic: string | null };

/** What would be captured, and what that takes. */
export interface SourcePlan {
  readonly source: PlannedSource;
  readonly tables: readonly { readonly schema: TableSchema; readonly estimatedRows: number }[];
  readonly problems: readonly TidemarkError[];
  readonly warnings: readonly string[];
}

/** Reads the catalog of the source's server; changes nothing. Throws when it cannot be reached. */
export async function planSource(
  config: PipelineConfig,
  signal: AbortSignal,
  clock: Clock,
): Promise<SourcePlan> {
  return sourceFamily(config.source.connectorClass) === 'postgres'
    ? await planPostgres(config, signal, clock)
    : await planMysql(config, signal, clock);
}

async function planPostgres(
  config: PipelineConfig,
  signal: AbortSignal,
  clock: Clock,
): Promise<SourcePlan> {
  const options = await loadedSourceOptions(config);
  const session = { replication: false, applicationName: 'tidemark plan' };
  await using wire = await PostgresWire.connect(options.connection, session, signal, clock);
  const plan = planCapture(await readCatalog(wire, options.publicationName, signal), options);
  const slot = await readSlot(wire, options.slotName, signal);
  return {
    source: {
      kind: 'postgres',
      slot: { name: options.slotName, exists: slot !== null },
      publication: {
        name: options.publicationName,
        statements: [...plan.identityStatements, ...plan.publicationPlan.statements],
      },
    },
    tables: plan.tables.map(({ info, schema }) => ({ schema, estimatedRows: info.estimatedRows })),
    problems: [...plan.problems, ...plan.publicationPlan.problems],
    warnings: [...plan.warnings, ...plan.publicationPlan.warnings],
  };
}

async function planMysql(
  config: PipelineConfig,
  signal: AbortSignal,
  clock: Clock,
): Promise<SourcePlan> {
  const options = mysqlSourceOptionsOf(config.source);
  const request = { options, pipeline: config.name, stored: undefined };
  const { source, tables, problems, warnings } = await planMysqlSource(request, signal, clock);
  // Without a connection there is nothing to plan.
  if (source === null) throw new TidemarkErrors(problems);
  return {
    source: { kind: 'binlog', ...source },
    tables: tables.map(({ info, schema }) => ({ schema, estimatedRows: info.estimatedRows })),
    problems,
    warnings: warnings.map(({ message, cure }) => (cure === '' ? message : `${message}. ${cure}`)),
  };
}
