import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

import { Daemon } from '../support/daemon.ts';
import { daemonPipeline } from '../support/daemon-pipeline.ts';

const SCHEMA = `
  CREATE TABLE t (id int PRIMARY KEY, name text, big text);
  ALTER TABLE t ALTER big SET STORAGE EXTERNAL;
  INSERT INTO t VALUES (1, 'one', repeat('x', 9000)), (2, 'skip', 'b'), (3, 'three', 'c');
`;

const MODULE = `
export function transform(properties: { readonly without: string }, tools: any) {
  return (record: any) => {
    const after = tools.get(record.value.value, 'after');
    return after !== null && tools.get(after, 'name') === properties.without ? null : record;
  };
}
`;

const SOURCE = `
  heartbeat.interval.ms: 200
  transforms: mine,key
  transforms.mine.type: ./mine.ts
  transforms.mine.without: skip
  transforms.key.type: org.apache.kafka.connect.transforms.ReplaceField$Key
  transforms.key.renames: id:pk
  transforms.key.predicate: rows
  predicates: rows
  predicates.rows.type: TopicNameMatches
  predicates.rows.pattern: copy\\..*
`;

const SINK = `
    table.name.format: \${topic}
    transforms: unwrap,value,route
    transforms.unwrap.type: io.debezium.transforms.ExtractNewRecordState
    transforms.unwrap.add.fields: op
    transforms.value.type: org.apache.kafka.connect.transforms.ReplaceField$Value
    transforms.value.renames: id:pk,name:title,big:body
    transforms.route.type: org.apache.kafka.connect.transforms.RegexRouter
    transforms.route.regex: copy\\.public\\.(.*)
    transforms.route.replacement: wide_$1
`;

test('transforms of source and sink, over a crash, keep what rows and positions are', async () => {
  await using pipeline = await daemonPipeline({
    schema: SCHEMA,
    extraSource: SOURCE,
    extraSink: SINK,
  });
  writeFileSync(path.join(path.dirname(pipeline.file), 'mine.ts'), MODULE);
  const source = await pipeline.connect('source');
  const warehouse = await pipeline.connect('warehouse');
  const rows = async (): Promise<unknown> => {
    const text = 'SELECT pk, title, length(body) AS body, __op FROM wide_t ORDER BY pk';
    return (await warehouse.query(text)).rows;
  };
  {
    await using daemon = Daemon.start(pipeline);
    await daemon.until((status) => status.sinks[0]?.applied === 2);
    expect(await rows()).toEqual([
      { pk: 1, title: 'one', body: 9000, __op: 'r' },
      { pk: 3, title: 'three', body: 1, __op: 'r' },
    ]);
    // Values that the source does not send again stay, also under another key.
    await source.query(`
      UPDATE t SET name = 'eins' WHERE id = 1;
      UPDATE t SET id = 10 WHERE id = 1;
      DELETE FROM t WHERE id = 3;
      INSERT INTO t VALUES (4, 'skip', 'd'), (5, 'five', NULL)`);
    daemon.kill();
    expect((await daemon.ended).signal).toBe('SIGKILL');
  }
  await using daemon = Daemon.start(pipeline);
  await source.query(`INSERT INTO t VALUES (6, 'six', 'f')`);
  await expect.poll(rows, { timeout: 45_000 }).toEqual([
    { pk: 5, title: 'five', body: null, __op: 'c' },
    { pk: 6, title: 'six', body: 1, __op: 'c' },
    { pk: 10, title: 'eins', body: 9000, __op: 'c' },
  ]);
  await daemon.until((status) => status.sinks[0]?.lagRecords === 0);
  expect(await daemon.stop()).toBe(0);
  expect(daemon.output).not.toContain('parked');
});

const STYLES = `
    table.name.format: \${topic}
    transforms: table,columns
    transforms.table.type: io.debezium.connector.jdbc.transforms.CollectionNameTransformation
    transforms.table.collection.naming.style: camel_case
    transforms.columns.type: io.debezium.connector.jdbc.transforms.FieldNameTransformation
    transforms.columns.column.naming.style: upper_case
    transforms.columns.column.naming.prefix: c_
`;

test('tables and columns in another style, with key changes, deletes and tombstones', async () => {
  await using pipeline = await daemonPipeline({ schema: SCHEMA, extraSink: STYLES });
  const source = await pipeline.connect('source');
  const warehouse = await pipeline.connect('warehouse');
  const rows = async (): Promise<unknown> => {
    const text = 'SELECT "c_ID", "c_NAME", length("c_BIG") AS size FROM "copyPublicT" ORDER BY 1';
    return (await warehouse.query(text)).rows;
  };
  await using daemon = Daemon.start(pipeline);
  await daemon.until((status) => status.sinks[0]?.applied === 3);
  await source.query(`
    UPDATE t SET name = 'eins' WHERE id = 1;
    UPDATE t SET id = 10 WHERE id = 1;
    DELETE FROM t WHERE id = 3;
    INSERT INTO t VALUES (6, 'six', 'f')`);
  await expect.poll(rows, { timeout: 45_000 }).toEqual([
    { c_ID: 2, c_NAME: 'skip', size: 1 },
    { c_ID: 6, c_NAME: 'six', size: 1 },
    { c_ID: 10, c_NAME: 'eins', size: 9000 },
  ]);
  await daemon.until((status) => status.sinks[0]?.lagRecords === 0);
  expect(await daemon.stop()).toBe(0);
  expect(daemon.output).not.toContain('parked');
});

const HEADERS = `
  transforms: head
  transforms.head.type: org.apache.kafka.connect.transforms.HeaderFrom$Key
  transforms.head.fields: id
  transforms.head.headers: number
  transforms.head.operation: copy
  transforms.head.predicate: rows
  predicates: rows
  predicates.rows.type: TopicNameMatches
  predicates.rows.pattern: copy\\..*
`;

const KEYED_BY_HEADERS = `
    table.name.format: by_header
    pk.mode: record_header
    pk.fields: number
    field.exclude.list: id
`;

test('rows by keys in headers, over a crash', async () => {
  await using pipeline = await daemonPipeline({
    schema: SCHEMA,
    extraSource: HEADERS,
    extraSink: KEYED_BY_HEADERS,
  });
  const source = await pipeline.connect('source');
  const warehouse = await pipeline.connect('warehouse');
  const rows = async (): Promise<unknown> =>
    (await warehouse.query('SELECT * FROM by_header ORDER BY number')).rows;
  {
    await using daemon = Daemon.start(pipeline);
    await daemon.until((status) => status.sinks[0]?.applied === 3);
    await source.query(`
      UPDATE t SET name = 'eins', big = 'a' WHERE id = 1;
      DELETE FROM t WHERE id = 3;
      INSERT INTO t VALUES (4, 'four', 'd')`);
    daemon.kill();
    expect((await daemon.ended).signal).toBe('SIGKILL');
  }
  await using daemon = Daemon.start(pipeline);
  await source.query('UPDATE t SET id = 20 WHERE id = 2');
  await expect.poll(rows, { timeout: 45_000 }).toEqual([
    { number: '1', name: 'eins', big: 'a' },
    { number: '4', name: 'four', big: 'd' },
    { number: '20', name: 'skip', big: 'b' },
  ]);
  await daemon.until((status) => status.sinks[0]?.lagRecords === 0);
  expect(await daemon.stop()).toBe(0);
  expect(daemon.output).not.toContain('parked');
});
