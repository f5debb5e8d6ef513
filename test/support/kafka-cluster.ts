import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { KafkaNode } from './kafka-node.ts';
import { KAFKA_USERS, prepareSecurity, type KafkaSecurity } from './kafka-security.ts';
import { PLAIN_LISTENERS, serverProperties, type KafkaNodePlan } from './kafka-settings.ts';
import { formatStorage, kafkaVersion, type KafkaMajor } from './kafka-storage.ts';
import { freePorts } from './server-process.ts';
import { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts';

/** Which cluster to start. */
export interface KafkaClusterOptions {
  readonly major: KafkaMajor;
  /** More lines of `server.properties`. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** With TLS, SASL and ACLs; more users than `KAFKA_USERS` may be given. */
  readonly secure?: boolean | { readonly users: Readonly<Record<string, string>> };
  /** 1 unless said otherwise, each with a virtual machine of its own. */
  readonly brokers?: number;
  /** For benchmarks: a machine as brokers are run on. */
  readonly forSpeed?: boolean;
}

/** A real Kafka on loopback. Its brokers are signalled together; `nodes` has them one by one. */
export class KafkaCluster implements AsyncDisposable {
  readonly major: KafkaMajor;
  readonly version: string;
  readonly nodes: readonly KafkaNode[];
  readonly #plans: readonly KafkaNodePlan[];
  readonly #folder: TemporaryFolder;
  readonly #security: KafkaSecurity | undefined;

  private constructor(
    options: KafkaClusterOptions,
    folder: TemporaryFolder,
    plans: readonly KafkaNodePlan[],
    security: KafkaSecurity | undefined,
  ) {
    const { major, settings = {} } = options;
    const listening = security?.listening ?? PLAIN_LISTENERS;
    this.major = major;
    this.version = kafkaVersion(major);
    this.#plans = plans;
    this.#folder = folder;
    this.#security = security;
    this.nodes = plans.map(
      (plan) =>
        new KafkaNode({
          major,
          plan,
          properties: serverProperties(major, plan, plans, listening, settings),
          javaOptions: security?.javaOptions ?? [],
          forSpeed: options.forSpeed ?? false,
        }),
    );
  }

  static async start(options: KafkaClusterOptions): Promise<KafkaCluster> {
    const { major, secure = false, brokers = 1 } = options;
    const folder = await temporaryFolder(`kafka-${major}`);
    const users = typeof secure === 'object' ? secure.users : {};
    const security = secure === false ? undefined : await prepareSecurity(folder.path, users);
    const { listeners } = security?.listening ?? PLAIN_LISTENERS;
    const plans = await planNodes(folder.path, brokers, Object.keys(listeners));
    await formatStorage(
      major,
      plans.map(({ nodeId, folder: own }) => ({ nodeId, folder: path.join(own, 'data') })),
      security === undefined ? {} : { ...KAFKA_USERS, ...users },
    );
    const cluster = new KafkaCluster(options, folder, plans, security);
    try {
      await cluster.start();
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  /** Plain text; of a secured cluster SASL_SSL, by the name that its certificate has. */
  get bootstrapServers(): string {
    return this.#addresses(this.#security === undefined ? 'PLAINTEXT' : 'SASL_SSL');
  }

  /** SASL without TLS. */
  get saslPlaintextServers(): string {
    return this.#addresses('SASL_PLAINTEXT');
  }

  /** TLS without authentication: `User:ANONYMOUS`. */
  get sslServers(): string {
    return this.#addresses('SSL');
  }

  /** Only with a client's certificate: `User:CN=certuser`. */
  get mutualTlsServers(): string {
    return this.#addresses('MUTUAL');
  }

  /** A token for OAUTHBEARER; with `seconds` below 0 it has run out. */
  token(subject: string, seconds?: number): string {
    if (this.#security === undefined) throw new Error('only a secured cluster has tokens');
    return this.#security.issuer.token(subject, seconds);
  }

  async start(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.start()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  async kill(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
  }

  pause(): void {
    for (const node of this.nodes) node.pause();
  }

  resume(): void {
    for (const node of this.nodes) node.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#folder[Symbol.asyncDispose]();
  }

  #addresses(listener: string): string {
    const host = this.#security === undefined ? '127.0.0.1' : 'localhost';
    return this.#plans
      .map(({ ports }) => {
        const port = ports[listener];
        if (port === undefined) throw new Error(`the cluster does not listen on ${listener}`);
        return `${host}:${port}`;
      })
      .join(',');
  }
}

async function planNodes(
  folder: string,
  count: number,
  listeners: readonly string[],
): Promise<KafkaNodePlan[]> {
  const ports = await freePorts(count * listeners.length);
  const plans: KafkaNodePlan[] = [];
  for (let index = 0; index < count; index++) {
    const own = path.join(folder, `node-${index + 1}`);
    await mkdir(own);
    plans.push({
      nodeId: index + 1,
      folder: own,
      ports: Object.fromEntries(
        listeners.map((name, at) => [name, ports[index * listeners.length + at] ?? 0]),
      ),
    });
  }
  return plans;
}
