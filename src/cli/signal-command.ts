import { loadPipelineFile } from '../config/pipeline-file.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { CliContext } from './cli-context.ts';
import { daemonUrl } from './daemon-address.ts';

const REQUEST_TIMEOUT_MS = 5_000;

/** Flags of `snapshot`. */
export interface SnapshotCommandOptions {
  /** `schema.table`, or regular expressions over that. */
  readonly tables: readonly string[];
  /** SQL condition over the rows; with `blocking` a whole SELECT. */
  readonly where: string | undefined;
  readonly blocking: boolean;
  readonly json: boolean;
}

/** `tidemark snapshot`: the running daemon reads tables again, beside the stream. */
export async function snapshotCommand(
  file: string,
  { tables, where, blocking, json }: SnapshotCommandOptions,
  context: CliContext,
): Promise<void> {
  const conditions =
    where === undefined ? [] : tables.map((table) => ({ 'data-collection': table, filter: where }));
  const data = {
    'data-collections': tables,
    type: blocking ? 'blocking' : 'incremental',
    'additional-conditions': conditions,
  };
  await send(file, { type: 'execute-snapshot', data }, json, context);
}

/** `tidemark signal`: any of Debezium's signals, `data` as JSON text. */
export async function signalCommand(
  file: string,
  type: string,
  options: { readonly data: string | undefined; readonly json: boolean },
  context: CliContext,
): Promise<void> {
  await send(file, { type, data: options.data ?? '{}' }, options.json, context);
}

async function send(
  file: string,
  signal: { readonly type: string; readonly data: unknown },
  json: boolean,
  { environment, output, signal: abort }: CliContext,
): Promise<void> {
  const { http, name } = loadPipelineFile(file, environment);
  const url = daemonUrl(http);
  if (url === null) {
    throw new TidemarkError('NOT_RUNNING', `the daemon of ${name} has no HTTP port`, {
      cure: 'Insert the signal into signal.data.collection, or set http.listen.',
    });
  }
  const { token } = http;
  let response: Response;
  try {
    response = await fetch(new URL('/signals', url), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(signal),
      signal: AbortSignal.any([abort, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    });
  } catch (cause) {
    throw new TidemarkError('NOT_RUNNING', `no daemon answers at ${url}`, { cause });
  }
  const answer = (await response.json()) as { id?: string; message?: string };
  if (!response.ok) {
    const message = `${url} answered ${response.status}: ${answer.message ?? ''}`;
    throw new TidemarkError('NOT_RUNNING', message);
  }
  if (json) output.json({ id: answer.id ?? null });
  else output.line(`signal ${answer.id ?? ''} is with the daemon; see its log and \`status\``);
}
