import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';

/** PostgreSQL's SSLRequest: its length and its number. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** Somebody in the middle who ends TLS with a certificate of his own and reads along. */
export interface TlsRelay extends AsyncDisposable {
  readonly port: number;
}

export async function startTlsRelay(
  target: { readonly host: string; readonly port: number },
  own: { readonly cert: string; readonly key: string },
): Promise<TlsRelay> {
  const open = new Set<Socket>();
  const keep = (socket: Socket): void => {
    open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => open.delete(socket));
  };
  const relay = async (client: Socket): Promise<void> => {
    keep(client);
    const upstream = connect(target.port, target.host);
    keep(upstream);
    await once(client, 'data');
    upstream.write(SSL_REQUEST);
    await once(upstream, 'data');
    client.write('S');
    const inner = new TLSSocket(client, { isServer: true, ...own });
    const outer = connectTls({ socket: upstream, rejectUnauthorized: false });
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      keep(from);
      from.pipe(to);
    }
  };
  const server = createServer((client) => {
    relay(client).catch(() => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
