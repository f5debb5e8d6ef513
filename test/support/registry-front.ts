import { once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer, request as requestHttp } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { pem } from './tls-server.ts';

/** What stands in front of a registry. */
export interface RegistryFrontOptions {
  /** The registry's own address, `RegistryServer.origin`. */
  readonly target: string;
  /** Over TLS with the certificate of `localhost`; `mutual` asks for a client's certificate. */
  readonly tls?: boolean | 'mutual';
  /** The `Authorization` that is let through; without it, any is. */
  readonly authorization?: string;
}

/**
 * `pass` is a registry as it should be. A number answers each request with that status and an
 * error as Confluent's registry words them; `hang` never answers; `cut` ends the connection when
 * the request is there, so that nobody knows whether it counted.
 */
export type FrontBehaviour = 'pass' | 'hang' | 'cut' | number;

/** A request as it came, with its path below the registry's own. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
}

/** A gateway before a registry, in the test's own process, that misbehaves on demand. */
export interface RegistryFront extends AsyncDisposable {
  /** Where to find it, without a path. */
  readonly origin: string;
  readonly requests: readonly SeenRequest[];
  behaviour: FrontBehaviour;
  /** Called with each request, before it is answered or passed on. */
  onRequest: (request: SeenRequest) => void;
}

/** `Authorization` of a user with a password. */
export function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** Starts the gateway on a free port of loopback. */
export async function startRegistryFront(options: RegistryFrontOptions): Promise<RegistryFront> {
  const requests: SeenRequest[] = [];
  const open = new Set<Socket>();
  const listener: RequestListener = (request, response) => {
    const { method = 'GET', url = '/', headers } = request;
    const seen = { method, path: url, authorization: headers.authorization };
    requests.push(seen);
    front.onRequest(seen);
    const { behaviour } = front;
    if (behaviour === 'cut') {
      request.resume().on('end', () => request.socket.destroy());
    } else if (typeof behaviour === 'number') {
      refuse(response, behaviour);
    } else if (options.authorization !== undefined) {
      const allowed = headers.authorization === options.authorization;
      if (!allowed) refuse(response, 401);
      else if (behaviour === 'pass') forward(request, response, options.target);
    } else if (behaviour === 'pass') forward(request, response, options.target);
  };
  const server =
    options.tls === undefined || options.tls === false
      ? createServer(listener)
      : createTlsServer(tlsOptions(options.tls === 'mutual'), listener);
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const secure = options.tls !== undefined && options.tls !== false;
  const front: RegistryFront = {
    origin: secure ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    requests,
    behaviour: 'pass',
    onRequest: () => undefined,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return front;
}

function tlsOptions(mutual: boolean): {
  cert: string;
  key: string;
  ca?: string;
  requestCert: boolean;
} {
  const own = { cert: pem('server.pem'), key: pem('server.key') };
  return mutual ? { ...own, ca: pem('ca.pem'), requestCert: true } : { ...own, requestCert: false };
}

function refuse(response: ServerResponse, status: number): void {
  const body = { error_code: status * 100 + 1, message: `the gateway says ${status}` };
  if (status === 401) response.setHeader('www-authenticate', 'Basic realm="registry"');
  response.setHeader('content-type', 'application/vnd.schemaregistry.v1+json');
  response.writeHead(status).end(JSON.stringify(body));
}

function forward(request: IncomingMessage, response: ServerResponse, target: string): void {
  const { method, url, headers } = request;
  const { authorization: _ours, host: _host, ...others } = headers;
  const onward = requestHttp(new URL(url ?? '/', target), { method, headers: others }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => refuse(response, 502));
  response.on('close', () => onward.destroy());
  request.pipe(onward);
}
