import { loadPipelineFile } from '../config/pipeline-file.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { CliContext } from './cli-context.ts';
import { daemonUrl } from './daemon-address.ts';
import { askDaemon } from './daemon-request.ts';

/** Flags of `snapshot`. */
export interface SnapshotCommandOptions {
  /** `schema.table`, or regular expressions over that. */
  readonly tables: readonly string[];
  /** SQL condition over the rows; with `blocking` a whole SELECT. */
  readonly where: string | undefined;
  readonly blocking: boolean;
  readonly channel: SignalChannelFlag;
  readonly json: boolean;
}

/** `kafka`: by the topic of signals; undefined: straight to the source. */
export type SignalChannelFlag = 'kafka' | undefined;

/** `tidemark snapshot`: the running daemon reads tables again, beside the stream. */
export async function snapshotCommand(
  file: string,
  { tables, where, blocking, channel, json }: SnapshotCommandOptions,
  context: CliContext,
): Promise<void> {
  const conditions =
    where === undefined ? [] : tables.map((table) => ({ 'data-collection': table, filter: where }));
  const data = {
    'data-collections': tables,
    type: blocking ? 'blocking' : 'incremental',
    'additional-conditions': conditions,
  };
  await send(file, { type: 'execute-snapshot', data, channel }, json, context);
}

/** `tidemark signal`: any of Debezium's signals, `data` as JSON text. */
export async function signalCommand(
  file: string,
  type: string,
  options: {
    readonly data: string | undefined;
    readonly id: string | undefined;
    readonly channel: SignalChannelFlag;
    readonly json: boolean;
  },
  context: CliContext,
): Promise<void> {
  const { data = '{}', id, channel, json } = options;
  await send(file, { type, data, id, channel }, json, context);
}

async function send(
  file: string,
  signal: {
    readonly type: string;
    readonly data: unknown;
    readonly id?: string | undefined;
    readonly channel: SignalChannelFlag;
  },
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
  const address = { url, token: http.token };
  const answer = (await askDaemon(address, '/signals', abort, signal)) as { readonly id?: string };
  if (json) output.json({ id: answer.id ?? null });
  else {
    const place = signal.channel === undefined ? 'with the daemon' : 'in the topic of signals';
    output.line(`signal ${answer.id ?? ''} is ${place}; see the log and \`status\``);
  }
}
