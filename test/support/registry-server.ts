import path from 'node:path';
import { inject, onTestFinished } from 'vitest';
import type { SharedRegistry } from './global-setup-registry.ts';
import { findNewJava } from './java-runtime.ts';
import { mavenArchive } from './maven-packages.ts';
import { freePorts, ServerProcess } from './server-process.ts';
import { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts';

const VERSION = '3.3.3';
/** Where Apicurio speaks Confluent's REST API. */
const CONFLUENT_PATH = '/apis/ccompat/v7';

/**
 * A real schema registry on loopback: Apicurio, which keeps its schemas in memory. A killed one has
 * forgotten them all; `pause` is an outage that loses nothing.
 */
export class RegistryServer implements AsyncDisposable {
  readonly #folder: TemporaryFolder;
  readonly #port: number;
  readonly #healthPort: number;
  #process: ServerProcess | undefined;

  private constructor(folder: TemporaryFolder, port: number, healthPort: number) {
    this.#folder = folder;
    this.#port = port;
    this.#healthPort = healthPort;
  }

  /** Takes about four seconds. */
  static async start(): Promise<RegistryServer> {
    const folder = await temporaryFolder('registry');
    const [port = 0, healthPort = 0] = await freePorts(2);
    const server = new RegistryServer(folder, port, healthPort);
    try {
      await server.start();
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  /** What `schema.registry.url` takes. */
  get url(): string {
    return `${this.origin}${CONFLUENT_PATH}`;
  }

  /** Without the path of Confluent's API: Apicurio's own is beside it. */
  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get log(): string {
    return this.#process?.log ?? '';
  }

  /** On the ports that it had, with nothing in it. */
  async start(): Promise<void> {
    if (this.#process?.running === true) return;
    const { java, folder: program } = await registryPackage();
    this.#process = new ServerProcess({
      program: java,
      args: [
        '-Xms64m',
        '-Xmx256m',
        '-XX:+UseSerialGC',
        '-XX:TieredStopAtLevel=1',
        '-Dquarkus.http.host=127.0.0.1',
        `-Dquarkus.http.port=${this.#port}`,
        '-Dquarkus.management.host=127.0.0.1',
        `-Dquarkus.management.port=${this.#healthPort}`,
        '-Dquarkus.log.level=WARN',
        '-Dapicurio.storage.kind=sql',
        '-Dapicurio.storage.sql.kind=h2',
        '-jar',
        path.join(program, 'quarkus-run.jar'),
      ],
      folder: this.#folder.path,
      log: path.join(this.#folder.path, 'registry.log'),
    });
    await this.#process.untilReady(() => this.#isReady());
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
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

  async #isReady(): Promise<boolean> {
    const signal = AbortSignal.timeout(5000);
    const health = `http://127.0.0.1:${this.#healthPort}/health/ready`;
    const answers = await Promise.all(
      [health, `${this.url}/subjects`].map((url) =>
        fetch(url, { signal }).then(
          async (answer) => {
            await answer.arrayBuffer();
            return answer.ok;
          },
          () => false,
        ),
      ),
    );
    return answers.every(Boolean);
  }
}

/** The registry's program, 160 MB that are downloaded once, and a Java that runs it. */
export async function registryPackage(): Promise<{ java: string; folder: string }> {
  const folder = await mavenArchive(
    `apicurio-${VERSION}`,
    `io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`,
    { stripComponents: 0 },
  );
  return { java: await findNewJava(21), folder };
}

/** The registry of the project `registry`. Its subjects are everybody's: name yours apart. */
export function sharedRegistry(): SharedRegistry {
  return inject('registry');
}

/** Starts a registry for one test, or for several when a hook starts it. */
export async function startRegistry(): Promise<RegistryServer> {
  const server = await RegistryServer.start();
  try {
    onTestFinished(() => server[Symbol.asyncDispose]());
  } catch {
    // Started by a hook, for several tests: whoever did disposes of it.
  }
  return server;
}
