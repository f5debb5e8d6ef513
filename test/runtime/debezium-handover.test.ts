import { expect, test } from 'vitest';
import { parsePipeline } from '../../src/config/pipeline-file.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { lsn } from '../../src/model/lsn.ts';
import { prepareHandover } from '../../src/runtime/debezium-handover.ts';
import { toConnectEntries } from '../../src/runtime/source-offset.ts';
import type { ReplicationOffset } from '../../src/source/postgres/stream/replication-offset.ts';
import { toSourceOffset } from '../../src/source/postgres/stream/replication-offset.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const STREAMING: ReplicationOffset = {
  systemIdentifier: '7',
  timeline: 1,
  slot: 'mine',
  fingerprint: 'f',
  endLsn: lsn(100n),
  openCommitLsn: lsn(180n),
  eventsDone: 2,
  previousCommitLsn: lsn(90n),
  lastLsn: lsn(170n),
  transactionId: 9,
  commitMicros: 1700000000000000n,
  snapshot: 'completed',
};

/** A pipeline whose log is in a folder of its own. */
async function place() {
  const folder = await temporaryFolder('handover');
  const text = JSON.stringify({
    name: 'orders',
    transport: { path: folder.path },
    source: {
      'connector.class': 'postgres',
      'topic.prefix': 'shop',
      'database.hostname': 'db',
      'database.user': 'u',
      'database.password': 'p',
      'database.dbname': 'd',
      'slot.name': 'mine',
    },
  });
  const config = parsePipeline(text, `${folder.path}/p.yaml`, {});
  const open = () => openEmbeddedTransport({ path: folder.path });
  const store = async (offset: ReplicationOffset): Promise<void> => {
    await using transport = await open();
    await transport.storeOffset(toConnectEntries('orders', toSourceOffset('shop', offset)));
  };
  const prepare = () => prepareHandover(config, systemClock);
  return { open, store, prepare, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

test("Debezium's keys and no other, and the properties that the slot is bound to", async () => {
  await using at = await place();
  await at.store(STREAMING);
  expect(await at.prepare()).toEqual({
    connector: 'orders',
    config: {
      'plugin.name': 'pgoutput',
      'slot.name': 'mine',
      'publication.name': expect.any(String) as string,
      'publication.autocreate.mode': 'disabled',
      'topic.prefix': 'shop',
    },
    offsets: [
      {
        partition: { server: 'shop' },
        offset: {
          lsn: 100,
          lsn_proc: 100,
          lsn_commit: 100,
          messageType: 'COMMIT',
          txId: 9,
          ts_usec: 17e14,
        },
      },
    ],
    inPlace: false,
  });
});

test.each<[string, Partial<ReplicationOffset>]>([
  ['the first snapshot', { snapshot: 'running' }],
  ['a snapshot beside the stream', { snapshotState: '{"tables":[]}' }],
])('refused while %s is under way', async (what, more) => {
  await using at = await place();
  await at.store({ ...STREAMING, ...more });
  await expect(at.prepare()).rejects.toMatchObject({
    code: 'HANDOVER_REFUSED',
    message: expect.stringContaining(`${what} is under way`) as string,
  });
});

test('refused while records are held that the registry refuses', async () => {
  await using at = await place();
  {
    await using transport = await at.open();
    const offset = toSourceOffset('shop', STREAMING);
    const held = { ...offset.offset, 'tidemark.held': '{"shop.public.orders":3}' };
    await transport.storeOffset(toConnectEntries('orders', { ...offset, offset: held }));
  }
  await expect(at.prepare()).rejects.toMatchObject({
    code: 'HANDOVER_REFUSED',
    message: 'records of shop.public.orders are held',
  });
});

test('refused while the daemon runs', async () => {
  await using at = await place();
  await using _daemon = await at.open();
  await expect(at.prepare()).rejects.toThrow(/daemon still runs/);
});

test('refused before there is an offset', async () => {
  await using at = await place();
  {
    await using _empty = await at.open();
  }
  await expect(at.prepare()).rejects.toThrow(/has no offset yet/);
});

test('of a binlog the place is handed over, and its history by name or by recovery', async () => {
  await using folder = await temporaryFolder('handover');
  const source = {
    'connector.class': 'mariadb',
    'topic.prefix': 'shop',
    'database.hostname': 'db',
    'database.user': 'u',
  };
  const document = { name: 'orders', transport: { path: folder.path }, source };
  const config = parsePipeline(JSON.stringify(document), `${folder.path}/p.yaml`, {});
  const place = { file: 'binlog.000003', pos: 4711, gtids: '0-1-9' };
  const ours = { 'tidemark.version': 1, 'tidemark.snapshot': 'completed' };
  const offset = { partition: { server: 'shop' }, offset: { ...place, ...ours } };
  {
    await using transport = await openEmbeddedTransport({ path: folder.path });
    await transport.storeOffset(toConnectEntries('orders', offset));
  }
  expect(await prepareHandover(config, systemClock)).toEqual({
    connector: 'orders',
    config: { 'snapshot.mode': 'recovery', 'topic.prefix': 'shop' },
    offsets: [{ partition: { server: 'shop' }, offset: place }],
    inPlace: false,
  });
});
