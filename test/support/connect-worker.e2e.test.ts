import { readFileSync } from 'node:fs';
import path from 'node:path';
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { expect, test } from 'vitest';
import { startConnect } from './connect-worker.ts';
import { startOwnBroker } from './kafka.ts';
import { readTopic } from './kafka-topic-reader.ts';
import { freshDatabase, type TestDatabase } from './postgres.ts';
import { startRegistry } from './registry-server.ts';
import { temporaryFolder } from './temporary-folder.ts';

test('Debezium writes rows as Avro, the file sink and the JDBC sink read them', async () => {
  const [broker, registry] = await Promise.all([startOwnBroker(), startRegistry()]);
  const { bootstrapServers } = broker;
  await using database = await freshDatabase();
  await using folder = await temporaryFolder('sink');
  const connect = await startConnect({ bootstrapServers, plugins: ['postgres', 'jdbc', 'avro'] });
  await database.query(
    `CREATE TABLE city (id int PRIMARY KEY, name text, founded date);
     INSERT INTO city VALUES (1, 'Ulm', '0854-07-22'), (2, 'Trier', NULL)`,
  );
  await connect.put('source', {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'topic.prefix': 'shop',
    'database.hostname': database.host,
    'database.port': String(database.port),
    'database.user': database.user,
    'database.password': database.password,
    'database.dbname': database.name,
    'plugin.name': 'pgoutput',
    'slot.name': 'shop',
    'publication.autocreate.mode': 'filtered',
    'table.include.list': 'public.city',
    'schema.name.adjustment.mode': 'avro',
    'topic.creation.default.partitions': '1',
    'topic.creation.default.replication.factor': '1',
    ...connect.avro(registry.origin),
  });
  const topics = 'shop.public.city';
  const file = path.join(folder.path, 'sink.txt');
  await connect.put('file', {
    'connector.class': 'org.apache.kafka.connect.file.FileStreamSinkConnector',
    topics,
    file,
    ...connect.avro(registry.origin),
  });
  await database.query(`CREATE SCHEMA target`);
  await connect.put('jdbc', { ...jdbcSink(database), topics, ...connect.avro(registry.origin) });
  await database.query(`DELETE FROM city WHERE id = 2; UPDATE city SET name = 'Neu-Ulm'`);
  await database.until(`SELECT to_regclass('target.city_copy') IS NOT NULL`, [], 60_000);
  await database.until(`SELECT array_agg(name) = ARRAY['Neu-Ulm'] FROM target.city_copy`);
  await expect
    .poll(() => readFileSync(file, 'utf8'), { timeout: 30_000 })
    .toMatch(/after=Struct\{id=1,name=Neu-Ulm/);
  const subjects = (await (await fetch(`${registry.url}/subjects`)).json()) as string[];
  expect(subjects).toEqual(expect.arrayContaining([`${topics}-key`, `${topics}-value`]));
  // In Confluent's wire format, which its own client decodes.
  const client = new SchemaRegistry({ host: registry.url });
  const [first] = await readTopic(bootstrapServers, topics, ({ length }) => length > 0);
  expect(await client.decode(first?.key ?? Buffer.alloc(0))).toEqual({ id: 1 });
  const [offset] = await readTopic(
    bootstrapServers,
    connect.offsetsTopic,
    ({ length }) => length > 0,
  );
  expect(String(offset?.key)).toBe('["source",{"server":"shop"}]');
  expect(JSON.stringify(await connect.offsets('source'))).toContain('"lsn"');
  await connect.stopConnector('source');
  await connect.delete('source');
});

function jdbcSink({ host, port, name, user, password }: TestDatabase): Record<string, string> {
  return {
    'connector.class': 'io.debezium.connector.jdbc.JdbcSinkConnector',
    'connection.url': `jdbc:postgresql://${host}:${port}/${name}?currentSchema=target`,
    'connection.username': user,
    'connection.password': password,
    'insert.mode': 'upsert',
    'delete.enabled': 'true',
    'primary.key.mode': 'record_key',
    'schema.evolution': 'basic',
    'collection.name.format': 'city_copy',
  };
}
