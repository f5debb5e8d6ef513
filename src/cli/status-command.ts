import { loadPipelineFile } from '../config/pipeline-file.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { PipelineStatus } from '../runtime/pipeline-status.ts';
import { readStoredState, type StoredState } from '../runtime/stored-state.ts';
import type { ParkedKeys } from '../model/sink-record.ts';
import type { CliContext } from './cli-context.ts';
import { daemonUrl } from './daemon-address.ts';
import type { ConsoleOutput } from './console-output.ts';
import { formatBytes, formatCount, formatDuration } from './format-quantity.ts';

/** Flags of `status`. */
export interface StatusCommandOptions {
  readonly path: string | undefined;
  readonly url: string | undefined;
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

async function askDaemon(
  url: string,
  token: string | undefined,
  signal: AbortSignal,
): Promise<PipelineStatus | null> {
  let response: Response;
  try {
    response = await fetch(new URL('/status', url), {
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
  return (await response.json()) as PipelineStatus;
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
  if (transport === null) return;
  const used = `${formatBytes(transport.bytesUsed)} of ${formatBytes(transport.bytesLimit)}`;
  output.line(`store    ${used}, ${formatCount(transport.records)} records`);
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
