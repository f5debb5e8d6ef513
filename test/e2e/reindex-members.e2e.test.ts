import { expect, test, vi } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { startOwnBroker } from '../support/kafka.ts';
import { pipelineFolder, sourceSection } from '../support/pipeline-text.ts';
import { freshDatabase } from '../support/postgres.ts';
import { scanIndex } from '../support/search-sink.ts';
import { askSearch, type SearchAddress, startSearch } from '../support/search-server.ts';

/** The group's session of 6 s, and a source that is taken over, on a busy machine. */
const WAIT_MS = 120_000;

/** A table of numbers, and daemons of one pipeline file that bring it into an index. */
async function sharedIndex(bootstrapServers: string, search: SearchAddress) {
  const database = await freshDatabase();
  await database.query(
    `CREATE TABLE t (id int PRIMARY KEY, v int);
     INSERT INTO t SELECT i, i FROM generate_series(1, 2000) i`,
  );
  const source = sourceSection(database, {
    'topic.prefix': database.name,
    'topic.creation.default.partitions': 4,
    'topic.creation.default.replication.factor': 1,
    'errors.retry.delay.initial.ms': 100,
    'errors.retry.delay.max.ms': 500,
  });
  // The same pipeline; the source streams in the one that has the slot.
  const member = async () => {
    const port = await freeLoopbackPort();
    const { file } = await pipelineFolder({
      name: database.name,
      transport: {
        type: 'kafka',
        'bootstrap.servers': bootstrapServers,
        'consumer.session.timeout.ms': '6s',
        'consumer.heartbeat.interval.ms': '1s',
      },
      source,
      sinks: [
        {
          name: 'find',
          'connector.class': 'elasticsearch',
          'connection.url': search.url,
          'schema.evolution.policy': 'reindex',
          'errors.retry.delay.initial.ms': 100,
        },
      ],
      http: { listen: `127.0.0.1:${port}` },
    });
    return { file, port };
  };
  const alias = `${database.name}.public.t`;
  const indices = async (): Promise<readonly string[]> => {
    const { body } = await askSearch(search, 'GET', `/${alias}-*`);
    return Object.keys(body as object).toSorted();
  };
  const expectEqual = (): Promise<void> =>
    vi.waitFor(
      async () => {
        const rows = await database.query('SELECT id, to_json(v) AS v FROM t');
        const found = Object.values(await scanIndex(search, alias));
        const shown = (all: readonly object[]): readonly string[] =>
          all.map((row) => JSON.stringify(row)).toSorted();
        expect(found.length).toBe(rows.length);
        expect(shown(found)).toEqual(shown(rows));
      },
      { timeout: WAIT_MS, interval: 200 },
    );
  return { database, member, alias, indices, expectEqual };
}

test('two daemons, one of which is killed on the way: one new index, as the table', async () => {
  await using broker = await startOwnBroker({ major: '4' });
  await using search = await startSearch('elasticsearch-9');
  const shared = await sharedIndex(broker.bootstrapServers, search);
  const { database, member, alias, indices, expectEqual } = shared;
  const first = await member();
  await using killed = Daemon.start(first);
  await killed.until(({ source: { phase } }) => phase === 'streaming', WAIT_MS);
  await using other = Daemon.start(await member());
  // Until the second has a share of the partitions.
  await vi.waitFor(
    async () => {
      await database.query('UPDATE t SET v = -v');
      expect((await other.status())?.sinks[0]?.applied).toBeGreaterThan(0);
    },
    { timeout: WAIT_MS, interval: 200 },
  );
  await expectEqual();
  expect(await indices()).toEqual([`${alias}-000001`]);

  await database.query(
    `ALTER TABLE t ALTER COLUMN v TYPE double precision USING v / 4.0;
     UPDATE t SET v = v / 2 WHERE id % 10 = 0; DELETE FROM t WHERE id % 10 = 1`,
  );
  await vi.waitFor(async () => expect((await indices()).length).toBe(2), {
    timeout: WAIT_MS,
    interval: 200,
  });
  killed.kill();
  await killed.ended;
  await database.query('UPDATE t SET v = v * 3 WHERE id % 7 = 0');
  await other.until(({ source: { phase } }) => phase === 'streaming', WAIT_MS);
  await using back = Daemon.start(first);
  await database.query('UPDATE t SET id = id + 10000 WHERE id % 100 = 5');
  await vi.waitFor(
    async () => {
      const { body } = await askSearch(search, 'GET', `/${alias}-*`);
      expect(Object.keys(body as object)).toEqual([`${alias}-000002`]);
      expect(JSON.stringify(body)).not.toContain('filling');
    },
    { timeout: WAIT_MS, interval: 200 },
  );
  await expectEqual();
  for (const daemon of [other, back]) {
    const { sinks } = await daemon.until(({ sinks: [sink] }) => sink?.lagRecords === 0, WAIT_MS);
    expect(sinks).toMatchObject([{ name: 'find', parked: [] }]);
    const code = await daemon.stop();
    expect({ code, said: daemon.output }).toMatchObject({ code: 0 });
  }
}, 400_000);
