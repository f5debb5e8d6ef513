import { expect, test } from 'vitest';

import { Daemon } from '../support/daemon.ts';
import { daemonPipeline } from '../support/daemon-pipeline.ts';

const SCHEMA = `
  CREATE TABLE t (id int PRIMARY KEY, n numeric(10,2), a int[], note text);
  INSERT INTO t VALUES (1, 'NaN', '{1}', 'NaN'), (2, 1.5, '{{1,2},{3,4}}', 'nested'),
    (3, 2, '{3}', 'plain');
`;

test('values that no schema holds are null in the target where they may pass', async () => {
  await using pipeline = await daemonPipeline({
    schema: SCHEMA,
    extraSource: '  event.converting.failure.handling.mode: warn',
  });
  const source = await pipeline.connect('source');
  const warehouse = await pipeline.connect('warehouse');
  await using daemon = Daemon.start(pipeline);
  await daemon.until((status) => status.source.phase === 'streaming');
  await source.query(`UPDATE t SET n = 'NaN' WHERE id = 3; INSERT INTO t VALUES (4, 'NaN')`);
  await daemon.until((status) => status.sinks[0]?.applied === 5);
  const { rows } = await warehouse.query('SELECT id, n::text, a::text, note FROM t ORDER BY id');
  expect(rows).toEqual([
    { id: 1, n: null, a: '{1}', note: 'NaN' },
    { id: 2, n: '1.50', a: null, note: 'nested' },
    { id: 3, n: null, a: '{3}', note: 'plain' },
    { id: 4, n: null, a: null, note: null },
  ]);
  expect(await daemon.stop()).toBe(0);
  expect(daemon.output).toContain('public.t.n');
  expect(daemon.output).toContain('public.t.a');
});
