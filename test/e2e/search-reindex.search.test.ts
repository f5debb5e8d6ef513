import { expect, test } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { eventually } from '../support/eventually.ts';
import { pipelineFolder, sourceSection } from '../support/pipeline-text.ts';
import { freshDatabase } from '../support/postgres.ts';
import { scanIndex } from '../support/search-sink.ts';
import { askSearch, sharedSearch } from '../support/search-server.ts';

const search = await sharedSearch();

/** Where the daemon is killed on the way to the new index: each is passed by the life after. */
const ALL = process.env['TIDEMARK_TEST_ALL'] === '1';
const POINTS = ALL
  ? ['index-made', 'index-told', 'alias-moved', 'replaced-deleted']
  : ['index-blocked'];
const TIMEOUT_MS = ALL ? 300_000 : 60_000;

test(
  'a column of another type, and kills on the way: the new index is as the table',
  async () => {
    const database = await freshDatabase();
    await database.query(
      `CREATE TABLE t (id int PRIMARY KEY, v int, note text);
     INSERT INTO t SELECT i, i, repeat(md5(i::text), 100) FROM generate_series(1, 400) i;`,
    );
    const port = await freeLoopbackPort();
    await using folder = await pipelineFolder({
      name: 'shop',
      source: sourceSection(database, {
        'topic.prefix': database.name,
        'errors.retry.delay.initial.ms': 100,
      }),
      sinks: [
        {
          name: 'find',
          'connector.class': search.series.split('-')[0],
          'connection.url': search.url,
          'schema.evolution.policy': 'reindex',
          'errors.retry.delay.initial.ms': 100,
        },
      ],
      http: { listen: `127.0.0.1:${port}` },
    });
    const pipeline = { file: folder.file, port };
    const alias = `${database.name}.public.t`;
    const found = async (): Promise<Readonly<Record<string, unknown>>> => {
      const all = await scanIndex(search, alias);
      return Object.fromEntries(
        Object.entries(all).map(([id, { v, note }]) => [id, [v, String(note).length]]),
      );
    };
    const expected = async (): Promise<Readonly<Record<string, unknown>>> => {
      const rows = await database.query(
        `SELECT id, to_json(v) AS v, length(note) AS length FROM t ORDER BY id`,
      );
      return Object.fromEntries(rows.map(({ id, v, length }) => [String(id), [v, length]]));
    };
    {
      await using daemon = Daemon.start(pipeline);
      await daemon.until(({ source }) => source.phase === 'streaming');
      await eventually(async () => expect(await found()).toEqual(await expected()));
      expect(await daemon.stop(), `it said:\n${daemon.output}`).toBe(0);
    }
    await database.query(
      `ALTER TABLE t ALTER COLUMN v TYPE double precision USING v / 4.0;
     UPDATE t SET v = -v WHERE id % 10 = 0;
     DELETE FROM t WHERE id BETWEEN 21 AND 29;
     UPDATE t SET id = id + 1000 WHERE id > 390;`,
    );
    for (const point of POINTS) {
      await using daemon = Daemon.start({ ...pipeline, faultPoint: `search.${point}:1` });
      expect((await daemon.ended).signal, `it said:\n${daemon.output}`).toBe('SIGKILL');
      expect(Object.keys(await found()).length).toBeGreaterThanOrEqual(391);
      await database.query(`UPDATE t SET v = v * 2 WHERE id % 7 = 0`);
    }
    await using daemon = Daemon.start(pipeline);
    await daemon.until(({ source }) => source.phase === 'streaming');
    await database.query(`UPDATE t SET v = 0.125 WHERE id = 1001 OR id = 3`);
    await eventually(async () => expect(await found()).toEqual(await expected()));
    await eventually(async () => {
      const { body } = await askSearch(search, 'GET', `/${alias}-*`);
      expect(Object.keys(body as object)).toEqual([`${alias}-000002`]);
      expect(JSON.stringify(body)).not.toContain('filling');
    });
    expect((await daemon.status())?.sinks).toMatchObject([{ name: 'find', parked: [] }]);
    expect(await daemon.stop(), `it said:\n${daemon.output}`).toBe(0);
  },
  TIMEOUT_MS,
);
