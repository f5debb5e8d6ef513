import type { PipelineConfig } from '../config/pipeline-config.ts';
import { postProcessorSettings } from '../config/post-processor-options.ts';
import { sourceFamily } from '../config/source-family.ts';
import type { Clock } from '../foundation/clock.ts';
import type { TidemarkError } from '../foundation/errors.ts';
import type { SourceOffset } from '../model/change-event.ts';
import type { TableSchema } from '../model/table-schema.ts';
import type { ColumnConversions } from '../source/column-conversions.ts';
import { checkPostgresSource } from '../source/postgres/capture/postgres-preflight.ts';
import { reselectWarnings } from '../source/postgres/stream/row-reselector.ts';
import type { CheckFindings } from './check-findings.ts';
import { loadableSourceOptions, loadedConversions } from './column-converters.ts';
import { mysqlSourceOptionsOf } from './mysql-source-options.ts';

/** What the server said, and what would be captured. */
export interface SourceCheck extends CheckFindings {
  readonly tables: readonly TableSchema[];
}

interface ServerWarning {
  readonly message: string;
  readonly cure: string;
}

/** What the servers of all families are asked for. */
interface ServerReport {
  readonly tables: readonly TableSchema[];
  readonly problems: readonly TidemarkError[];
  readonly warnings: readonly ServerWarning[];
}

/** Every prerequisite of capture on the server of the source's family; changes nothing. */
export async function checkSourceServer(
  config: PipelineConfig,
  stored: SourceOffset | null,
  signal: AbortSignal,
  clock: Clock,
): Promise<SourceCheck> {
  return sourceFamily(config.source.connectorClass) === 'postgres'
    ? await checkPostgres(config, stored, signal, clock)
    : await checkMysql(config, stored, signal, clock);
}

async function checkPostgres(
  config: PipelineConfig,
  stored: SourceOffset | null,
  signal: AbortSignal,
  clock: Clock,
): Promise<SourceCheck> {
  const { options, problems } = await loadableSourceOptions(config);
  const report = await checkPostgresSource(options, { clock, signal, stored });
  return sourceCheck(config, problems, report, options.columnConversions);
}

async function checkMysql(
  config: PipelineConfig,
  stored: SourceOffset | null,
  signal: AbortSignal,
  clock: Clock,
): Promise<SourceCheck> {
  const { columnConversions, problems } = await loadedConversions(config);
  const plain = mysqlSourceOptionsOf(config.source);
  const options = columnConversions === undefined ? plain : { ...plain, columnConversions };
  const request = { options, pipeline: config.name, stored };
  const { checkMysqlSource } = await import('../source/mysql/capture/mysql-preflight.ts');
  const report = await checkMysqlSource(request, signal, clock);
  return sourceCheck(config, problems, report, columnConversions);
}

/** What the server said, with what the options alone show. */
function sourceCheck(
  config: PipelineConfig,
  problems: readonly TidemarkError[],
  report: ServerReport,
  conversions: ColumnConversions | undefined,
): SourceCheck {
  const { tables } = report;
  // There is none where the server could not be asked.
  const idle =
    tables.length > 0 ? [...idleConverters(conversions), ...idleParts(config, tables)] : [];
  return {
    tables,
    problems: [...problems, ...report.problems],
    warnings: [...report.warnings.map(warningText), ...idle],
  };
}

function idleConverters(conversions: ColumnConversions | undefined): readonly string[] {
  return (conversions?.idle ?? []).map((name) => `source: ${name}: it converts no captured column`);
}

function warningText({ message, cure }: ServerWarning): string {
  return `source: ${message}${cure === '' ? '' : `. ${cure}`}`;
}

/** What was asked for and does nothing to these tables: most likely a slip in a name. */
function idleParts({ source }: PipelineConfig, tables: readonly TableSchema[]): readonly string[] {
  return postProcessorSettings(source.options)
    .flatMap((setting) => reselectWarnings(setting, tables))
    .map((text) => `source: ${text}`);
}
