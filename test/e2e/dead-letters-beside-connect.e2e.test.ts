import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { expect, test } from 'vitest';
import { startConnect } from '../support/connect-worker.ts';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { type ReadRecord, readTopic } from '../support/kafka-topic-reader.ts';
import { makeTopics } from '../support/kafka-topics.ts';
import { startOwnBroker } from '../support/kafka.ts';
import { pipelineFolder } from '../support/pipeline-text.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const JSON_CONVERTER = 'org.apache.kafka.connect.json.JsonConverter';

const fields = [{ field: 'id', type: 'int32', optional: false }];
const ROW = JSON.stringify({
  schema: { type: 'struct', optional: false, fields },
  payload: { id: 1 },
});

/** What fails in each stage; with a header of its own, and bytes that are no text. */
const POISON = [
  { key: Buffer.from('{no key'), value: Buffer.from(ROW), headers: { mine: 'a' } },
  {
    key: null,
    value: Buffer.from([0xff, 0, 0x7b]),
    headers: { mine: 'b', bytes: Buffer.from([255]) },
  },
  { key: null, value: Buffer.from(ROW), headers: { mine: 'c' } },
];

/** Of both. */
const SINK = {
  topics: 'poison',
  transforms: 'bad',
  'transforms.bad.type': 'org.apache.kafka.connect.transforms.ExtractField$Value',
  'transforms.bad.field': 'missing',
  'errors.tolerance': 'all',
  'errors.deadletterqueue.topic.replication.factor': '1',
  'errors.deadletterqueue.context.headers.enable': 'true',
};

/** Java's exceptions and their words are others; all else is to be equal, also the order. */
const OTHERS = /exception\.|connector\.name$|^__tidemark\./;

function compared({ key, value, headers = {} }: ReadRecord) {
  const own = Object.entries(headers).map(([name, bytes]): readonly [string, string] => [
    name,
    Buffer.from(bytes as Buffer).toString('latin1'),
  ]);
  return {
    key: key?.toString('latin1') ?? null,
    value: value?.toString('latin1') ?? null,
    names: own.map(([name]) => name).filter((name) => !name.startsWith('__tidemark.')),
    headers: own.filter(([name]) => !OTHERS.test(name)),
  };
}

test("dead letters have what Connect's own have, byte for byte (S11)", async () => {
  await using broker = await startOwnBroker();
  const { bootstrapServers } = broker;
  await using connect = await startConnect({ bootstrapServers, plugins: [] });
  await makeTopics(bootstrapServers, [{ topic: 'poison', numPartitions: 1, replicationFactor: 1 }]);
  const port = await freeLoopbackPort();
  await using target = await temporaryFolder('letters');
  await using folder = await pipelineFolder({
    name: 'letters',
    transport: {
      type: 'kafka',
      'bootstrap.servers': bootstrapServers,
      'offset.storage.topic': 'letters-offsets',
      'offset.storage.replication.factor': 1,
      'state.storage.topic': 'letters-state',
      'state.storage.replication.factor': 1,
    },
    source: {
      'connector.class': 'FileStreamSource',
      file: 'none.txt',
      topic: 'nothing',
      'key.converter': JSON_CONVERTER,
      'value.converter': JSON_CONVERTER,
    },
    sinks: [
      {
        ...SINK,
        name: 'ours',
        'connector.class': 'sqlite',
        'connection.url': `sqlite:${path.join(target.path, 'target.db')}`,
        'errors.park': 'record',
        'errors.deadletterqueue.topic.name': 'dead.ours',
      },
    ],
    http: { listen: `127.0.0.1:${port}` },
  });
  await writeFile(path.join(folder.folder, 'none.txt'), '');
  const producer = new Kafka({
    brokers: bootstrapServers.split(','),
    logLevel: logLevel.NOTHING,
  }).producer();
  await producer.connect();
  await producer.send({ topic: 'poison', messages: POISON });
  await producer.disconnect();
  await using daemon = Daemon.start({ file: folder.file, port });
  // Of one name they would be one group, and share the partitions.
  await connect.put('theirs', {
    ...SINK,
    'connector.class': 'org.apache.kafka.connect.file.FileStreamSinkConnector',
    file: path.join(folder.folder, 'theirs.txt'),
    'key.converter': JSON_CONVERTER,
    'value.converter': JSON_CONVERTER,
    'errors.deadletterqueue.topic.name': 'dead.theirs',
  });
  await daemon.until(({ sinks }) => sinks[0]?.deadLetters === POISON.length, 15_000);
  const three = (records: readonly ReadRecord[]): boolean => records.length >= POISON.length;
  const [theirs, ours] = await Promise.all(
    ['dead.theirs', 'dead.ours'].map((topic) => readTopic(bootstrapServers, topic, three)),
  );
  expect(ours?.map(compared)).toEqual(theirs?.map(compared));
  const stages = ours?.map(({ headers }) => String(headers?.['__connect.errors.stage']));
  expect(stages).toEqual(['KEY_CONVERTER', 'VALUE_CONVERTER', 'TRANSFORMATION']);
  expect(await daemon.stop()).toBe(0);
});
