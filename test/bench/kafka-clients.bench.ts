/**
 * `npm run bench -- kafka-clients [--records N] [--bytes N] [--partitions N] [--rounds N]
 * [--json]`: both clients and Kafka's own perf tests, in turn, idempotent with acks=all, into one
 * broker of the tests. Each client has a process; the first round warms it up and is not counted.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openKafkajsClient } from '../../src/transport/kafka/kafkajs/kafkajs-client.ts';
import { KafkaCluster } from '../support/kafka-cluster.ts';
import type { ClientFigure, ClientTask } from './kafka-client-process.ts';
import { perfTest } from './kafka-perf-test.ts';

const CLIENT_PROCESS = fileURLToPath(new URL('./kafka-client-process.ts', import.meta.url));
const CLIENTS = ['kafkajs', 'platformatic'];
const KINDS = ['produce', 'consume'] as const;

const { values: options } = parseArgs({
  options: {
    records: { type: 'string', default: '500000' },
    bytes: { type: 'string', default: '300' },
    partitions: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});
const records = Number(options.records);
const bytes = Number(options.bytes);
const partitions = Number(options.partitions);

type Measure = (task: ClientTask) => Promise<ClientFigure>;

/** What is told of a side: medians over the rounds. */
interface Figures {
  readonly recordsPerSecond: number;
  readonly cpuMicrosPerRecord: number;
}

await using cluster = await KafkaCluster.start({ major: '4', forSpeed: true });
const servers = cluster.bootstrapServers;
const children = await Promise.all(CLIENTS.map(startClient));
const sides: (readonly [name: string, measure: Measure])[] = [
  ...children.map((child, i) => [CLIENTS[i] ?? '', askOf(child)] as const),
  ['perf-test', (task) => perfTest(servers, task)],
];
const rounds = await measureRounds();
const figures = Object.fromEntries(
  sides.map(([name]) => [
    name,
    Object.fromEntries(KINDS.map((kind) => [kind, medians(rounds.get(`${name} ${kind}`) ?? [])])),
  ]),
);
for (const child of children) child.disconnect();
print();

async function measureRounds(): Promise<Map<string, ClientFigure[]>> {
  await using admin = await openKafkajsClient({
    bootstrapServers: servers.split(','),
    clientId: 'bench',
    tls: null,
    sasl: null,
    requestTimeoutMs: 30_000,
    connectTimeoutMs: 10_000,
    metadataMaxAgeMs: 300_000,
  });
  const measured = new Map<string, ClientFigure[]>();
  for (let round = 0; round <= Number(options.rounds); round++) {
    for (const [name, measure] of sides) {
      const topic = `${name}-${round}`;
      await admin.admin.createTopic({ name: topic, partitions, replicationFactor: 1, configs: {} });
      for (const kind of KINDS) {
        const figure = await measure({ kind, topic, partitions, records, bytes });
        const key = `${name} ${kind}`;
        if (round > 0) measured.set(key, [...(measured.get(key) ?? []), figure]);
      }
      await admin.admin.deleteTopics([topic]);
    }
  }
  return measured;
}

async function startClient(name: string): Promise<ChildProcess> {
  const child = fork(CLIENT_PROCESS, [name, servers], { execArgv: ['--expose-gc'] });
  await messageFrom(child);
  return child;
}

/** The next message; throws when the process ends without one. */
async function messageFrom(child: ChildProcess): Promise<unknown> {
  const answered = new AbortController();
  const { signal } = answered;
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`the process of a client ended with ${String(code)}`);
  });
  ended.catch(() => undefined);
  const heard = once(child, 'message', { signal });
  heard.catch(() => undefined);
  try {
    const [message] = (await Promise.race([heard, ended])) as [unknown];
    return message;
  } finally {
    answered.abort();
  }
}

function askOf(child: ChildProcess): Measure {
  return async (task) => {
    child.send(task);
    const answer = (await messageFrom(child)) as {
      readonly figure?: ClientFigure;
      readonly failed?: string;
    };
    if (answer.figure === undefined) throw new Error(answer.failed);
    return answer.figure;
  };
}

function medians(measured: readonly ClientFigure[]): Figures {
  return {
    recordsPerSecond: Math.round(median(measured.map(({ seconds }) => records / seconds))),
    cpuMicrosPerRecord: median(measured.map(({ cpuSeconds }) => (cpuSeconds / records) * 1e6)),
  };
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}

function print(): void {
  const memory = `${records} records of ${bytes} bytes, ${partitions} partitions`;
  process.stdout.write(`${memory}, median of ${options.rounds} rounds\n`);
  for (const [name, byKind] of Object.entries(figures)) {
    const cells = Object.entries(byKind).map(([kind, { recordsPerSecond, cpuMicrosPerRecord }]) => {
      const rate = String(recordsPerSecond).padStart(8);
      return `${kind} ${rate} records/s ${cpuMicrosPerRecord.toFixed(2).padStart(6)} µs CPU`;
    });
    process.stdout.write(`${name.padEnd(12)} ${cells.join('   ')}\n`);
  }
  if (!options.json) return;
  process.stdout.write(
    `${JSON.stringify({ bench: 'kafka-clients', records, bytes, partitions, figures })}\n`,
  );
}
