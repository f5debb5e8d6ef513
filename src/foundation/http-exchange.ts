import http from 'node:http';
import https from 'node:https';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

/** One request to one server. */
export interface HttpExchange {
  /** Only protocol, host and port of it count: `path` goes out as it stands. */
  readonly server: URL;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: readonly Buffer[];
  readonly agent: http.Agent;
  readonly connectTimeoutMs: number;
  /** How long the server may be silent. */
  readonly readTimeoutMs: number;
  /** A longer answer fails, before it fills the memory. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/** A whole answer, unpacked; any status is one. */
export interface HttpReply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The answer cannot be taken; asking again brings the same. */
export class AnswerTooLong extends Error {}

/** The server closed a kept connection while the request was on its way. */
class StaleConnection extends Error {}

/** It closed a new one without an answer. */
class CutRequest extends Error {}

const inflate = promisify(gunzip);
/** From here on a server may have refused a body before all of it was sent. */
const LARGE_BODY_BYTES = 64 * 1024;
/** As many connections may have gone stale at once; none of them is used twice. */
const STALE_MAX = 8;

/**
 * Asks and reads the answer to its end. Rejects with what the socket says, or with the signal's
 * reason. Nothing is repeated but on connections that were kept and went stale, or when the server
 * closed one before it had a large body; so the caller knows of everything else. No redirect is
 * followed, which would take the login along.
 */
export async function httpExchange(exchange: HttpExchange): Promise<HttpReply> {
  const reply = await onLiveConnection(exchange);
  if (reply.headers['content-encoding'] !== 'gzip' || reply.body.length === 0) return reply;
  try {
    const body = await inflate(reply.body, { maxOutputLength: exchange.maxBytes });
    return { ...reply, body };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw tooLong(exchange.maxBytes);
    }
    throw error;
  }
}

async function onLiveConnection(exchange: HttpExchange): Promise<HttpReply> {
  for (let attempt = 1; ; attempt++) {
    exchange.signal?.throwIfAborted();
    try {
      return await exchangeOnce(exchange);
    } catch (error) {
      if (error instanceof StaleConnection) {
        if (attempt > STALE_MAX) throw error.cause;
      } else if (error instanceof CutRequest && bodyBytes(exchange) >= LARGE_BODY_BYTES) {
        // Often the answer was that the body is too large (413), and was lost with the connection
        // under what we still sent. So it is asked whether to send it.
        return await exchangeOnce(exchange, true).catch((again: unknown) => {
          throw again instanceof CutRequest ? again.cause : again;
        });
      } else throw error instanceof CutRequest ? error.cause : error;
    }
  }
}

function bodyBytes({ body = [] }: HttpExchange): number {
  return body.reduce((bytes, part) => bytes + part.length, 0);
}

function exchangeOnce(exchange: HttpExchange, asksFirst = false): Promise<HttpReply> {
  const { server, method, path, body = [], agent, maxBytes, signal } = exchange;
  return new Promise((resolve, reject) => {
    const request = (server.protocol === 'https:' ? https : http).request({
      protocol: server.protocol,
      hostname: server.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: server.port,
      method,
      path,
      agent,
      timeout: exchange.connectTimeoutMs,
      headers: {
        ...exchange.headers,
        ...(body.length > 0 || method === 'POST' || method === 'PUT'
          ? { 'content-length': String(bodyBytes(exchange)) }
          : {}),
        ...(asksFirst ? { expect: '100-continue' } : {}),
      },
    });
    const abort = (): void => {
      request.destroy();
    };
    let answered = false;
    const fail = (error: NodeJS.ErrnoException): void => {
      signal?.removeEventListener('abort', abort);
      if (signal?.aborted === true) reject(signal.reason as Error);
      else if (answered || (error.code !== 'ECONNRESET' && error.code !== 'EPIPE')) reject(error);
      else {
        const Cut = request.reusedSocket ? StaleConnection : CutRequest;
        reject(new Cut(error.message, { cause: error }));
      }
    };
    signal?.addEventListener('abort', abort, { once: true });
    watchSilence(request, exchange);
    request.on('error', fail);
    request.on('response', (response) => {
      answered = true;
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes <= maxBytes) return;
        // Not by destroying with the error: of an answer that is here already nobody would take it.
        fail(tooLong(maxBytes));
        request.destroy();
      });
      response.on('error', fail);
      response.on('end', () => {
        signal?.removeEventListener('abort', abort);
        const { statusCode = 0, headers } = response;
        resolve({ status: statusCode, headers, body: Buffer.concat(chunks) });
        // The connection waits for a body that nobody wants any more.
        if (!request.writableEnded) request.destroy();
      });
    });
    const send = (): void => {
      for (const part of body) request.write(part);
      request.end();
    };
    if (asksFirst) request.on('continue', send);
    else send();
  });
}

/** One limit until the connection stands, another from then on. */
function watchSilence(
  request: http.ClientRequest,
  { server, connectTimeoutMs, readTimeoutMs }: HttpExchange,
): void {
  let connected = false;
  request.on('socket', (socket) => {
    const ready = (): void => {
      connected = true;
      socket.setTimeout(readTimeoutMs);
    };
    const isSecure = server.protocol === 'https:';
    // A tunnel's socket is connected long before it has spoken TLS with the server behind it.
    const isReady = request.reusedSocket || (!isSecure && !socket.connecting);
    if (isReady) ready();
    else socket.once(isSecure ? 'secureConnect' : 'connect', ready);
  });
  request.on('timeout', () => {
    const waited = connected
      ? `no answer within ${readTimeoutMs} ms`
      : `no connection within ${connectTimeoutMs} ms`;
    request.destroy(new Error(waited));
  });
}

function tooLong(maxBytes: number): AnswerTooLong {
  return new AnswerTooLong(`the answer is longer than ${maxBytes} bytes`);
}
