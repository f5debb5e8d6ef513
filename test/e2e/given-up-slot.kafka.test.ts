import { expect, test } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { familyPipeline, postgresFamily } from '../support/family-pipeline.ts';
import { freshPrefix, sharedBroker } from '../support/kafka.ts';
import { readTopic, type ReadRecord } from '../support/kafka-topic-reader.ts';
import {
  loseSlot,
  reconfigure,
  startForgetfulServer,
  untilGapHealed,
} from '../support/lost-slot.ts';
import { freshDatabase } from '../support/postgres.ts';

interface Told {
  readonly op?: string;
  readonly after?: { readonly id: number; readonly v: string } | null;
  readonly aggregate_type?: string;
  readonly type?: string;
}

/** Payloads of a topic, tombstones aside, up to the last that is waited for. */
async function toldIn(topic: string, isLast: (told: Told) => boolean): Promise<readonly Told[]> {
  const payloadsOf = (records: readonly ReadRecord[]): readonly Told[] =>
    records.flatMap(({ value }) =>
      value === null ? [] : [(JSON.parse(value.toString()) as { readonly payload: Told }).payload],
    );
  const { bootstrapServers } = sharedBroker();
  return payloadsOf(
    await readTopic(bootstrapServers, topic, (records) => payloadsOf(records).some(isLast)),
  );
}

test('a gap is told in topics: by a truncate, rows that are read, and a notification', async () => {
  await using server = await startForgetfulServer();
  await using source = await postgresFamily(await server.freshDatabase());
  await using copy = await postgresFamily(await freshDatabase());
  await source.run(`CREATE TABLE item (id int PRIMARY KEY, v text);
    INSERT INTO item VALUES (1, 'gone'), (2, 'kept')`);
  const prefix = freshPrefix();
  await using pipeline = await familyPipeline(
    source,
    [copy],
    {
      'topic.prefix': prefix,
      'key.converter': 'json',
      'value.converter': 'json',
      'key.converter.schemas.enable': true,
      'value.converter.schemas.enable': true,
      'topic.creation.default.partitions': 1,
      'topic.creation.default.replication.factor': 1,
      'notification.enabled.channels': 'sink,log',
      'notification.sink.topic.name': `${prefix}-notices`,
    },
    {
      type: 'kafka',
      'bootstrap.servers': sharedBroker().bootstrapServers,
      'offset.storage.topic': `${prefix}-offsets`,
      'state.storage.topic': `${prefix}-state`,
    },
  );
  {
    await using daemon = Daemon.start(pipeline);
    await daemon.until(({ source: { phase } }) => phase === 'streaming');
    expect(await daemon.stop()).toBe(0);
  }
  await source.run(`DELETE FROM item WHERE id = 1; INSERT INTO item VALUES (3, 'in the gap')`);
  await loseSlot(source);
  await reconfigure(pipeline.file, { 'retention.budget.exceeded': 'drop_and_heal' });
  await using daemon = Daemon.start(pipeline);
  await untilGapHealed(daemon);
  await source.run(`INSERT INTO item VALUES (9, 'behind')`);
  const question = 'SELECT id, v FROM item ORDER BY id';
  await eventually(async () =>
    expect(await copy.rows(question)).toEqual(await source.rows(question)),
  );
  const told = await toldIn(`${prefix}.public.item`, ({ op }) => op === 'c');
  const rows = told.map(({ op, after }) => `${op} ${after?.id ?? ''}`.trim());
  expect([rows.slice(0, 2).toSorted(), rows.slice(2)]).toEqual([
    ['r 1', 'r 2'],
    ['t', 'r 2', 'r 3', 'c 9'],
  ]);
  const isOfGap = (one: Told): boolean => one.aggregate_type === 'Source Gap';
  const isLast = (one: Told): boolean => isOfGap(one) && one.type === 'COMPLETED';
  const notices = await toldIn(`${prefix}-notices`, isLast);
  expect(notices.filter(isOfGap).map(({ type }) => type)).toEqual(['STARTED', 'COMPLETED']);
  expect(await daemon.stop()).toBe(0);
});
