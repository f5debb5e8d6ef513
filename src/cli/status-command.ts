import type { PipelineConfig } from '../config/pipeline-config.ts';
import { loadPipelineFile } from '../config/pipeline-file.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { PipelineStatus } from '../runtime/pipeline-status.ts';
import { readStoredState, type StoredState } from '../runtime/stored-state.ts';
import type { TableView } from '../runtime/table-view.ts';
import type { ParkedKeys } from '../model/sink-record.ts';
import type { CliContext } from './cli-context.ts';
import { daemonUrl } from './daemon-address.ts';
import type { VerifyScheduleView } from '../runtime/verify-schedule.ts';
import { driftCount } from '../runtime/verify-schedule.ts';
import type { ConsoleOutput } from './console-output.ts';
import { formatBytes, formatCount, formatDuration } from './format-quantity.ts';
import type { StatusAnswer } from './status-model.ts';
import { watchStatus } from './watched-status.ts';

/** Flags of `status`. */
export interface StatusCommandOptions {
  readonly path: string | undefined;
  readonly url: string | undefined;
  readonly watch: boolean;
  readonly json: boolean;
}

const REQUEST_TIMEOUT_MS = 5_000;

/** `tidemark status`: asks the daemon; when none answers, reads the store. */
export async function statusCommand(
  file: string | undefined,
  options: StatusCommandOptions,
  context: CliContext,
): Promise<void> {
  const config = file === undefined ? undefined : loadPipelineFile(file, context.environment);
  const url = options.url ?? daemonUrl(config?.http);
  if (options.watch) {
    await watchDaemon(url, options, config, context);
    return;
  }
  const status = url === null ? null : await askDaemon(url, config?.http.token, context.signal);
  const { output } = context;
  // Another pipeline's daemon may listen there.
  if (status !== null && (config === undefined || status.name === config.name)) {
    if (options.json) output.json({ running: true, ...status });
    else showStatus(output, status);
    return;
  }
  const { path } = options;
  const place = path === undefined ? config && { config } : { path };
  if (place === undefined)
    throw new TidemarkError('NOT_RUNNING', `no daemon answers at ${url ?? ''}`);
  const state = await readStoredState(place, context.clock);
  if (options.json) output.json({ running: false, ...state });
  else showStored(output, state);
}

async function watchDaemon(
  url: string | null,
  { path, json }: StatusCommandOptions,
  config: PipelineConfig | undefined,
  { output, clock, signal, terminal }: CliContext,
): Promise<void> {
  if (path !== undefined) {
    const cure = 'Leave --path out: only a running daemon can be watched.';
    throw new TidemarkError('USAGE', '--watch and --path do not go together', { cure });
  }
  if (url === null) {
    const cure = 'Set http.listen in the pipeline file; --watch asks the daemon over HTTP.';
    throw new TidemarkError('NOT_RUNNING', 'the pipeline has no HTTP port', { cure });
  }
  const token = config?.http.token;
  const ask = async (): Promise<StatusAnswer | null> => {
    const status = await askDaemon(url, token, signal);
    if (status === null) return null;
    if (config !== undefined && status.name !== config.name) {
      const message = `the daemon at ${url} runs the pipeline ${status.name}, not ${config.name}`;
      const cure = 'Give each pipeline a port of its own: http.listen.';
      throw new TidemarkError('NOT_RUNNING', message, { cure });
    }
    const tables = await askForTables(url, token, signal);
    return tables === null ? null : { status, tables, atMs: clock.monotonicMs() };
  };
  const parts = { ask, where: url, output, clock, signal, json };
  await watchStatus({ ...parts, terminal: terminal ?? null });
}

async function askDaemon(
  url: string,
  token: string | undefined,
  signal: AbortSignal,
): Promise<PipelineStatus | null> {
  return (await askFor('/status', url, token, signal)) as PipelineStatus | null;
}

async function askForTables(
  url: string,
  token: string | undefined,
  signal: AbortSignal,
): Promise<readonly TableView[] | null> {
  return (await askFor('/status/tables', url, token, signal)) as readonly TableView[] | null;
}

/** Null: nobody answers. */
async function askFor(
  path: string,
  url: string,
  token: string | undefined,
  signal: AbortSignal,
): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(new URL(path, url), {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    });
  } catch {
    return null;
  }
  if (!response.ok) {
    const message = `${url} answered ${response.status}`;
    if (response.status !== 401) throw new TidemarkError('NOT_RUNNING', message);
    const cure = 'Set http.token in the pipeline file as the daemon has it.';
    throw new TidemarkError('NOT_RUNNING', message, { cure });
  }
  return await response.json();
}

