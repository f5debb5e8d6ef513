import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { openKafkajsClient } from '../../src/transport/kafka/kafkajs/kafkajs-client.ts';
import type { ClientFigure, ClientTask } from './kafka-client-process.ts';
import { perfTest } from './kafka-perf-test.ts';

/** What producing alone costs, without a database. */
export interface ProduceFigures {
  readonly recordsPerSecond: number;
  readonly cpuMicros: number;
}

const CLIENT_PROCESS = fileURLToPath(new URL('./kafka-client-process.ts', import.meta.url));
/** Key and value of the workload as JSON. */
const RECORD_BYTES = 900;

/** Our own client, in a process of its own, and then Kafka's perf test; one partition each. */
export async function measureProduce(
  servers: string,
  client: string,
  records: number,
): Promise<{ readonly ours: ProduceFigures; readonly java: ProduceFigures }> {
  await using admin = await openKafkajsClient({
    bootstrapServers: servers.split(','),
    clientId: 'bench',
    tls: null,
    sasl: null,
    requestTimeoutMs: 30_000,
    connectTimeoutMs: 10_000,
    metadataMaxAgeMs: 300_000,
  });
  const sides: Record<string, (task: ClientTask) => Promise<ClientFigure>> = {
    ours: (task) => inChild(client, servers, task),
    java: (task) => perfTest(servers, task),
  };
  const found: Record<string, ProduceFigures> = {};
  for (const [side, measure] of Object.entries(sides)) {
    const topic = `produce-${side}`;
    await admin.admin.createTopic({
      name: topic,
      partitions: 1,
      replicationFactor: 1,
      configs: {},
    });
    const task = { kind: 'produce', topic, partitions: 1, records, bytes: RECORD_BYTES } as const;
    const { seconds, cpuSeconds } = await measure(task);
    found[side] = { recordsPerSecond: records / seconds, cpuMicros: (cpuSeconds * 1e6) / records };
    await admin.admin.deleteTopics([topic]);
  }
  const { ours, java } = found;
  if (ours === undefined || java === undefined) throw new Error('nothing was measured');
  return { ours, java };
}

async function inChild(client: string, servers: string, task: ClientTask): Promise<ClientFigure> {
  const name = client === 'auto' ? 'kafkajs' : client;
  const child = fork(CLIENT_PROCESS, [name, servers], { execArgv: ['--expose-gc'] });
  await once(child, 'message');
  const answered = once(child, 'message');
  child.send(task);
  const [answer] = (await answered) as [{ figure?: ClientFigure; failed?: string }];
  child.disconnect();
  if (answer.figure === undefined) throw new Error(`${name} failed: ${answer.failed ?? ''}`);
  return answer.figure;
}
