import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { AlertNotice } from '../../src/alert/alert-notice.ts';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { eventually } from '../support/eventually.ts';
import { startOwnBroker } from '../support/kafka.ts';
import { readTopic } from '../support/kafka-topic-reader.ts';
import { pipelineFolder } from '../support/pipeline-text.ts';
import { answerJson, startScriptedHttp } from '../support/scripted-http.ts';
import { reportProblems } from '../support/verify-report-schema.ts';

/** Lines of a file through Kafka into another one; alerts go to a webhook and to a topic. */
async function linesOverKafka(bootstrapServers: string, hook: string) {
  const port = await freeLoopbackPort();
  const pipeline = await pipelineFolder({
    name: 'lines',
    transport: {
      type: 'kafka',
      'bootstrap.servers': bootstrapServers,
      'request.timeout.ms': '2s',
      'producer.delivery.timeout.ms': '20s',
      'consumer.session.timeout.ms': '6s',
      'consumer.heartbeat.interval.ms': '1s',
    },
    source: { 'connector.class': 'file', file: 'in.txt', topic: 'lines', 'poll.interval.ms': 20 },
    sinks: [{ name: 'out', 'connector.class': 'file', file: 'target/out.txt' }],
    alerts: {
      'resolve.after': '1s',
      rules: [{ classes: String.raw`task\.retrying`, for: 0, severity: 'critical' }],
      channels: [{ type: 'webhook', url: hook, 'retry.delay.max': '200ms' }, { type: 'topic' }],
    },
    http: { listen: `127.0.0.1:${port}` },
  });
  await mkdir(path.join(pipeline.folder, 'target'));
  await writeFile(path.join(pipeline.folder, 'in.txt'), '{"value":"one"}\n');
  return { ...pipeline, port, target: path.join(pipeline.folder, 'target') };
}

async function ended(daemon: Daemon): Promise<void> {
  const code = await daemon.stop();
  expect({ code, said: daemon.output }).toMatchObject({ code: 0 });
}

type Told = Pick<AlertNotice, 'id' | 'notice' | 'status' | 'class' | 'sink'>;

/** Each notice once, as `status class`, however often it came. */
function distinct(told: readonly Told[]): readonly string[] {
  const byNotice = new Map(told.map((one) => [one.notice, `${one.status} ${one.class}`]));
  return [...byNotice.values()];
}

/** A start that waits for the brokers tells so, and the daemon that they are back. */
async function toldWhileStarting(
  pipeline: Parameters<typeof Daemon.start>[0],
  broker: Awaited<ReturnType<typeof startOwnBroker>>,
  got: readonly AlertNotice[],
): Promise<void> {
  await broker.kill();
  const before = got.length;
  await using daemon = Daemon.start(pipeline);
  const told = (): readonly string[] =>
    distinct(got.slice(before).filter((one) => one.class === 'stall.broker_down'));
  await eventually(() => expect(told()).toEqual(['firing stall.broker_down']));
  expect(got.at(-1)).toMatchObject({
    severity: 'critical',
    sink: null,
    title: expect.stringContaining('the start waits for the brokers: KAFKA_') as string,
  });
  const waiting = await daemon.until(({ watch }) => watch?.stalls[0]?.cause === 'broker_down');
  expect(waiting).toMatchObject({ healthy: false, source: { state: 'backing-off' } });
  expect(waiting.alerts?.firing).toMatchObject([{ class: 'stall.broker_down', told: true }]);
  await broker.start();
  await daemon.until(({ source }) => source.state === 'running');
  await eventually(() =>
    expect(told()).toEqual(['firing stall.broker_down', 'resolved stall.broker_down']),
  );
  expect(new Set(got.slice(before).map(({ id }) => id)).size).toBe(1);
  await daemon.until(
    (status) => status.alerts?.channels.every(({ queued }) => queued === 0) === true,
  );
  await ended(daemon);
}

// PITFALLS S25. The store of the alerts is a topic here: what is down may be what remembers.
test('killed between finding and telling, and with the broker away: none is lost', async () => {
  const got: AlertNotice[] = [];
  await using receiver = await startScriptedHttp((request, response) => {
    got.push(JSON.parse(request.body.toString()) as AlertNotice);
    answerJson(response, 200, {});
  });
  await using broker = await startOwnBroker();
  const { bootstrapServers } = broker;
  await using pipeline = await linesOverKafka(bootstrapServers, receiver.origin);
  {
    await using daemon = Daemon.start(pipeline);
    await daemon.until(({ sinks }) => sinks[0]?.applied === 1);
    await ended(daemon);
  }
  // Without its folder the sink fails.
  await rm(pipeline.target, { recursive: true });
  for (const faultPoint of ['alert.stored', 'alert.delivered:2']) {
    await using daemon = Daemon.start({ ...pipeline, faultPoint });
    expect({ ...(await daemon.ended), said: daemon.output }).toMatchObject({ signal: 'SIGKILL' });
    if (faultPoint === 'alert.stored') expect(got).toEqual([]);
  }
  await mkdir(pipeline.target);
  await using daemon = Daemon.start(pipeline);
  const over = ['firing task.retrying', 'resolved task.retrying'];
  await eventually(() => expect(distinct(got)).toEqual(over));
  expect(new Set(got.map(({ id }) => id)).size).toBe(1);

  await daemon.until(({ sinks }) => sinks[0]?.state === 'running');
  await broker.kill();
  await appendFile(path.join(pipeline.folder, 'in.txt'), '{"value":"two"}\n');
  // Told while nothing can be stored.
  const isDown = ({ status, class: name, sink }: AlertNotice): boolean =>
    status === 'firing' && name === 'stall.broker_down' && sink === 'out';
  await eventually(() => expect(got.some(isDown)).toBe(true));
  const { alerts } = await daemon.until(({ watch }) => {
    const stalls = watch?.stalls ?? [];
    return stalls.some(({ cause, sink }) => cause === 'broker_down' && sink === 'out');
  });
  const firing = alerts?.firing.map(({ class: name, told }) => `${name} ${told}`);
  expect(firing).toContain('stall.broker_down true');
  await broker.start();
  await daemon.until(({ sinks }) => sinks[0]?.applied === 1);
  const id = got.find(isDown)?.id;
  await eventually(() =>
    expect(got.filter((one) => one.id === id).at(-1)?.status).toBe('resolved'),
  );
  await daemon.until(
    (status) => status.alerts?.channels.every(({ queued }) => queued === 0) === true,
  );
  await ended(daemon);
  await toldWhileStarting(pipeline, broker, got);

  const wanted = new Set(got.map(({ notice }) => notice));
  const records = await readTopic(bootstrapServers, '__tidemark.alerts.lines', (all) => {
    const told = new Set(all.map(({ headers }) => String(headers?.['tidemark.notice'])));
    return wanted.isSubsetOf(told);
  });
  for (const { key, value, headers } of records) {
    const notice = JSON.parse(String(value)) as AlertNotice;
    expect(await reportProblems(notice, 'alert.schema.json')).toBe('');
    expect([String(key), String(headers?.['tidemark.notice'])]).toEqual([notice.id, notice.notice]);
  }
});