function showStatus(output: ConsoleOutput, status: PipelineStatus): void {
  const health = status.healthy
    ? output.style('green', 'healthy')
    : output.style('red', 'unhealthy');
  output.line(
    `${output.style('bold', status.name)}: ${health}, up ${formatDuration(status.uptimeMs)}`,
  );
  const { source, transport } = status;
  output.line(`source   ${source.state}, ${source.phase}; ${formatCount(source.records)} records`);
  output.line(`  behind ${lag(source.lagMs)}, ${bytesOr(source.lagBytes)}`);
  output.line(`  confirmed ${source.confirmedLsn ?? 'nothing yet'}`);
  if (source.error !== null) showError(output, source.error);
  for (const { topic, message, cure } of source.held) {
    output.line(`  ${output.style('red', 'held')} ${topic}: ${message}`);
    output.line(`  cure: ${cure}`);
  }
  if ((source.deadLetters ?? 0) > 0) {
    const count = formatCount(source.deadLetters ?? 0);
    output.line(`  ${count} changes became no record since the start; tidemark dlq list shows all`);
  }
  for (const sink of status.sinks) {
    const behind = `${formatCount(sink.lagRecords)} records behind, p99 ${lag(sink.lagMsP99)}`;
    output.line(
      `sink     ${sink.name}: ${sink.state}; ${formatCount(sink.applied)} applied, ${behind}`,
    );
    if (sink.error !== null) showError(output, sink.error);
    for (const parked of sink.parked) {
      const what = parked.held === true ? 'held' : 'parked';
      output.line(`  ${output.style('red', what)} ${parked.table}: ${parked.message}`);
    }
    if (sink.parkedKeys !== undefined) showParkedKeys(output, sink.parkedKeys);
    if ((sink.deadLetters ?? 0) > 0) {
      output.line(`  ${formatCount(sink.deadLetters ?? 0)} dead letters since the start`);
    }
  }
  if (status.verify !== undefined) showVerify(output, status.verify);
  if (transport === null) return;
  const used = `${formatBytes(transport.bytesUsed)} of ${formatBytes(transport.bytesLimit)}`;
  output.line(`store    ${used}, ${formatCount(transport.records)} records`);
}

function showVerify(output: ConsoleOutput, verify: VerifyScheduleView): void {
  const { running, endedAtMs, tables, error } = verify;
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const drift = tables.reduce((sum, table) => sum + driftCount(table), 0);
  const last =
    endedAtMs === null
      ? 'not yet compared'
      : `${formatCount(rows)} rows compared at ${new Date(endedAtMs).toISOString()}`;
  output.line(`verify   ${last}, ${formatCount(drift)} differ${running ? '; compares now' : ''}`);
  for (const table of tables.filter((one) => driftCount(one) > 0)) {
    const count = `${formatCount(driftCount(table))} rows`;
    output.line(`  ${output.style('red', 'differ')} ${table.sink} ${table.table}: ${count}`);
  }
  if (error !== null) showError(output, error);
}

function showParkedKeys(output: ConsoleOutput, { count, first }: ParkedKeys): void {
  for (const { topic, key, letters, message } of first) {
    const waits = `${topic} ${key}: ${formatCount(letters)} records wait: ${message}`;
    output.line(`  ${output.style('red', 'parked')} ${waits}`);
  }
  if (count > 0) output.line(`  ${formatCount(count)} keys wait; tidemark dlq list shows all`);
}

function showError(
  output: ConsoleOutput,
  error: { readonly code: string; readonly message: string; readonly cure: string },
): void {
  output.line(`  ${output.style('red', error.code)} ${error.message}`);
  output.line(`  cure: ${error.cure}`);
}

function showStored(output: ConsoleOutput, state: StoredState): void {
  const used = state.bytesUsed === null ? '' : ` (${formatBytes(state.bytesUsed)})`;
  output.line(`No daemon answers. In ${state.place}${used}:`);
  for (const { key, offset } of state.sources) {
    output.line(`source   ${key}  ${JSON.stringify(offset)}`);
  }
  for (const { group, offsets } of state.groups) {
    const behind = offsets.reduce((sum, part) => sum + part.endOffset - part.offset, 0);
    output.line(`group    ${group}: ${formatCount(behind)} records behind`);
  }
  output.line(`topics   ${state.topics.length}`);
}

function bytesOr(bytes: number | null): string {
  return bytes === null ? '?' : formatBytes(bytes);
}

function lag(ms: number | null): string {
  return ms === null ? '?' : formatDuration(ms);
}
