import { expect, test } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { withoutPostgis } from '../support/golden-geometry.ts';
import { freshDatabase } from '../support/postgres.ts';
import { shopPipeline } from '../support/shop-pipeline.ts';

const POINT = '0101000020E6100000000000000000F03F0000000000000040';
const HEX = `upper(encode(g, 'hex')) AS g,
  (SELECT array_agg(upper(encode(e, 'hex'))) FROM unnest(gs) AS e) AS gs`;

test.each(['postgres', 'io.debezium.connector.postgresql.PostgresConnector'])(
  'a target takes geometry before and after box and path come beside it (%s)',
  async (className) => {
    await using source = await freshDatabase();
    await using target = await freshDatabase();
    const geometry = `'${POINT}', ARRAY['${POINT}'::geometry]`;
    await source.query(
      withoutPostgis(`CREATE EXTENSION IF NOT EXISTS postgis;
        CREATE TABLE plain (id int PRIMARY KEY, g geometry, gs geometry[]);
        INSERT INTO plain VALUES (1, ${geometry});`),
    );
    const port = await freeLoopbackPort();
    await using pipeline = await shopPipeline(source, target, {
      source: {
        'connector.class': className,
        'publication.autocreate.mode': 'filtered',
        'key.converter': 'avro',
        'value.converter': 'avro',
      },
      rest: { http: { listen: `127.0.0.1:${port}` } },
    });
    await using daemon = Daemon.start({ file: pipeline.file, port });
    await daemon.until(({ source: { connected }, sinks }) => connected && sinks[0]?.applied === 1);
    await source.query(`ALTER TABLE plain ADD COLUMN b box, ADD COLUMN p path;
      INSERT INTO plain VALUES (2, ${geometry}, '(1,1),(0,0)', '[(0,0),(1,1)]');
      INSERT INTO plain VALUES (3, ${geometry}, NULL, '((0,0),(1,1))')`);
    await daemon.until(({ sinks }) => sinks[0]?.applied === 3);
    const rows = await target.query(
      `SELECT id, ${HEX}, b::text AS b, p::text AS p FROM plain ORDER BY id`,
    );
    const both = { g: POINT, gs: [POINT] };
    expect(rows).toEqual([
      { id: 1, ...both, b: null, p: null },
      { id: 2, ...both, b: '(1,1),(0,0)', p: '[(0,0),(1,1)]' },
      { id: 3, ...both, b: null, p: '((0,0),(1,1))' },
    ]);
  },
);
