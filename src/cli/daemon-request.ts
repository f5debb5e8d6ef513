import type { PipelineConfig } from '../config/pipeline-config.ts';
import { ERROR_TABLE, type ErrorCode } from '../foundation/error-table.ts';
import { TidemarkError } from '../foundation/errors.ts';
import { daemonUrl } from './daemon-address.ts';

const REQUEST_TIMEOUT_MS = 5_000;

/** Where a daemon answers, and what it wants to hear. */
export interface DaemonAddress {
  readonly url: string;
  readonly token: string | undefined;
}

/** Where the daemon of a pipeline answers. Throws NOT_RUNNING where another one does, or none. */
export async function daemonOf(
  { http, name }: PipelineConfig,
  why: string,
  abort: AbortSignal,
): Promise<DaemonAddress> {
  const url = daemonUrl(http);
  if (url === null) {
    throw new TidemarkError('NOT_RUNNING', `the daemon of ${name} has no HTTP port`, {
      cure: `Set http.listen: ${why}.`,
    });
  }
  const address = { url, token: http.token };
  const status = (await askDaemon(address, '/status', abort)) as { readonly name?: string };
  // Another pipeline's may listen there.
  if (status.name !== name) {
    throw new TidemarkError('NOT_RUNNING', `at ${url} answers ${status.name ?? ''}, not ${name}`);
  }
  return address;
}

interface Refusal {
  readonly code?: string;
  readonly message?: string;
  readonly cure?: string;
}

/**
 * Asks a daemon; with a body it is a POST of JSON. Throws NOT_RUNNING where none answers, and what
 * the daemon itself says of a request that it does not follow.
 */
export async function askDaemon(
  { url, token }: DaemonAddress,
  path: string,
  abort: AbortSignal,
  body?: unknown,
  timeoutMs = REQUEST_TIMEOUT_MS,
): Promise<unknown> {
  const within = AbortSignal.timeout(timeoutMs);
  const response = await answerOf({ url, token }, path, abort, body, within);
  const answer = await response.json().catch((cause: unknown) => {
    abort.throwIfAborted();
    // Something else has the port.
    const text = `what answers at ${url} is no daemon of ours (HTTP ${response.status})`;
    throw new TidemarkError('NOT_RUNNING', text, { cause });
  });
  if (response.ok) return answer;
  throw refusal(answer as Refusal, `${url} answered ${response.status}`);
}

/**
 * The daemon's answer as it comes, line by line, for as long as it takes. Throws as `askDaemon`
 * does.
 */
export async function* daemonLines(
  address: DaemonAddress,
  path: string,
  abort: AbortSignal,
  body: unknown,
): AsyncGenerator<string, void, undefined> {
  const response = await answerOf(address, path, abort, body, abort);
  if (!response.ok || response.body === null) {
    const told = (await response.json().catch(() => ({}))) as Refusal;
    throw refusal(told, `${address.url} answered ${response.status}`);
  }
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const chunk of response.body) {
      const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (cause) {
    abort.throwIfAborted();
    const text = `the daemon at ${address.url} ended before it had answered`;
    throw new TidemarkError('NOT_RUNNING', text, { cause });
  }
}

async function answerOf(
  { url, token }: DaemonAddress,
  path: string,
  abort: AbortSignal,
  body: unknown,
  within: AbortSignal,
): Promise<Response> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const headers = { ...authorization, 'content-type': 'application/json' };
  const posted = { method: 'POST', headers, body: JSON.stringify(body) };
  try {
    return await fetch(new URL(path, url), {
      ...(body === undefined ? { headers: authorization } : posted),
      signal: AbortSignal.any([abort, within]),
    });
  } catch (cause) {
    abort.throwIfAborted();
    throw new TidemarkError('NOT_RUNNING', `no daemon answers at ${url}`, { cause });
  }
}

function refusal({ code, message, cure }: Refusal, where: string): TidemarkError {
  const known = code !== undefined && code in ERROR_TABLE;
  return new TidemarkError(
    known ? (code as ErrorCode) : 'NOT_RUNNING',
    `${where}: ${message ?? ''}`,
    cure === undefined ? {} : { cure },
  );
}
