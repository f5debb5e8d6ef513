import { isFileSinkClass } from '../config/file-sink-options.ts';
import type { ConnectorConfig, PipelineConfig } from '../config/pipeline-config.ts';
import { isSearchSinkClass } from '../config/search-sink-options.ts';
import { registrySettings } from '../config/registry-options.ts';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError, TidemarkErrors } from '../foundation/errors.ts';
import type { SourceOffset } from '../model/change-event.ts';
import type { Transport } from '../transport/transport.ts';
import type { CheckFindings } from './check-findings.ts';
import { checkAlertChannels } from './alert-channel-check.ts';
import { checkKafka } from './check-kafka.ts';
import { checkFileSource } from './check-file-source.ts';
import { checkFileSink } from './file-sink-check.ts';
import { fileSinkOptionsOf } from './file-sink-options.ts';
import { fileSourceOptionsOf } from './file-source-options.ts';
import { checkSourceServer } from './check-source.ts';
import { recordProblems } from './record-checks.ts';
import { checkRegistry } from './registry-check.ts';
import { checkSearchSink } from './search-sink-check.ts';
import { searchSinkSettings } from './search-sink-options.ts';
import { checkSink } from './sink-check.ts';
import { sinkLoops } from './sink-loop.ts';
import { sinkOptionsOf } from './sink-options.ts';
import { transformProblems } from './pipeline-transforms.ts';
import { loadSourceOffset, withoutOwnMoves } from './source-offset.ts';
import { sourcePartition } from './source-partition.ts';
import { openForReading } from './open-transport.ts';
import { checkStore } from './store-check.ts';

/** Checks store, source and sinks; changes nothing. The configuration is valid already. */
export async function checkPipeline(
  config: PipelineConfig,
  signal: AbortSignal,
  clock: Clock,
): Promise<CheckFindings & { readonly notes: readonly string[] }> {
  const { problems, heldBy } = checkStore(config.storePath);
  const [findings, channels] = await Promise.all([
    checkStored(config, signal, clock),
    // Not of a first start: who cannot be told today is told when he can.
    checkAlertChannels(config, clock),
  ]);
  return {
    problems: [
      ...problems,
      // The slot of a daemon that runs is in use, by that daemon.
      ...findings.problems.filter(({ code }) => heldBy === null || code !== 'PG_SLOT_IN_USE'),
      ...channels,
    ],
    warnings: findings.warnings,
    notes: heldBy === null ? [] : [runningNote(heldBy)],
  };
}

/** For who asks about a pipeline that runs. */
export function runningNote(pid: string): string {
  return `a daemon runs this pipeline already (process ${pid}); a second one would be refused`;
}

async function checkStored(
  config: PipelineConfig,
  signal: AbortSignal,
  clock: Clock,
): Promise<CheckFindings> {
  const stored = await storedOffset(config, clock);
  const findings = await checkAll(config, stored, signal, clock);
  const problems = await withoutOwnMoves(findings.problems, stored, () =>
    storedOffset(config, clock),
  );
  return { ...findings, problems };
}

async function checkAll(
  config: PipelineConfig,
  stored: SourceOffset | null,
  signal: AbortSignal,
  clock: Clock,
): Promise<CheckFindings> {
  const findings = await Promise.all([
    checkSource(config, stored, signal, clock),
    ...config.sinks.map(async (sink) => checkTarget(config, sink, signal)),
    checkTransforms(config),
  ]);
  return {
    problems: findings.flatMap(({ problems }) => problems),
    warnings: [
      ...config.warnings,
      ...unsafeSource(config.source),
      ...ownRegistry(config),
      ...sqlSinks(config).flatMap(unsafeSink),
      ...findings.flatMap(({ warnings }) => warnings),
    ],
  };
}

function checkTarget(
  config: PipelineConfig,
  sink: ConnectorConfig,
  signal: AbortSignal,
): Promise<CheckFindings> {
  const file = fileSinkOptionsOf(config, sink);
  if (file !== null) return checkFileSink(sink.name, file);
  const search = searchSinkSettings(sink);
  if (search !== null)
    return checkSearchSink(sink.name, search, sink.options.list('topics'), signal);
  return checkSink(sinkOptionsOf(sink), signal);
}

/** Those that write tables. */
function sqlSinks({ sinks }: PipelineConfig): readonly ConnectorConfig[] {
  return sinks.filter(
    ({ connectorClass }) => !isFileSinkClass(connectorClass) && !isSearchSinkClass(connectorClass),
  );
}

async function checkTransforms(config: PipelineConfig): Promise<CheckFindings> {
  return { problems: await transformProblems(config), warnings: [] };
}

