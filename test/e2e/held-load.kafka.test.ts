import { expect, test } from 'vitest';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import { heldOnPostgres } from '../support/held-pipeline.ts';
import { expectEachOnce, LOADED } from '../support/held-load.ts';
import { HeldPlay } from '../support/held-play.ts';
import { freshPrefix, sharedBroker } from '../support/kafka.ts';
import { CommittedLog } from '../support/kafka-committed-log.ts';
import type { StoredRecord } from '../support/ledger-log.ts';

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261123);

/** What readers of committed records have of the tables. */
async function committed(servers: string, name: string): Promise<readonly StoredRecord[]> {
  await using log = new CommittedLog(servers);
  const found: StoredRecord[] = [];
  for (const table of LOADED) {
    const topic = `${name}.public.${table}`;
    const [keys, values] = [new JsonConverter(), new JsonConverter()];
    for (const { key, value } of (await log.read(topic)).flat()) {
      const one = { key: keys.toConnect(topic, key), value: values.toConnect(topic, value) };
      found.push({ topic, ...one, position: null });
    }
  }
  return found;
}

test('what waits is kept by brokers, over kills: their readers see each change once', async () => {
  const { bootstrapServers } = sharedBroker();
  const name = freshPrefix();
  const transport = {
    type: 'kafka',
    'bootstrap.servers': bootstrapServers,
    'offset.storage.topic': `${name}-offsets`,
    'state.storage.topic': `${name}-state`,
    'group.id': name,
  };
  const source = {
    'key.converter': 'json',
    'value.converter': 'json',
    'exactly.once.support': 'required',
    'topic.creation.default.partitions': 2,
    'topic.creation.default.replication.factor': 1,
  };
  await using pipeline = await heldOnPostgres({
    name,
    transport: JSON.stringify(transport),
    extraSource: Object.entries(source)
      .map(([property, value]) => `  ${property}: ${value}`)
      .join('\n'),
    // A killed daemon is a member of its group until the broker has missed it.
    extraSink: [
      `    consumer.override.group.id: ${name}-warehouse`,
      '    consumer.override.session.timeout.ms: 3s',
      '    consumer.override.heartbeat.interval.ms: 500ms',
    ].join('\n'),
  });
  await using play = await HeldPlay.begin(pipeline, SEED);
  await play.approvedOverKills();
  await play.rejectedAndUndone('retyped');
  await play.rests();
  const records = await committed(bootstrapServers, name);
  expectEachOnce(records, play.load.expected());
  expect(records.length).toBeGreaterThan(1000);
});
