import type { ConnectorConfig, PipelineConfig } from '../config/pipeline-config.ts';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError } from '../foundation/errors.ts';
import { checkPostgresSource } from '../source/postgres/postgres-preflight.ts';
import { openEmbeddedTransport } from '../transport/embedded/embedded-transport.ts';
import type { CheckFindings } from './check-findings.ts';
import { checkSink } from './sink-check.ts';
import { sinkOptionsOf } from './sink-options.ts';
import { decodeSourceOffset, sourceOffsetKey } from './source-offset.ts';
import { sourceOptionsOf } from './source-options.ts';

/** Checks source and sinks side by side; changes nothing. The configuration is valid already. */
export async function checkPipeline(
  config: PipelineConfig,
  signal: AbortSignal,
  clock: Clock,
): Promise<CheckFindings> {
  const findings = await Promise.all([
    checkSource(config, signal, clock),
    ...config.sinks.map(async (sink) => checkSink(sinkOptionsOf(sink), signal)),
  ]);
  return {
    problems: findings.flatMap(({ problems }) => problems),
    warnings: [
      ...config.warnings,
      ...unsafeSource(config.source),
      ...config.sinks.flatMap(unsafeSink),
      ...findings.flatMap(({ warnings }) => warnings),
    ],
  };
}

async function checkSource(
  config: PipelineConfig,
  signal: AbortSignal,
  clock: Clock,
): Promise<CheckFindings> {
  const options = sourceOptionsOf(config.source);
  const hasOffset = await hasStoredOffset(config, options.topicPrefix, clock);
  const report = await checkPostgresSource(options, { clock, signal, hasOffset });
  const warnings = report.warnings.map(({ message, cure }) => `source: ${message}. ${cure}`);
  return { problems: report.problems, warnings };
}

/** Whether this pipeline has worked before; a store that is not there has not. */
async function hasStoredOffset(
  config: PipelineConfig,
  server: string,
  clock: Clock,
): Promise<boolean> {
  try {
    await using transport = await openEmbeddedTransport({
      path: config.storePath,
      readOnly: true,
      clock,
    });
    const partition = { server };
    const stored = await transport.loadOffset(sourceOffsetKey(config.name, { partition }));
    return decodeSourceOffset(partition, stored) !== null;
  } catch (error) {
    if (error instanceof TidemarkError && error.code === 'STORE_OPEN') return false;
    throw error;
  }
}

/** Settings that work and that hurt later; most come as defaults of a Java class. */
export function unsafeSource({ options }: ConnectorConfig): readonly string[] {
  const warnings: string[] = [];
  if (options.number('heartbeat.interval.ms') === 0) {
    warnings.push(
      'source: heartbeat.interval.ms is 0: while the captured tables are idle the slot keeps all ' +
        'WAL of the server; set it to 10000',
    );
  }
  if (options.string('publication.autocreate.mode') === 'all_tables') {
    warnings.push(
      'source: publication.autocreate.mode is all_tables: it needs a superuser, and tables ' +
        'without primary key refuse UPDATE and DELETE; set it to filtered',
    );
  }
  if (options.boolean('slot.drop.on.stop')) {
    warnings.push('source: slot.drop.on.stop loses what is changed while the daemon is stopped');
  }
  for (const side of ['key', 'value']) {
    const isBare =
      options.string(`${side}.converter`) === 'json' &&
      !options.boolean(`${side}.converter.schemas.enable`);
    if (isBare)
      warnings.push(`source: ${side}.converter.schemas.enable is false: no sink can read the log`);
  }
  return warnings;
}

/** The same for a sink. */
export function unsafeSink({ name, options }: ConnectorConfig): readonly string[] {
  const warnings: string[] = [];
  if (options.string('insert.mode') === 'insert') {
    warnings.push(`sink ${name}: insert.mode is insert: updates add rows; set it to upsert`);
  }
  if (!options.boolean('delete.enabled')) {
    warnings.push(`sink ${name}: delete.enabled is false: deleted rows stay in the target`);
  }
  return warnings;
}
