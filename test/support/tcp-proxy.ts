import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { systemClock } from '../../src/foundation/clock.ts';

/** A TCP relay that misbehaves on demand. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections that have been made through it. */
  readonly connections: number;
  /** Cuts each connection after so many bytes from the server, once; null: never. */
  cutAfterBytes: number | null;
  /** How often `cutAfterBytes` has cut. */
  readonly cuts: number;
  /** True: nothing is passed in either direction, and nothing is closed. */
  silent: boolean;
  /** What each connection passes of the server's; null: all that comes. */
  bytesPerSecond: number | null;
  /** What is open now passes nothing more and stays open; later connections pass all. */
  freeze(): void;
  /** Cuts what is open now. */
  cutAll(): void;
}

export async function startProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const open = new Set<Socket>();
  const frozen = new WeakSet<Socket>();
  let connections = 0;
  let cuts = 0;
  const server = createServer((client) => {
    connections++;
    const upstream = connect(target.port, target.host);
    let passed = 0;
    const end = (): void => {
      client.destroy();
      upstream.destroy();
      open.delete(client);
      open.delete(upstream);
    };
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', end);
      socket.on('close', end);
    }
    const pass = throttled(upstream, client, () => proxy.bytesPerSecond);
    client.on('data', (chunk) => {
      if (!proxy.silent && !frozen.has(client)) upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (proxy.silent || frozen.has(upstream)) return;
      const limit = proxy.cutAfterBytes;
      if (limit !== null && passed + chunk.length >= limit) {
        proxy.cutAfterBytes = null;
        cuts++;
        client.end(chunk.subarray(0, limit - passed));
        upstream.destroy();
        return;
      }
      passed += chunk.length;
      pass(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: TcpProxy = {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    get cuts() {
      return cuts;
    },
    cutAfterBytes: null,
    silent: false,
    bytesPerSecond: null,
    freeze() {
      for (const socket of open) frozen.add(socket);
    },
    cutAll() {
      for (const socket of open) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}

/** Pieces of so long: what comes in of a large change comes all the time. */
const PIECE_MS = 20;

/** Hands on what comes at a rate, and takes no more meanwhile: the sender's buffers fill. */
function throttled(from: Socket, to: Socket, rate: () => number | null): (chunk: Buffer) => void {
  let waiting: Buffer = Buffer.alloc(0);
  let isWaiting = false;
  const next = (): void => {
    const bytesPerSecond = rate() ?? Infinity;
    isWaiting = waiting.length > 0;
    if (!isWaiting) {
      from.resume();
      return;
    }
    const piece = waiting.subarray(0, Math.ceil((bytesPerSecond * PIECE_MS) / 1000));
    waiting = waiting.subarray(piece.length);
    to.write(piece);
    systemClock.after(bytesPerSecond === Infinity ? 0 : PIECE_MS, next);
  };
  return (chunk) => {
    if (rate() === null && !isWaiting) {
      to.write(chunk);
      return;
    }
    waiting = Buffer.concat([waiting, chunk]);
    from.pause();
    if (!isWaiting) next();
  };
}
