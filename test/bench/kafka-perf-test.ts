import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { findJava } from '../support/java-runtime.ts';
import { KAFKA_JAVA } from '../support/kafka-storage.ts';
import { mavenLibraries } from '../support/maven-packages.ts';
import type { ClientFigure, ClientTask } from './kafka-client-process.ts';

/** The newest of which the tools are published. */
const TOOLS = '4.3.1';

/**
 * Kafka's own `kafka-producer-perf-test` and `kafka-consumer-perf-test`, as a yardstick: the time
 * is what they tell themselves, the CPU that of their whole process, its start included.
 */
export async function perfTest(servers: string, task: ClientTask): Promise<ClientFigure> {
  const libraries = await mavenLibraries(`kafka-tools-${TOOLS}`, [
    { coordinates: `org.apache.kafka:kafka-tools:${TOOLS}` },
    { coordinates: 'org.slf4j:slf4j-nop:1.7.36' },
  ]);
  const [mainClass, ...args] =
    task.kind === 'produce' ? produce(servers, task) : consume(servers, task);
  // The shell tells what its children used: user and system seconds of all of them.
  const script = '"$@" && times';
  const java = [findJava(KAFKA_JAVA), '-Xmx512m', '-cp', `${libraries}/*`, mainClass ?? ''];
  const child = spawn('sh', ['-c', script, 'sh', ...java, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [output, [code]] = await Promise.all([text(child.stdout), closed]);
  if (code !== 0) throw new Error(`the perf test ended with ${code}: ${output}`);
  return { seconds: secondsOf(output, task), cpuSeconds: cpuOf(output), peakMb: 0 };
}

function produce(servers: string, { topic, records, bytes }: ClientTask): string[] {
  const settings = ['acks=all', 'enable.idempotence=true', 'batch.size=1000000', 'linger.ms=5'];
  const name = 'org.apache.kafka.tools.ProducerPerformance';
  const load = `--topic ${topic} --num-records ${records} --record-size ${bytes} --throughput -1`;
  const props = `--producer-props bootstrap.servers=${servers} buffer.memory=67108864`;
  return [name, ...load.split(' '), ...props.split(' '), ...settings];
}

function consume(servers: string, { topic, records }: ClientTask): string[] {
  const load = `--topic ${topic} --messages ${records} --bootstrap-server ${servers}`;
  return ['org.apache.kafka.tools.ConsumerPerformance', ...load.split(' '), '--timeout', '60000'];
}

function secondsOf(output: string, { kind, records }: ClientTask): number {
  if (kind === 'produce') {
    const rate = [...output.matchAll(/([\d.]+) records\/sec/g)].at(-1)?.[1];
    return records / Number(rate);
  }
  // start, end, MB, MB/s, records, records/s, ms of the rebalance, ms of fetching, …
  const columns = output.trim().split('\n').at(-3)?.split(', ') ?? [];
  return Number(columns[7]) / 1000;
}

function cpuOf(output: string): number {
  const [user, system] = [...output.matchAll(/(\d+)m([\d.]+)s/g)]
    .slice(-2)
    .map(([, minutes, seconds]) => Number(minutes) * 60 + Number(seconds));
  return (user ?? 0) + (system ?? 0);
}
