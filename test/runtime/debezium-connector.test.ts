import { copyFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readDebeziumConnector } from '../../src/runtime/debezium-connector.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const CLASS = 'io.debezium.connector.postgresql.PostgresConnector';
const STANDALONE = path.join(import.meta.dirname, '../golden/offsets/standalone.offsets');
const signal = new AbortController().signal;

/** Writes the files into a folder and reads the connector from them. */
async function read(files: Readonly<Record<string, string>>, wanted?: string) {
  await using folder = await temporaryFolder('import');
  copyFileSync(STANDALONE, path.join(folder.path, 'standalone.offsets'));
  const paths = Object.entries(files).map(([name, content]) => {
    const file = path.join(folder.path, name);
    writeFileSync(file, content);
    return file;
  });
  return await readDebeziumConnector(paths, wanted, signal);
}

test('a connector as it is posted to Connect, with the answer of its offsets', async () => {
  const offsets = [{ partition: { server: 'shop' }, offset: { lsn: 5, txId: 7 } }];
  const config = { 'connector.class': CLASS, 'topic.prefix': 'shop' };
  const found = await read({ 'a.json': JSON.stringify({ name: 'orders', config, offsets }) });
  expect(found).toMatchObject({ name: 'orders', config, state: null, stop: null, worker: {} });
  expect(found.offset).toEqual({ partition: { server: 'shop' }, offset: { lsn: 5, txId: 7 } });
});

test('properties of a standalone worker and its connector, with the file of offsets', async () => {
  const found = await read({
    'worker.properties':
      'bootstrap.servers=kafka:9092\noffset.storage.file.filename=standalone.offsets\n',
    'orders.properties': `name=orders\nconnector.class=${CLASS}\ntopic.prefix = shop\n`,
  });
  expect(found.name).toBe('orders');
  expect(found.worker['bootstrap.servers']).toBe('kafka:9092');
  expect(found.offset?.offset).toMatchObject({ lsn: 29577280, messageType: 'COMMIT', txId: 782 });
});

test("Debezium Server's properties; its engine names the connector as it likes", async () => {
  const text = [
    'debezium.sink.type=kafka',
    `debezium.source.connector.class=${CLASS}`,
    'debezium.source.topic.prefix=b',
    'debezium.source.offset.storage.file.filename=standalone.offsets',
  ].join('\n');
  const found = await read({ 'application.properties': text }, 'mine');
  expect(found).toMatchObject({ name: 'mine', offset: { offset: { lsn: 1 } } });
});

test('an offset of another connector, or none, is none', async () => {
  const worker = 'offset.storage.file.filename=standalone.offsets\n';
  const connector = (prefix: string): string =>
    `name=x\nconnector.class=${CLASS}\ntopic.prefix=${prefix}\n`;
  const offsetOf = async (prefix: string) =>
    (await read({ 'w.properties': worker, 'c.properties': connector(prefix) })).offset;
  expect(await offsetOf('unknown')).toBeNull();
  // Its value in the file is null.
  expect(await offsetOf('c')).toBeNull();
});

test.each<[string, Readonly<Record<string, string>>, string | undefined, RegExp]>([
  ['no connector', { 'w.properties': 'group.id=a\n' }, undefined, /has no connector/],
  ['no name', { 'c.json': `{"connector.class":"${CLASS}"}` }, undefined, /does not name/],
  ['another name', { 'c.json': `{"name":"a","connector.class":"x"}` }, 'b', /has a$/],
  ['no configuration', { 'c.json': '[]' }, undefined, /has no configuration/],
  ['no JSON', { 'c.json': '{' }, undefined, /is no configuration/],
  ['a list for a map', { 'c.json': '{"name":"a","config":[]}' }, undefined, /no map of properties/],
])('%s is told', async (_title, files, wanted, message) => {
  await expect(read(files, wanted)).rejects.toThrow(message);
});

test('a file that is missing, and a URL among files, are told', async () => {
  const missing = readDebeziumConnector(['/nowhere/a.json'], undefined, signal);
  await expect(missing).rejects.toMatchObject({ code: 'CONFIG_FILE' });
  const mixed = readDebeziumConnector(['http://localhost:1', 'a.json'], undefined, signal);
  await expect(mixed).rejects.toMatchObject({ code: 'USAGE' });
});
