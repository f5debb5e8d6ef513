import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { startConnect } from '../support/connect-worker.ts';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { eventually } from '../support/eventually.ts';
import { startOwnBroker } from '../support/kafka.ts';
import { readTopic } from '../support/kafka-topic-reader.ts';
import { pipelineFolder } from '../support/pipeline-text.ts';

const JAVA_CLASS = 'org.apache.kafka.connect.file.FileStreamSourceConnector';
const JSON_CONVERTER = 'org.apache.kafka.connect.json.JsonConverter';
/** All ends of lines; the last line has none yet. ASCII: the original counts characters. */
const LINES = 'one\n"two"\r\n\nthree\rfour\n not yet';

test("the Java class has the records and the offset of Connect's own", async () => {
  const [broker, port] = await Promise.all([startOwnBroker(), freeLoopbackPort()]);
  await using _broker = broker;
  const { bootstrapServers } = broker;
  await using connect = await startConnect({ bootstrapServers, plugins: [] });
  const config = {
    'connector.class': JAVA_CLASS,
    file: 'lines.txt',
    'key.converter': JSON_CONVERTER,
    'value.converter': JSON_CONVERTER,
    'topic.creation.default.partitions': '1',
    'topic.creation.default.replication.factor': '1',
  };
  await using folder = await pipelineFolder({
    name: 'ours',
    transport: {
      type: 'kafka',
      'bootstrap.servers': bootstrapServers,
      'offset.storage.topic': 'lines-offsets',
      'state.storage.topic': 'lines-state',
    },
    source: { ...config, topic: 'ours' },
    http: { listen: `127.0.0.1:${port}` },
  });
  const file = path.join(folder.folder, 'lines.txt');
  await writeFile(file, LINES);
  await connect.put('theirs', { ...config, topic: 'theirs', file });
  await using daemon = Daemon.start({ file: folder.file, port });
  const shown = async (topic: string, enough: (values: readonly string[]) => boolean) =>
    (
      await readTopic(bootstrapServers, topic, (records) =>
        enough(records.map(({ key, value }) => `${String(key)} ${String(value)}`)),
      )
    ).map(({ key, value, headers }) => ({
      key: key?.toString() ?? null,
      value: value?.toString() ?? null,
      headers,
    }));
  const [theirs, ours] = await Promise.all(
    ['theirs', 'ours'].map((topic) => shown(topic, ({ length }) => length === 5)),
  );
  expect(ours).toEqual(theirs);
  const position = LINES.length - ' not yet'.length;
  await eventually(async () => {
    expect(await connect.offsets('theirs')).toEqual({
      offsets: [{ partition: { filename: file }, offset: { position } }],
    });
  });
  // The entry of the original's own form, under the name that the file has there.
  const entry = `["ours",{"filename":"lines.txt"}] {"position":${position}}`;
  await shown('lines-offsets', (entries) => entries.includes(entry));
  expect(await daemon.stop()).toBe(0);
});
