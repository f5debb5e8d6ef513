import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findJava } from './java-runtime.ts';
import type { KafkaNodePlan } from './kafka-settings.ts';
import { KAFKA_JAVA, kafkaLibraries, writeLogSettings, type KafkaMajor } from './kafka-storage.ts';
import { ServerProcess } from './server-process.ts';

/** How the virtual machine of a broker is run. */
export interface KafkaNodeOptions {
  readonly major: KafkaMajor;
  readonly plan: KafkaNodePlan;
  readonly properties: string;
  readonly javaOptions: readonly string[];
  /** As brokers are run: all compilers, more memory. Else it starts quickly and stays small. */
  readonly forSpeed: boolean;
}

const SMALL_AND_QUICK_TO_START = [
  '-Xms64m',
  '-Xmx256m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
];

/** One broker that is also a controller; its data outlive `stop` and `kill`. */
export class KafkaNode {
  readonly nodeId: number;
  readonly #options: KafkaNodeOptions;
  #process: ServerProcess | undefined;

  constructor(options: KafkaNodeOptions) {
    this.nodeId = options.plan.nodeId;
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Since it was last started. */
  get log(): string {
    return this.#process?.log ?? '';
  }

  /** Resolves when it is unfenced and serves requests. */
  async start(): Promise<void> {
    if (this.#process?.running === true) return;
    const { major, plan, properties, javaOptions } = this.#options;
    const { folder } = plan;
    const file = path.join(folder, 'server.properties');
    await writeFile(file, properties);
    const libraries = await kafkaLibraries(major);
    this.#process = new ServerProcess({
      program: findJava(KAFKA_JAVA),
      args: [
        ...(this.#options.forSpeed ? ['-Xmx512m'] : SMALL_AND_QUICK_TO_START),
        await writeLogSettings(major, folder),
        ...javaOptions,
        '-cp',
        `${libraries}/*`,
        'kafka.Kafka',
        file,
      ],
      folder,
      log: path.join(folder, 'broker.log'),
    });
    await this.#process.untilReady(({ log }) => log.includes('Kafka Server started'));
  }

  /** A controlled shutdown: leaders move, transactions and groups stay what they were. */
  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  pause(): void {
    this.#process?.pause();
  }

  resume(): void {
    this.#process?.resume();
  }
}
