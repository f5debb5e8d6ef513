import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { PipelineConfig } from '../config/pipeline-config.ts';
import {
  DEBEZIUM_MARIADB_CLASS,
  DEBEZIUM_MYSQL_CLASS,
  DEBEZIUM_POSTGRES_CLASS,
} from '../config/source-family.ts';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError, TidemarkErrors } from '../foundation/errors.ts';
import type { SourceOffset } from '../model/change-event.ts';
import {
  // Both families have one of this name.
  debeziumOffsetProblem as binlogOffsetProblem,
} from '../source/mysql/stream/binlog-offset.ts';
import { debeziumOffsetProblem } from '../source/postgres/stream/debezium-offset.ts';
import type { DebeziumConnector } from './debezium-connector.ts';
import { readDebeziumConnector } from './debezium-connector.ts';
import type { ImportedPipeline, ImportedTransport } from './imported-pipeline.ts';
import { importedPipeline } from './imported-pipeline.ts';
import { silentLogger } from './logger.ts';
import { openForReading, openTransport } from './open-transport.ts';
import type { HistoryTexts } from './import-schema-history.ts';
import { readSchemaHistory, storeSchemaHistory } from './import-schema-history.ts';
import { loadSourceOffset, toConnectEntries } from './source-offset.ts';

const IMPORTED: ReadonlySet<string> = new Set([
  DEBEZIUM_POSTGRES_CLASS,
  DEBEZIUM_MYSQL_CLASS,
  DEBEZIUM_MARIADB_CLASS,
]);