async function checkSource(
  config: PipelineConfig,
  stored: SourceOffset | null,
  signal: AbortSignal,
  clock: Clock,
): Promise<CheckFindings> {
  const file = fileSourceOptionsOf(config);
  if (file !== null) return checkFileSource(file);
  const report = await checkSourceServer(config, stored, signal, clock);
  const ofRecords = recordProblems(config, report.tables);
  // What no format can express needs no registry to refuse it.
  const registry = await checkRegistry(config, ofRecords.length > 0 ? [] : report.tables);
  const kafka =
    config.transportType === 'kafka' ? await checkKafka(config, report.tables, clock) : NOTHING;
  return {
    problems: [
      ...report.problems,
      ...sinkLoops(config, sqlSinks(config).map(sinkOptionsOf), report.tables),
      ...ofRecords,
      ...registry.problems,
      ...kafka.problems,
    ],
    warnings: [...report.warnings, ...registry.warnings, ...kafka.warnings],
  };
}

const NOTHING: CheckFindings = { problems: [], warnings: [] };

/** Where this pipeline would resume; null when it never ran, and when there is no store yet. */
async function storedOffset(config: PipelineConfig, clock: Clock): Promise<SourceOffset | null> {
  try {
    await using transport = await openForReading({ config }, clock);
    return (await loadSourceOffset(transport, config.name, sourcePartition(config.source))).offset;
  } catch (error) {
    // What keeps Kafka from answering is told by its own check.
    const isTold = config.transportType === 'kafka' && error instanceof TidemarkError;
    if (isTold || (error instanceof TidemarkError && error.code === 'STORE_OPEN')) return null;
    throw error;
  }
}

/**
 * What a first start needs, before it leaves anything on the source: throws all that is missing.
 * A pipeline that has worked before starts without, because what is missing then may come back.
 */
export async function checkFirstStart(
  config: PipelineConfig,
  transport: Transport,
  signal: AbortSignal,
  clock: Clock,
): Promise<void> {
  const partition = sourcePartition(config.source);
  if ((await loadSourceOffset(transport, config.name, partition)).offset !== null) return;
  const { problems } = await checkAll(config, null, signal, clock);
  // The reader warns of these: who starts all the same may know that nobody updates the tables.
  const serious = problems.filter(({ code }) => code !== 'PG_REPLICA_IDENTITY');
  if (serious.length > 0) throw new TidemarkErrors(serious);
}

/** Whoever else reads the topics has to ask this daemon for their schemas, while it runs. */
export function ownRegistry({ transportType, source }: PipelineConfig): readonly string[] {
  if (transportType !== 'kafka') return [];
  return (['key', 'value'] as const).flatMap((side) => {
    const converter = source.options.string(`${side}.converter`);
    const isRegistered = ['avro', 'jsonschema'].includes(converter);
    if (!isRegistered || registrySettings(source.options, side) !== null) return [];
    return [
      `source: ${side}.converter is ${converter} without ${side}.converter.schema.registry.url: ` +
        'its schemas are known to this daemon alone (http.listen serves them)',
    ];
  });
}

/** Settings that work and that hurt later; most come as defaults of a Java class. */
export function unsafeSource({ options }: ConnectorConfig): readonly string[] {
  const warnings: string[] = [];
  if (options.optionalString('publication.autocreate.mode') === 'all_tables') {
    warnings.push(
      'source: publication.autocreate.mode is all_tables: it needs a superuser, and tables ' +
        'without primary key refuse UPDATE and DELETE; set it to filtered',
    );
  }
  if (options.has('slot.drop.on.stop') && options.boolean('slot.drop.on.stop')) {
    warnings.push('source: slot.drop.on.stop loses what is changed while the daemon is stopped');
  }
  for (const side of ['key', 'value']) {
    const converter = options.string(`${side}.converter`);
    if (converter === 'string' || converter === 'bytearray') {
      warnings.push(`source: ${side}.converter is ${converter}: no sink can read the log`);
    } else if (converter === 'json' && !options.boolean(`${side}.converter.schemas.enable`)) {
      warnings.push(`source: ${side}.converter.schemas.enable is false: no sink can read the log`);
    }
  }
  const hasSchemas = ['json', 'avro', 'jsonschema'].includes(options.string('value.converter'));
  if (hasSchemas && options.boolean('value.converter.replace.null.with.default')) {
    warnings.push(
      'source: value.converter.replace.null.with.default is true: a NULL in a column with a ' +
        'default is written as the default, and sinks take it for the value; set it to false',
    );
  }
  return warnings;
}

/** The same for a sink into tables. */
export function unsafeSink({ name, options }: ConnectorConfig): readonly string[] {
  const warnings: string[] = [];
  const keyMode = options.optionalString('pk.mode') ?? options.string('primary.key.mode');
  // By their places in the log all changes are rows of their own.
  if (options.string('insert.mode') === 'insert' && keyMode !== 'kafka') {
    warnings.push(`sink ${name}: insert.mode is insert: updates add rows; set it to upsert`);
  }
  if (!options.boolean('delete.enabled')) {
    warnings.push(`sink ${name}: delete.enabled is false: deleted rows stay in the target`);
  }
  if (options.boolean('replace.null.with.default')) {
    warnings.push(
      `sink ${name}: replace.null.with.default is true: a NULL in a column with a default is ` +
        'written as the default; set it to false',
    );
  }
  return warnings;
}
