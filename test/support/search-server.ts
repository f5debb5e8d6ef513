import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { inject, onTestFinished } from 'vitest';
import {
  type SearchExtras,
  searchProgram,
  type SearchProgram,
  type SearchSeries,
} from './search-packages.ts';
import { securitySettings, writeSecurity } from './search-security.ts';
import { freePorts, ServerProcess } from './server-process.ts';
import { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts';
import { pem } from './tls-server.ts';

/** Where a search server is, for the program and for who checks it. */
export interface SearchAddress {
  readonly series: SearchSeries;
  /** `8.19.21` */
  readonly version: string;
  /** `http://127.0.0.1:21200`, without a slash at its end. */
  readonly url: string;
  /** Of its first user; only a server that was started with one asks for it. */
  readonly password: string | undefined;
}

/** What of a server may be chosen. */
export interface SearchServerOptions {
  /** More settings of the node, or other values. */
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * With security: of the user `elastic`; of OpenSearch's `admin`, whose password is `admin`. There
   * is none for OpenSearch 3.
   */
  readonly password?: string;
  /** With a password: HTTP with TLS, `mutual`: for those who show a certificate. */
  readonly tls?: 'server' | 'mutual';
  /** With the plug-in `k-NN`, which there is for OpenSearch 2. */
  readonly knn?: boolean;
  /** With a password: users who may do everything with the indices that are named, and no more. */
  readonly users?: Readonly<
    Record<string, { readonly password: string; readonly indices: readonly string[] }>
  >;
  /** Of Java; 512m unless said otherwise. */
  readonly heap?: string;
  /** With all of Java's compilers. */
  readonly forSpeed?: boolean;
}

/** As an answer came, parsed as JSON where it is some. */
export interface SearchReply {
  readonly status: number;
  readonly body: unknown;
}

/**
 * A real Elasticsearch or OpenSearch of one node on loopback. Its data outlive `stop` and `kill`.
 *
 * Measured on two cores, until the first answer, and its resident memory after it:
 *
 *     Elasticsearch 8.19.21   3.7 s   330 MB   (with security 4.8 s)
 *     Elasticsearch 9.5.3     2.9 s   300 MB
 *     OpenSearch 2.19.1       3.9 s   340 MB
 *     OpenSearch 3.8.0        3.6 s   340 MB
 *
 * Both of Elasticsearch are what its public jars make: no `GET /`, no ingest, no scripts, and no
 * reindex.
 */
export class SearchServer implements AsyncDisposable, SearchAddress {
  readonly password: string | undefined;
  #series: SearchSeries;
  #program: SearchProgram;
  readonly #options: SearchServerOptions;
  readonly #folder: TemporaryFolder;
  readonly #ports: readonly number[];
  #process: ServerProcess | undefined;

  private constructor(
    series: SearchSeries,
    program: SearchProgram,
    options: SearchServerOptions,
    folder: TemporaryFolder,
    ports: readonly number[],
  ) {
    this.#series = series;
    this.password = options.password;
    this.#program = program;
    this.#options = options;
    this.#folder = folder;
    this.#ports = ports;
  }

  static async start(
    series: SearchSeries,
    options: SearchServerOptions = {},
  ): Promise<SearchServer> {
    const program = await searchProgram(series, extrasOf(options));
    const folder = await temporaryFolder(series);
    const server = new SearchServer(series, program, options, folder, await freePorts(2));
    try {
      await server.#install();
      const config = path.join(folder.path, 'config');
      await writeUsers(config, options.users ?? {});
      if (program.securityFiles !== undefined) await writeSecurity(config, program.securityFiles);
      await server.start();
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  get series(): SearchSeries {
    return this.#series;
  }

  get version(): string {
    return this.#program.version;
  }

  get url(): string {
    // The certificate names no address.
    const isTls = this.#options.tls !== undefined;
    return isTls ? `https://localhost:${this.#ports[0]}` : `http://127.0.0.1:${this.#ports[0]}`;
  }

  /** Since it was last started. */
  get log(): string {
    return this.#process?.log ?? '';
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** On the port that it had, with the data that it had. */
  async start(): Promise<void> {
    if (this.#process?.running === true) return;
    const heap = this.#options.heap ?? '512m';
    const { java, args } = this.#program;
    const home = this.#folder.path;
    this.#process = new ServerProcess({
      program: java,
      args: [
        `-Xms${heap}`,
        `-Xmx${heap}`,
        '-XX:+UseSerialGC',
        // The second compiler begins to pay only after the tests are over.
        ...(this.#options.forSpeed === true ? [] : ['-XX:TieredStopAtLevel=1']),
        `-Djava.io.tmpdir=${home}`,
        ...args,
        home,
        ...(this.#program.settings ?? []),
        ...Object.entries(this.#settings()).map(([name, value]) => `${name}=${value}`),
      ],
      folder: home,
      log: path.join(home, 'node.log'),
    });
    await this.#process.untilReady(() => this.#isReady());
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  /** Starts a newer version, once this one is stopped, with the data that it had. */
  async upgrade(series: SearchSeries): Promise<void> {
    this.#series = series;
    this.#program = await searchProgram(series, extrasOf(this.#options));
    await this.#install();
    await this.start();
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  /** Connections are taken and not answered. */
  pause(): void {
    this.#process?.pause();
  }

  resume(): void {
    this.#process?.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#folder[Symbol.asyncDispose]();
  }

  async #install(): Promise<void> {
    const modules = path.join(this.#folder.path, 'modules');
    await rm(modules, { force: true });
    if (this.#program.modules !== undefined) await symlink(this.#program.modules, modules);
  }

  #settings(): Record<string, string> {
    const [port, transportPort] = this.#ports;
    const { settings } = this.#options;
    return {
      'cluster.name': 'tidemark-tests',
      'node.name': 'node',
      'path.data': path.join(this.#folder.path, 'data'),
      'path.logs': path.join(this.#folder.path, 'logs'),
      'http.host': '127.0.0.1',
      'http.port': String(port),
      'transport.host': '127.0.0.1',
      'transport.port': String(transportPort),
      'discovery.type': 'single-node',
      // A disk that is nearly full is the machine's own affair, unless a test is about it.
      'cluster.routing.allocation.disk.threshold_enabled': 'false',
      'action.destructive_requires_name': 'false',
      'cluster.max_shards_per_node': '5000',
      ...securitySettings(this.series, this.#options),
      ...settings,
    };
  }

  /** It answers as soon as it listens; indices can be made only when it has a master. */
  async #isReady(): Promise<boolean> {
    try {
      const { status, body } = await askSearch(this, 'GET', '/_cluster/health');
      return status === 200 && (body as { status?: string }).status !== 'red';
    } catch {
      return false;
    }
  }
}

function extrasOf({ password, knn = false }: SearchServerOptions): SearchExtras {
  return { secured: password !== undefined, knn };
}

/**
 * Files of Elasticsearch's own realm: users that are made by its API want a module which its public
 * archive lacks.
 */
async function writeUsers(
  folder: string,
  users: NonNullable<SearchServerOptions['users']>,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const lines = (of: (name: string) => string): string =>
    Object.keys(users)
      .map((name) => `${of(name)}\n`)
      .join('');
  const hash = (name: string): string =>
    createHash('sha1')
      .update(users[name]?.password ?? '')
      .digest('base64');
  const role = (name: string): string =>
    JSON.stringify({ indices: [{ names: users[name]?.indices, privileges: ['all'] }] });
  const files = {
    users: lines((name) => `${name}:{SHA}${hash(name)}`),
    users_roles: lines((name) => `${name}:${name}`),
    'roles.yml': lines((name) => `${name}: ${role(name)}`),
  };
  for (const [file, text] of Object.entries(files)) await writeFile(path.join(folder, file), text);
}

/** One request outside of the program under test. */
export async function askSearch(
  { series, url, password }: SearchAddress,
  method: string,
  target: string,
  body?: unknown,
): Promise<SearchReply> {
  const user = series.startsWith('elastic') ? 'elastic' : 'admin';
  const login = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const asked = {
    method,
    headers: {
      ...(password === undefined ? {} : { authorization: login }),
      // A text is the lines of a bulk request.
      ...(body === undefined
        ? {}
        : {
            'content-type': typeof body === 'string' ? 'application/x-ndjson' : 'application/json',
          }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  };
  if (url.startsWith('https:')) return askWithCertificate(`${url}${target}`, asked);
  const answer = await fetch(`${url}${target}`, asked);
  return { status: answer.status, body: parsed(await answer.text()) };
}

/** As fetch would, which takes no certificates. */
async function askWithCertificate(
  url: string,
  { body, ...asked }: RequestOptions & { readonly body?: string },
): Promise<SearchReply> {
  const own = { ca: pem('ca.pem'), cert: pem('client.pem'), key: pem('client.key'), agent: false };
  const sent = request(url, { ...asked, ...own }).end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, body: parsed(await text(answer)) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/**
 * The server of this project, begun by the first who asks. Its indices are everybody's: name yours
 * apart. At the top of a file: `const search = await sharedSearch();`
 */
export async function sharedSearch(): Promise<SearchAddress> {
  const answer = await fetch(inject('search').door, { signal: AbortSignal.timeout(600_000) });
  if (!answer.ok) throw new Error(`no search server: ${await answer.text()}`);
  return (await answer.json()) as SearchAddress;
}

/** Starts a server for one test, or for several when a hook starts it. */
export async function startSearch(
  series: SearchSeries,
  options: SearchServerOptions = {},
): Promise<SearchServer> {
  const server = await SearchServer.start(series, options);
  try {
    onTestFinished(() => server[Symbol.asyncDispose]());
  } catch {
    // Started by a hook, for several tests: whoever did disposes of it.
  }
  return server;
}
