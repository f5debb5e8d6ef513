import { createServer } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';

import { startOwnServer, type OwnServer } from './postgres.ts';

export interface DaemonPipeline extends AsyncDisposable {
  readonly server: OwnServer;
  /** Pipeline file of a daemon that copies `source` into `warehouse` on the same server. */
  readonly file: string;
  readonly port: number;
  readonly storePath: string;
  connect(database: 'source' | 'warehouse'): Promise<pg.Client>;
}

export interface DaemonPipelineOptions {
  /** DDL and rows that are there before the daemon starts. */
  readonly schema: string;
  readonly serverSettings?: Readonly<Record<string, string | number>>;
  /** Where the source is reached: a proxy's port instead of the server's own. */
  readonly sourcePort?: number;
  /** The section `transport` as YAML in one line; the embedded log by default. */
  readonly transport?: string;
  /** Of the pipeline, and the prefix of its topics; `copy` by default. */
  readonly name?: string;
  readonly extraSource?: string;
  readonly extraSink?: string;
  /** Of the server; the newest by default. */
  readonly major?: number | undefined;
}

/** An own server with a source and a target database, and the pipeline file between them. */
export async function daemonPipeline(options: DaemonPipelineOptions): Promise<DaemonPipeline> {
  const server = await startOwnServer({
    settings: options.serverSettings ?? {},
    ...(options.major === undefined ? {} : { major: options.major }),
  });
  const folder = await mkdtemp(path.join(tmpdir(), 'tidemark-e2e-'));
  const clients: pg.Client[] = [];
  const connect = async (database: string): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: server.url(database) });
    // A server that a test stops ends its clients; they are not what is tested.
    client.on('error', () => undefined);
    await client.connect();
    clients.push(client);
    return client;
  };
  const admin = await connect('postgres');
  await admin.query('CREATE DATABASE source');
  await admin.query('CREATE DATABASE warehouse');
  const source = await connect('source');
  await source.query(options.schema);
  const port = await freeLoopbackPort();
  const file = path.join(folder, 'pipeline.yaml');
  const storePath = path.join(folder, 'store');
  await writeFile(file, pipelineYaml(server, storePath, port, options));
  return {
    server,
    file,
    port,
    storePath,
    connect,
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.end().catch(() => undefined);
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A port that was free a moment ago. */
export async function freeLoopbackPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('no port'));
      });
    });
  });
}

function pipelineYaml(
  server: OwnServer,
  storePath: string,
  port: number,
  options: DaemonPipelineOptions,
): string {
  const name = options.name ?? 'copy';
  return `name: ${name}
transport: ${options.transport ?? `{ type: embedded, path: ${storePath} }`}
source:
  connector.class: postgres
  database.hostname: ${server.host}
  database.port: ${options.sourcePort ?? server.port}
  database.dbname: source
  database.user: ${server.user}
  database.password: "${server.password}"
  topic.prefix: ${name}
  slot.retry.delay.ms: 200
  slot.max.retries: 100
  errors.retry.delay.initial.ms: 200
${options.extraSource ?? ''}
sinks:
  - name: warehouse
    connector.class: jdbc
    connection.url: jdbc:postgresql://${server.host}:${server.port}/warehouse
    connection.user: ${server.user}
    connection.password: "${server.password}"
${options.extraSink ?? ''}
http: { listen: 127.0.0.1:${port} }
`;
}
