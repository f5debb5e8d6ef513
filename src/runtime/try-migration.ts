import type { AlertNotice } from '../alert/alert-notice.ts';
import { eventNotice } from '../alert/alert-notice.ts';
import { noticeText } from '../alert/alert-text.ts';
import type { PipelineConfig } from '../config/pipeline-config.ts';
import { sourceFamily } from '../config/source-family.ts';
import { EmbeddedRegistry } from '../converter/registry/embedded-registry.ts';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError, toTidemarkError } from '../foundation/errors.ts';
import type { AlertEvent } from '../model/alert.ts';
import type { MigrationScript, MigrationTrial } from '../source/checked-migration.ts';
import { tryMysqlMigration } from '../source/mysql/migration/migration-trial.ts';
import { tryPostgresMigration } from '../source/postgres/migration/migration-trial.ts';
import { MemoryDocuments } from '../transport/memory-documents.ts';
import type { DocumentStore } from '../transport/transport.ts';
import { loadedSourceOptions } from './column-converters.ts';
import { fileSourceOptionsOf } from './file-source-options.ts';
import { isMysqlUrl, mysqlConnectionOfUrl } from './inspect-mysql.ts';
import { connectionOfUrl } from './inspect-postgres.ts';
import { openForReading } from './open-transport.ts';
import { SchemaAlerts } from './schema-alerts.ts';
import { ShapeVerdicts } from './shape-verdicts.ts';
import { envelopeOptionsOf } from './source-options.ts';
import { loadedBinlogOptions } from './source-reading.ts';
import { StoredShapes } from './stored-shapes.ts';

/** What is to be tried. */
export interface MigrationRequest {
  readonly scripts: readonly MigrationScript[];
  readonly inOneTransaction: boolean;
  /** URL of a server or role that may make databases; null: those of the source. */
  readonly scratch: string | null;
  /** Of a server of MySQL or MariaDB; null: the one that has captured tables. */
  readonly database: string | null;
  readonly note: (text: string) => void;
}

/** An alert as it would be sent, with its text. */
export type ToldAlert = AlertNotice & { readonly text: string };

/** Nobody waits for records behind an alert here: slow targets may take their time. */
const ASKING_MS = 15_000;

/**
 * Applies a migration to a copy of the schema that is thrown away, and returns the alerts that a
 * daemon of this pipeline would raise, in their order.
 */
export async function tryMigration(
  config: PipelineConfig,
  { scripts, inOneTransaction, scratch, database, note }: MigrationRequest,
  signal: AbortSignal,
  clock: Clock,
): Promise<readonly ToldAlert[]> {
  if (fileSourceOptionsOf(config) !== null) {
    throw new TidemarkError('USAGE', 'lines of a file have no schema that a migration changes');
  }
  await using stack = new AsyncDisposableStack();
  const events: AlertEvent[] = [];
  const alerts = new SchemaAlerts({
    pipeline: config.name,
    shapes: new StoredShapes(new MemoryDocuments(), config.name),
    outlet: {
      raise: (event) => {
        events.push(event);
        return Promise.resolve();
      },
    },
    judge: new ShapeVerdicts({
      config,
      clock,
      envelope: envelopeOptionsOf(config.source),
      builtIn: new EmbeddedRegistry(await storedDocuments(config, stack, note, clock)),
      askingMs: ASKING_MS,
    }),
    clock,
    policies: config.schemaChanges,
  });
  const trial = { scripts, inOneTransaction, listener: alerts, clock, signal, note };
  const family = sourceFamily(config.source.connectorClass);
  if (family === 'postgres') {
    if (database !== null) {
      throw new TidemarkError(
        'USAGE',
        '--database is for MySQL and MariaDB: a source has one here',
      );
    }
    await tryPostgres(config, scratch, trial);
  } else {
    await tryBinlogSource(config, scratch, database, trial);
  }
  await alerts.settled();
  return events.map((event) => {
    const notice = eventNotice(event, event.severity, config.name, clock.nowMs());
    return { ...notice, text: noticeText(notice) };
  });
}

async function tryPostgres(
  config: PipelineConfig,
  scratch: string | null,
  trial: MigrationTrial,
): Promise<void> {
  const options = await loadedSourceOptions(config);
  const connection = scratch === null ? null : connectionOfUrl(scratch);
  await tryPostgresMigration({ ...trial, options, scratch: connection });
}

async function tryBinlogSource(
  config: PipelineConfig,
  scratch: string | null,
  database: string | null,
  trial: MigrationTrial,
): Promise<void> {
  const options = await loadedBinlogOptions(config);
  if (scratch !== null && !isMysqlUrl(scratch)) {
    throw new TidemarkError('USAGE', '--scratch must have the form mysql://user@host:port/');
  }
  const connection = scratch === null ? null : mysqlConnectionOfUrl(scratch).connection;
  await tryMysqlMigration({ ...trial, options, scratch: connection, database });
}

/** The schemas that were registered, where the log is at hand: in CI it rarely is. */
async function storedDocuments(
  config: PipelineConfig,
  stack: AsyncDisposableStack,
  note: (text: string) => void,
  clock: Clock,
): Promise<DocumentStore> {
  try {
    return stack.use(await openForReading({ config }, clock)).documents;
  } catch (error) {
    const { code, message } = toTidemarkError(error);
    // A pipeline that has not run here has none.
    if (code !== 'STORE_OPEN') note(`the log cannot be read, and is not asked: ${message}`);
    return new MemoryDocuments();
  }
}