/** What is to be imported, and how. */
export interface ImportRequest extends ImportedTransport {
  /** A REST URL, or files. */
  readonly sources: readonly string[];
  readonly connector: string | undefined;
  /** Undefined: the connector's name. */
  readonly output: string | undefined;
  /** Nothing is written or stored. */
  readonly dryRun: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Where the first run goes on. `adopted`: stored in the embedded log; `shared`: it stands
 * in the topic that Debezium wrote; `own`: Tidemark ran already, and its own stays; `none`: the
 * connector stored nothing, so the pipeline begins as a new one.
 */
export type Adoption = 'adopted' | 'shared' | 'own' | 'none';

/** What an import has done, or with `dryRun` would do. */
export interface ImportOutcome {
  readonly connector: Pick<DebeziumConnector, 'name' | 'state' | 'origin'>;
  readonly file: string;
  readonly pipeline: ImportedPipeline;
  readonly offset: SourceOffset['offset'] | null;
  readonly adoption: Adoption | null;
  /** With `dryRun`: why it would be refused. */
  readonly problems: readonly TidemarkError[];
}

/**
 * Makes a pipeline of a Debezium connector: its file, with slot, publication and topics as they
 * are, and the offset to go on from. Throws all reasons at once why it cannot; a second run changes
 * nothing.
 */
export async function importDebezium(
  request: ImportRequest,
  signal: AbortSignal,
  clock: Clock,
): Promise<ImportOutcome> {
  const connector = await readDebeziumConnector(request.sources, request.connector, signal);
  const className = connector.config['connector.class'];
  if (className === undefined || !IMPORTED.has(className)) {
    throw new TidemarkError(
      'CONFIG_UNSUPPORTED',
      `${connector.name} is a ${className ?? 'connector'}`,
      {
        cure: `Only ${[...IMPORTED].join(', ')} can be imported.`,
      },
    );
  }
  const file = request.output ?? `${connector.name}.yaml`;
  const pipeline = importedPipeline(connector, request, file, request.environment);
  const { config } = pipeline;
  const stored = config === null ? null : await storedIn(config, connector, clock);
  const problems = [...pipeline.problems, ...refusals(connector, config, stored)];
  const adoption = config === null ? null : adoptionOf(config, connector, stored);
  const history =
    config !== null && adoption === 'adopted'
      ? await historyOf(connector, config, signal, clock)
      : null;
  if (history instanceof TidemarkError) problems.push(history);
  const { name, state, origin } = connector;
  const offset = stored ?? connector.offset?.offset ?? null;
  const told = { name, state, origin };
  const outcome = { connector: told, file, pipeline, offset, adoption, problems };
  if (request.dryRun) return outcome;
  if (problems.length > 0) throw new TidemarkErrors(problems);
  writeOnce(file, pipeline.text);
  if (config !== null && adoption === 'adopted') {
    await adopt(config, connector, history instanceof TidemarkError ? null : history, clock);
  }
  return outcome;
}

/** What the pipeline's own log has of the connector already; null: nothing. */
async function storedIn(
  config: PipelineConfig,
  { name }: DebeziumConnector,
  clock: Clock,
): Promise<SourceOffset['offset'] | null> {
  try {
    await using transport = await openForReading({ config }, clock);
    return (await loadSourceOffset(transport, name, partitionOf(config))).offset?.offset ?? null;
  } catch (error) {
    if (error instanceof TidemarkError && error.code === 'STORE_OPEN') return null;
    throw error;
  }
}

function partitionOf({ source }: PipelineConfig): SourceOffset['partition'] {
  return { server: source.options.string('topic.prefix') };
}

function isOwn(offset: SourceOffset['offset'] | null): boolean {
  return offset?.['tidemark.version'] !== undefined;
}

function refusals(
  connector: DebeziumConnector,
  config: PipelineConfig | null,
  stored: SourceOffset['offset'] | null,
): readonly TidemarkError[] {
  const problems: TidemarkError[] = [];
  const { name, state, tasks, stop } = connector;
  if (state !== null && (state !== 'STOPPED' || tasks > 0)) {
    problems.push(
      new TidemarkError('HANDOVER_REFUSED', `the connector ${name} is ${state}, not STOPPED`, {
        cure: `Stop it, so that its last offset is stored: ${stop}`,
      }),
    );
  }
  if (config?.transportType === 'kafka' && stored === null && connector.offset !== null) {
    problems.push(
      new TidemarkError('HANDOVER_REFUSED', `the offsets topic has no offset of ${name}`, {
        cure: 'Name the topic with --offsets-topic: offset.storage.topic of the Connect worker.',
      }),
    );
  }
  const offset = config?.transportType === 'kafka' ? stored : (connector.offset?.offset ?? null);
  const problem = offset === null || isOwn(stored) ? null : offsetProblem(connector, offset);
  return problem === null ? problems : [...problems, problem];
}

function offsetProblem(
  { config }: DebeziumConnector,
  offset: SourceOffset['offset'],
): TidemarkError | null {
  return config['connector.class'] === DEBEZIUM_POSTGRES_CLASS
    ? debeziumOffsetProblem(offset)
    : binlogOffsetProblem(offset);
}

function adoptionOf(
  { transportType }: PipelineConfig,
  { offset }: DebeziumConnector,
  stored: SourceOffset['offset'] | null,
): Adoption {
  if (isOwn(stored)) return 'own';
  if (transportType === 'kafka') return stored === null ? 'none' : 'shared';
  return offset === null ? 'none' : 'adopted';
}

/** What the pipeline's own log has to have of the schema history, or why it cannot be had. */
async function historyOf(
  connector: DebeziumConnector,
  config: PipelineConfig,
  signal: AbortSignal,
  clock: Clock,
): Promise<HistoryTexts | TidemarkError | null> {
  try {
    return await readSchemaHistory(connector, config, signal, clock);
  } catch (error) {
    if (error instanceof TidemarkError) return error;
    throw error;
  }
}

/** Only Debezium's entry: the first run makes ours of it. The history is there before it. */
async function adopt(
  config: PipelineConfig,
  { name, offset }: DebeziumConnector,
  history: HistoryTexts | null,
  clock: Clock,
): Promise<void> {
  if (offset === null) return;
  await using transport = await openTransport(config, { clock, logger: silentLogger() });
  if (history !== null) await storeSchemaHistory(transport, config, history, clock);
  await transport.storeOffset(toConnectEntries(name, offset));
}

/** A second import finds its own file; any other is never written over. */
function writeOnce(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && readFileSync(file, 'utf8') === text) return;
    const reason =
      code === 'EEXIST' ? 'exists already, and differs' : `cannot be written (${code})`;
    throw new TidemarkError('USAGE', `${path.resolve(file)} ${reason}`, {
      cure: 'Choose another name with --output.',
      cause: error,
    });
  }
}
