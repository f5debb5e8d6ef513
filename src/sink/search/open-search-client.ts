import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { systemClock, type Clock } from '../../foundation/clock.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { HttpReply } from '../../foundation/http-exchange.ts';
import { AnswerTooLong, httpExchange } from '../../foundation/http-exchange.ts';
import { parseLosslessJson } from '../../foundation/lossless-json.ts';
import type { SearchConnection } from './search-connection.ts';
import { unreachable } from './search-connect-errors.ts';
import { SearchNodes, type SearchNode } from './search-nodes.ts';
import { probeProduct, type ProbeReply, type ProbeRequest } from './search-product.ts';
import type { SearchClient, SearchMethod } from './search-client.ts';

/** A bulk's answer is a fraction of the bulk; a page of documents is bounded by who asks for it. */
const ANSWER_BYTES_MAX = 128 * 1024 * 1024;
/** Below it gzip costs more than it saves. */
const COMPRESSED_FROM_BYTES = 1024;
const TOLD_MAX = 300;
/** How a bulk's answer begins where nothing failed: its items say nothing more. */
const NOTHING_FAILED = Buffer.from('{"errors":false');
/** What takes a line for each thing to do. */
const LINES = /\/_(?:bulk|msearch)(?:\?|$)/;
const compress = promisify(gzip);

/** Finds out which product and version answers, and whether the login is taken. */
export async function openSearchClient(
  connection: SearchConnection,
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<SearchClient> {
  const nodes = new SearchNodes(connection, clock);
  const request: ProbeRequest = (...asked) => askCluster(nodes, connection, clock, ...asked);
  try {
    const product = await probeProduct(request, addresses(connection), signal);
    return {
      product,
      request,
      [Symbol.asyncDispose]() {
        nodes.close();
        return Promise.resolve();
      },
    };
  } catch (error) {
    nodes.close();
    throw error;
  }
}

function addresses({ urls }: SearchConnection): string {
  return urls.map((url) => new URL(url).host).join(', ');
}

async function askCluster(
  nodes: SearchNodes,
  connection: SearchConnection,
  clock: Clock,
  method: SearchMethod,
  path: string,
  body?: string | Buffer | readonly Buffer[],
  signal?: AbortSignal,
): Promise<ProbeReply> {
  const parts = await payload(path, body, connection.compression);
  let failure: TidemarkError | null = null;
  let refused: ProbeReply | null = null;
  for (const node of nodes.inOrder()) {
    try {
      const reply = await exchangeWith(node, connection, method, path, parts, signal);
      const answer = answerOf(node, method, reply, clock);
      // A gateway without its node, or a node without its cluster: another one may have it.
      if (answer.status < 502 || answer.status > 504) {
        nodes.answered(node);
        return answer;
      }
      refused ??= answer;
    } catch (error) {
      if (signal?.aborted === true || error instanceof TidemarkError) throw error;
      if (error instanceof AnswerTooLong) {
        throw new TidemarkError('SINK_SERVER', `${node.address}: ${error.message}`, {
          cause: error,
          cure: 'Smaller batches have smaller answers: batch.size.',
        });
      }
      failure ??= unreachable(node.address, error);
    }
    nodes.failed(node);
  }
  if (refused !== null) return refused;
  throw failure ?? new TidemarkError('SINK_CONNECT', 'no node of the cluster is named');
}

interface Payload {
  readonly parts: readonly Buffer[];
  readonly headers: Readonly<Record<string, string>>;
}

async function payload(
  path: string,
  body: string | Buffer | readonly Buffer[] | undefined,
  compression: boolean,
): Promise<Payload> {
  const accept = compression ? { 'accept-encoding': 'gzip' } : {};
  if (body === undefined) return { parts: [], headers: accept };
  const parts =
    typeof body === 'string' ? [Buffer.from(body)] : Buffer.isBuffer(body) ? [body] : body;
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  const type = LINES.test(path) ? 'application/x-ndjson' : 'application/json';
  const headers = { ...accept, 'content-type': type };
  if (!compression || bytes < COMPRESSED_FROM_BYTES) return { parts, headers };
  const packed = await compress(parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts));
  return { parts: [packed], headers: { ...headers, 'content-encoding': 'gzip' } };
}

function exchangeWith(
  node: SearchNode,
  { connectTimeoutMs, readTimeoutMs }: SearchConnection,
  method: SearchMethod,
  path: string,
  { parts, headers }: Payload,
  signal: AbortSignal | undefined,
): Promise<HttpReply> {
  return httpExchange({
    server: node.server,
    method,
    path: `${node.prefix}${path}`,
    headers: { accept: 'application/json', ...headers, ...node.headers },
    body: parts,
    agent: node.agent,
    connectTimeoutMs,
    readTimeoutMs,
    maxBytes: ANSWER_BYTES_MAX,
    signal,
  });
}

function answerOf(
  node: SearchNode,
  method: SearchMethod,
  { status, headers, body }: HttpReply,
  clock: Clock,
): ProbeReply {
  const isAllDone = body.subarray(0, NOTHING_FAILED.length).equals(NOTHING_FAILED);
  const text = isAllDone ? '{"errors":false}' : body.toString('utf8');
  if (status >= 300 && status < 400 && status !== 304) {
    throw new TidemarkError(
      'SINK_SERVER',
      `${node.address} answered with ${status} and sends us to ${headers.location ?? 'nowhere'}`,
      { cure: 'Put the address of the cluster itself into connection.url.' },
    );
  }
  const elastic = headers['x-elastic-product'] ?? headers['x-opensearch-version'];
  const known = {
    status,
    retryAfterMs: waitOf(headers['retry-after'], clock),
    product: typeof elastic === 'string' ? elastic : null,
  };
  if (method === 'HEAD' || text.trim() === '') return { ...known, body: null };
  try {
    return { ...known, body: parseLosslessJson(text) };
  } catch (cause) {
    const told = text
      .replaceAll(/<[^>]*>|\s+/g, ' ')
      .replaceAll(/ +/g, ' ')
      .trim();
    if (status >= 400) return { ...known, body: { error: told.slice(0, TOLD_MAX) } };
    throw new TidemarkError(
      'SINK_SERVER',
      `${node.address} answered with ${status}, but not with JSON: ${told.slice(0, TOLD_MAX)}`,
      { cause, cure: 'Check connection.url: it has to be that of the cluster.' },
    );
  }
}

/** Seconds, or a date. */
function waitOf(header: string | undefined, clock: Clock): number | null {
  if (header === undefined) return null;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - clock.nowMs());
}
