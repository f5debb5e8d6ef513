import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { pem } from './tls-server.ts';

/** A mail as the server took it. */
export interface HeardMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and body, lines with \n, dots unstuffed. */
  readonly text: string;
  /** It came over TLS. */
  readonly isSecure: boolean;
  /** `user:password` of the login; null: none. */
  readonly login: string | null;
}

/** `starttls`: offered; `none`: not; `tls`: spoken from the start. */
type Security = 'starttls' | 'tls' | 'none';

/** A mail server in the test's own process: RFC 5321 as far as a client of ours goes. */
export interface SmtpServer extends AsyncDisposable {
  readonly port: number;
  readonly mails: readonly HeardMail[];
  /** All lines that clients sent outside of mails. */
  readonly commands: readonly string[];
  /** Answers with this to RCPT instead of 250. */
  refusal: string | null;
}

interface Shared {
  readonly security: Security;
  readonly mails: HeardMail[];
  readonly commands: string[];
  refusal: string | null;
}

export async function startSmtpServer(security: Security): Promise<SmtpServer> {
  const shared: Shared = { security, mails: [], commands: [], refusal: null };
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => undefined);
    const first = security === 'tls' ? encrypted(socket) : socket;
    first.write('220 test ESMTP\r\n');
    new Conversation(first, security === 'tls', shared).begin();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    mails: shared.mails,
    commands: shared.commands,
    get refusal() {
      return shared.refusal;
    },
    set refusal(text) {
      shared.refusal = text;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function encrypted(socket: Socket): TLSSocket {
  const secure = new TLSSocket(socket, {
    cert: pem('server.pem'),
    key: pem('server.key'),
    isServer: true,
  });
  secure.on('error', () => undefined);
  return secure;
}

/** One client, from its greeting or its STARTTLS on. */
class Conversation {
  readonly #socket: Socket;
  readonly #isSecure: boolean;
  readonly #shared: Shared;
  #buffer = '';
  #from = '';
  #to: string[] = [];
  #login: string | null = null;
  #isData = false;

  constructor(socket: Socket, isSecure: boolean, shared: Shared) {
    this.#socket = socket;
    this.#isSecure = isSecure;
    this.#shared = shared;
  }

  begin(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      this.#buffer += chunk.toString('utf8');
      for (;;) {
        const mark = this.#isData ? '\r\n.\r\n' : '\r\n';
        const end = this.#buffer.indexOf(mark);
        if (end < 0) return;
        const text = this.#buffer.slice(0, end);
        this.#buffer = this.#buffer.slice(end + mark.length);
        if (this.#isData) this.#mail(text);
        else this.#command(text);
      }
    });
  }

  #say(...lines: readonly string[]): void {
    for (const line of lines) this.#socket.write(`${line}\r\n`);
  }

  #mail(text: string): void {
    this.#isData = false;
    const plain = text.replaceAll('\r\n..', '\r\n.').replaceAll('\r\n', '\n');
    const [from, to, isSecure, login] = [this.#from, this.#to, this.#isSecure, this.#login];
    this.#shared.mails.push({ from, to, text: plain, isSecure, login });
    this.#say('250 taken');
  }

  #command(line: string): void {
    const { security, commands, refusal } = this.#shared;
    commands.push(line);
    const [word = '', rest = ''] = line.split(/ (.*)/s);
    const address = /<(.*?)>/.exec(rest)?.[1] ?? '';
    switch (word.toUpperCase()) {
      case 'EHLO':
        if (security === 'starttls' && !this.#isSecure) this.#say('250-STARTTLS');
        this.#say('250-AUTH PLAIN', '250 8BITMIME');
        break;
      case 'STARTTLS':
        this.#encrypt();
        break;
      case 'AUTH':
        this.#logIn(rest);
        break;
      case 'MAIL':
        [this.#from, this.#to] = [address, []];
        this.#say('250 ok');
        break;
      case 'RCPT':
        this.#to.push(address);
        this.#say(refusal ?? '250 ok');
        break;
      case 'DATA':
        this.#isData = true;
        this.#say('354 go on');
        break;
      case 'QUIT':
        this.#say('221 bye');
        this.#socket.end();
        break;
      default:
        this.#say('250 ok');
    }
  }

  #encrypt(): void {
    if (this.#shared.security !== 'starttls') {
      this.#say('502 not here');
      return;
    }
    this.#say('220 go on');
    this.#socket.removeAllListeners('data');
    new Conversation(encrypted(this.#socket), true, this.#shared).begin();
  }

  #logIn(rest: string): void {
    const text = Buffer.from(rest.split(' ')[1] ?? '', 'base64').toString('utf8');
    this.#login = text.split('\0').slice(1).join(':');
    this.#say(this.#login.endsWith(':right') ? '235 welcome' : '535 wrong password');
  }
}
