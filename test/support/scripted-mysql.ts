import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { MysqlConnectionOptions } from '../../src/source/mysql/mysql-connection-options.ts';

/** How the server behaves; what is absent is done as a real one does it. */
export interface MysqlScript {
  /** `8.0.99-scripted`. */
  readonly version?: string;
  /** In place of the handshake. */
  greet?(peer: ScriptedPeer): void;
  /** In place of OK, behind the client's login. */
  login?(peer: ScriptedPeer, response: Buffer): void;
  /** A statement; true: it was answered. */
  query?(peer: ScriptedPeer, sql: string): boolean;
  /** COM_BINLOG_DUMP and COM_BINLOG_DUMP_GTID. */
  dump?(peer: ScriptedPeer, command: Buffer): void;
}

/** The server's side of one connection. */
export class ScriptedPeer {
  readonly socket: Socket;
  /** Of the next packet. */
  sequence = 0;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  send(body: Buffer): void {
    this.socket.write(packetsOf(body, this.sequence));
    const parts = Math.floor(body.length / FULL_PACKET) + 1;
    this.sequence = (this.sequence + parts) & 0xff;
  }

  ok(): void {
    this.send(Buffer.from('00000002000000', 'hex'));
  }

  error(errno: number, message: string): void {
    const head = Buffer.from([0xff, errno & 0xff, errno >> 8]);
    this.send(Buffer.concat([head, Buffer.from(`#HY000${message}`)]));
  }

  event(bytes: Buffer): void {
    this.send(Buffer.concat([Buffer.from([0]), bytes]));
  }

  end(): void {
    this.send(Buffer.from('fe00000200', 'hex'));
  }
}

/** A server that speaks as much of the protocol as a connection needs, and misbehaves by script. */
export interface ScriptedMysql extends AsyncDisposable {
  readonly options: MysqlConnectionOptions;
  /** Statements, and commands as `COM_21`. */
  readonly log: readonly string[];
  readonly open: ReadonlySet<Socket>;
}

const FULL_PACKET = 0xffffff;
const COM_QUIT = 0x01;
const COM_QUERY = 0x03;
const COM_BINLOG_DUMP = 0x12;
const COM_BINLOG_DUMP_GTID = 0x1e;

/** Starts one on a port of its own. */
export async function scriptedMysql(script: MysqlScript = {}): Promise<ScriptedMysql> {
  const log: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    serve(socket, script, log);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    log,
    open,
    options: {
      host: '127.0.0.1',
      port,
      user: 'cdc',
      password: 'secret',
      sslMode: 'disabled',
      connectTimeoutMs: 2000,
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function serve(socket: Socket, script: MysqlScript, log: string[]): void {
  const peer = new ScriptedPeer(socket);
  let received = Buffer.alloc(0);
  let isLoggedIn = false;
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 4) {
      const end = 4 + received.readUIntLE(0, 3);
      if (received.length < end) return;
      const body = received.subarray(4, end);
      peer.sequence = ((received[3] as number) + 1) & 0xff;
      received = received.subarray(end);
      if (isLoggedIn) {
        answer(peer, body, script, log);
      } else {
        isLoggedIn = true;
        if (script.login === undefined) peer.ok();
        else script.login(peer, body);
      }
    }
  });
  if (script.greet === undefined) peer.send(handshake(script.version ?? '8.0.99-scripted'));
  else script.greet(peer);
}

function answer(peer: ScriptedPeer, body: Buffer, script: MysqlScript, log: string[]): void {
  const command = body[0] as number;
  if (command === COM_QUERY) {
    const sql = body.toString('utf8', 1);
    log.push(sql);
    if (script.query?.(peer, sql) !== true) peer.ok();
    return;
  }
  log.push(`COM_${command}`);
  if (command === COM_QUIT) peer.socket.end();
  else if (command === COM_BINLOG_DUMP || command === COM_BINLOG_DUMP_GTID) {
    script.dump?.(peer, body);
  } else peer.ok();
}

/** PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH, CONNECT_WITH_DB; no TLS. */
export function handshake(version: string, plugin = 'mysql_native_password'): Buffer {
  return Buffer.concat([
    Buffer.from([10]),
    Buffer.from(`${version}\0`),
    Buffer.from([1, 0, 0, 0]),
    Buffer.from('abcdefgh\0'),
    Buffer.from([0x09, 0x82, 45, 2, 0, 0x08, 0, 21]),
    Buffer.alloc(10),
    Buffer.from('ijklmnopqrst\0'),
    Buffer.from(`${plugin}\0`),
  ]);
}

/** A body as packets, the first with this number (PITFALLS B12). */
export function packetsOf(body: Buffer, sequence: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0, number = sequence; ; at += FULL_PACKET, number++) {
    const part = body.subarray(at, at + FULL_PACKET);
    const header = Buffer.alloc(4);
    header.writeUIntLE(part.length, 0, 3);
    header[3] = number & 0xff;
    parts.push(header, part);
    if (part.length < FULL_PACKET) return Buffer.concat(parts);
  }
}
