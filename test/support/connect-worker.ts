import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { connectLibraries, layPlugins, type ConnectPlugin } from './connect-packages.ts';
import { findJava } from './java-runtime.ts';
import { randomId, writeLogSettings } from './kafka-storage.ts';
import { freePorts, ServerProcess } from './server-process.ts';
import { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts';

/** How a worker is started. */
export interface ConnectOptions {
  readonly bootstrapServers: string;
  readonly plugins?: readonly ConnectPlugin[];
  /** More lines of the worker's configuration, or others in place of ours. */
  readonly settings?: Readonly<Record<string, string>>;
  /** For benchmarks: the virtual machine that Connect's own script starts. */
  readonly forSpeed?: boolean;
}

/** What Connect says of a connector: it, and its tasks with the trace of those that failed. */
export interface ConnectorStatus {
  readonly connector: { readonly state: string; readonly trace?: string };
  readonly tasks: readonly {
    readonly id: number;
    readonly state: string;
    readonly trace?: string;
  }[];
}

const POLL_MS = 100;

const SMALL_AND_QUICK_TO_START = [
  '-Xms64m',
  '-Xmx512m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
];

/** Of `connect-distributed.sh` and `kafka-run-class.sh`. */
const AS_SHIPPED = [
  '-Xms256M',
  '-Xmx2G',
  '-server',
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
  '-XX:+ExplicitGCInvokesConcurrent',
];

/** A worker of Kafka Connect 4.3 in distributed mode, alone in its group. */
export class ConnectWorker implements AsyncDisposable {
  /** Where its REST API is. */
  readonly url: string;
  readonly offsetsTopic: string;
  readonly #options: ConnectOptions;
  readonly #folder: TemporaryFolder;
  readonly #port: number;
  readonly #id = randomId().replaceAll(/[^A-Za-z0-9]/g, 'x');
  #process: ServerProcess | undefined;

  private constructor(options: ConnectOptions, folder: TemporaryFolder, port: number) {
    this.#options = options;
    this.#folder = folder;
    this.#port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.offsetsTopic = options.settings?.['offset.storage.topic'] ?? `connect-${this.#id}-offsets`;
  }

  static async start(options: ConnectOptions): Promise<ConnectWorker> {
    const folder = await temporaryFolder('connect');
    const [port = 0] = await freePorts(1);
    const worker = new ConnectWorker(options, folder, port);
    try {
      await worker.start();
    } catch (error) {
      await worker[Symbol.asyncDispose]();
      throw error;
    }
    return worker;
  }

  /**
   * Options of a connector for Apicurio's Avro converter in Confluent's wire format: a zero, four
   * bytes of the schema's id in the registry at `origin`, the row.
   */
  avro(origin: string): Record<string, string> {
    return Object.fromEntries(
      ['key', 'value'].flatMap((side) => {
        const prefix = `${side}.converter`;
        return [
          [prefix, 'io.apicurio.registry.utils.converter.AvroConverter'],
          [`${prefix}.apicurio.registry.url`, `${origin}/apis/registry/v2`],
          [`${prefix}.apicurio.registry.auto-register`, 'true'],
          [`${prefix}.apicurio.registry.find-latest`, 'true'],
          [`${prefix}.apicurio.registry.headers.enabled`, 'false'],
          [`${prefix}.apicurio.registry.as-confluent`, 'true'],
          [`${prefix}.apicurio.registry.use-id`, 'contentId'],
        ];
      }),
    ) as Record<string, string>;
  }

  get log(): string {
    return this.#process?.log ?? '';
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Again with the same connectors, which are in topics of the broker. */
  async start(): Promise<void> {
    if (this.#process?.running === true) return;
    const folder = this.#folder.path;
    const properties = path.join(folder, 'connect.properties');
    const settings = Object.entries({
      ...this.#settings(),
      'plugin.path': await layPlugins(folder, this.#options.plugins ?? []),
      ...this.#options.settings,
    });
    await writeFile(properties, settings.map(([name, value]) => `${name}=${value}\n`).join(''));
    const libraries = await connectLibraries();
    this.#process = new ServerProcess({
      program: findJava(17),
      args: [
        ...(this.#options.forSpeed === true ? AS_SHIPPED : SMALL_AND_QUICK_TO_START),
        '-Duser.timezone=UTC',
        await writeLogSettings('4', folder),
        '-cp',
        `${libraries}/*`,
        'org.apache.kafka.connect.cli.ConnectDistributed',
        properties,
      ],
      folder,
      log: path.join(folder, 'connect.log'),
    });
    await this.#process.untilReady(async () => {
      const answer = await fetch(`${this.url}/connectors`).catch(() => undefined);
      await answer?.arrayBuffer();
      return answer?.ok === true;
    });
  }

  /** Makes a connector, or changes it; resolves when it and all its tasks run. */
  async put(name: string, config: Readonly<Record<string, string>>): Promise<void> {
    const body = JSON.stringify({ name, ...config });
    await this.#request('PUT', `/connectors/${name}/config`, body);
    await this.untilRunning(name);
  }

  /** Undefined: Connect does not know it (yet). */
  async status(name: string): Promise<ConnectorStatus | undefined> {
    const answer = await fetch(`${this.url}/connectors/${name}/status`);
    if (answer.status === 404) {
      await answer.arrayBuffer();
      return undefined;
    }
    return (await answer.json()) as ConnectorStatus;
  }

  /** Fails with the trace when the connector or one of its tasks does. */
  async untilRunning(name: string, deadlineMs = 60_000): Promise<void> {
    const deadline = performance.now() + deadlineMs;
    for (;;) {
      const status = await this.status(name);
      const parts = status === undefined ? [] : [status.connector, ...status.tasks];
      const failed = parts.find(({ state }) => state === 'FAILED');
      if (failed !== undefined) throw new Error(`connector ${name} failed: ${failed.trace}`);
      if (parts.length > 1 && parts.every(({ state }) => state === 'RUNNING')) return;
      if (performance.now() > deadline) {
        throw new Error(`connector ${name} does not run: ${JSON.stringify(status)}`);
      }
      await sleep(POLL_MS);
    }
  }

  /** The offsets that Connect keeps for a connector, as its REST API has them. */
  async offsets(name: string): Promise<unknown> {
    return this.#request('GET', `/connectors/${name}/offsets`);
  }

  /** `STOPPED`: the tasks are gone, the offsets stay and may be altered. */
  async stopConnector(name: string, deadlineMs = 60_000): Promise<void> {
    await this.#request('PUT', `/connectors/${name}/stop`);
    const deadline = performance.now() + deadlineMs;
    for (;;) {
      const status = await this.status(name);
      if (status?.connector.state === 'STOPPED' && status.tasks.length === 0) return;
      if (performance.now() > deadline) throw new Error(`connector ${name} does not stop`);
      await sleep(POLL_MS);
    }
  }

  async delete(name: string): Promise<void> {
    await this.#request('DELETE', `/connectors/${name}`);
  }

  /** Connectors are told to end and offsets are written. */
  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#folder[Symbol.asyncDispose]();
  }

  /** Asked again while the worker joins its group and says 409. */
  async #request(method: string, resource: string, body?: string): Promise<unknown> {
    const deadline = performance.now() + 60_000;
    for (;;) {
      const answer = await fetch(`${this.url}${resource}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body }),
      });
      const text = await answer.text();
      if (answer.ok) return text === '' ? undefined : JSON.parse(text);
      if (answer.status !== 409 || performance.now() > deadline) {
        throw new Error(`${method} ${resource}: ${answer.status} ${text}`);
      }
      await sleep(POLL_MS);
    }
  }

  #settings(): Record<string, string> {
    const prefix = `connect-${this.#id}`;
    return {
      'bootstrap.servers': this.#options.bootstrapServers,
      'group.id': prefix,
      listeners: this.url,
      'rest.advertised.host.name': '127.0.0.1',
      'rest.advertised.port': String(this.#port),
      'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'config.storage.topic': `${prefix}-configs`,
      'offset.storage.topic': this.offsetsTopic,
      'status.storage.topic': `${prefix}-status`,
      'config.storage.replication.factor': '1',
      'offset.storage.replication.factor': '1',
      'offset.storage.partitions': '1',
      'status.storage.replication.factor': '1',
      'status.storage.partitions': '1',
      'offset.flush.interval.ms': '500',
      'plugin.discovery': 'service_load',
      'topic.creation.enable': 'true',
      'scheduled.rebalance.max.delay.ms': '0',
      'connector.client.config.override.policy': 'All',
    };
  }
}

/** Starts a worker for one test, or for several when a hook starts it. */
export async function startConnect(options: ConnectOptions): Promise<ConnectWorker> {
  const worker = await ConnectWorker.start(options);
  try {
    onTestFinished(() => worker[Symbol.asyncDispose]());
  } catch {
    // Started by a hook, for several tests: whoever did disposes of it.
  }
  return worker;
}
