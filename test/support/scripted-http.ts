import { once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { pem } from './tls-server.ts';

/** A request as it came, whole. */
export interface HeardRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export type HttpScript = (request: HeardRequest, response: ServerResponse) => void;

/** A server in the test's own process that answers as a test says; it may change its mind. */
export interface ScriptedHttp extends AsyncDisposable {
  readonly origin: string;
  readonly port: number;
  readonly requests: readonly HeardRequest[];
  /** Of all requests, how many came on a connection of their own. */
  readonly connections: number;
  script: HttpScript;
}

/** Starts one on a free port of loopback; `mutual` asks for a client's certificate. */
export async function startScriptedHttp(
  script: HttpScript,
  tls: false | 'tls' | 'mutual' = false,
): Promise<ScriptedHttp> {
  const requests: HeardRequest[] = [];
  const open = new Set<Socket>();
  let connections = 0;
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const heard = { method, path: url, headers, body: Buffer.concat(chunks) };
      requests.push(heard);
      server.script(heard, response);
    });
  };
  const own = { cert: pem('server.pem'), key: pem('server.key'), ca: pem('ca.pem') };
  const listening =
    tls === false
      ? createServer(listener)
      : createTlsServer({ ...own, requestCert: tls === 'mutual' }, listener);
  listening.on('connection', (socket: Socket) => {
    connections++;
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as AddressInfo;
  const server: ScriptedHttp = {
    origin: tls === false ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    port,
    requests,
    get connections() {
      return connections;
    },
    script,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      listening.close();
      await once(listening, 'close');
    },
  };
  return server;
}

/** Answers with JSON. */
export function answerJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
