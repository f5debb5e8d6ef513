import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KnownReplica } from '../../../../src/source/mysql/wire/replica-identity.ts';
import { replicaIdentity } from '../../../../src/source/mysql/wire/replica-identity.ts';

const FREE = { serverId: 1, replicas: [] };

test('an identity follows from the name alone, in the upper half of the ids (PITFALLS B4)', () => {
  fc.assert(
    fc.property(fc.string(), (name) => {
      const identity = replicaIdentity(name, undefined, FREE);
      expect(replicaIdentity(name, undefined, { serverId: 2, replicas: null })).toEqual(identity);
      expect(identity.serverId).toBeGreaterThanOrEqual(2 ** 31);
      expect(identity.serverId).toBeLessThan(2 ** 32 - 1);
      expect(identity.uuid).toMatch(
        /^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
      );
      expect(identity.host).toMatch(/^tidemark-[\w.-]{0,51}$/);
    }),
  );
  // Stored nowhere, so it must never change.
  expect(replicaIdentity('shop', undefined, FREE)).toEqual({
    serverId: SHOP_ID,
    uuid: SHOP_UUID,
    host: 'tidemark-shop',
  });
});

const SHOP_ID = 4159837566;
const SHOP_UUID = 'cef146db-5b77-8acf-b3ba-1b3d01b240b8';

test('an id that another replica has is passed over; a connection of ours is not another', () => {
  const first = replicaIdentity('shop', undefined, FREE);
  const among = (...replicas: KnownReplica[]): number =>
    replicaIdentity('shop', undefined, { serverId: 1, replicas }).serverId;
  const { serverId, uuid, host } = first;
  expect(among({ serverId, host: 'other', uuid: null })).not.toBe(serverId);
  expect(among({ serverId, host: 'other', uuid: SHOP_UUID.replace(/^./, 'z') })).not.toBe(serverId);
  // MariaDB tells no uuid, but the host by which we have registered.
  expect(among({ serverId, host, uuid: null })).toBe(serverId);
  expect(among({ serverId, host: 'moved', uuid: uuid.toUpperCase() })).toBe(serverId);
  expect(among({ serverId: serverId + 1, host: 'other', uuid: null })).toBe(serverId);
  const second = among({ serverId, host: 'other', uuid: null });
  const third = among(
    { serverId, host: 'other', uuid: null },
    { serverId: second, host: 'other', uuid: null },
  );
  expect(new Set([serverId, second, third]).size).toBe(3);
  expect(replicaIdentity('shop', undefined, { serverId, replicas: null }).serverId).toBe(second);
});

test('an id that was set is kept, or refused with the name of the one that has it', () => {
  expect(replicaIdentity('shop', 5400, FREE).serverId).toBe(5400);
  const taken = { serverId: 1, replicas: [{ serverId: 5400, host: 'db2', uuid: null }] };
  expect(() => replicaIdentity('shop', 5400, taken)).toThrow(
    expect.objectContaining({
      code: 'MYSQL_REPLICA_ID_IN_USE',
      message: 'database.server.id 5400 is the id of the replica db2',
    }),
  );
  expect(() => replicaIdentity('shop', 1, FREE)).toThrow(/the server itself/);
});

test('ids that differ make two replicas of one name: a server tells them apart by uuid', () => {
  const uuids = [undefined, 5400, 5401].map((id) => replicaIdentity('shop', id, FREE).uuid);
  expect(new Set(uuids).size).toBe(3);
});

test('names that differ have different identities', () => {
  const names = Array.from({ length: 2000 }, (_, i) => `pipeline-${i}`);
  const ids = names.map((name) => replicaIdentity(name, undefined, FREE).serverId);
  expect(new Set(ids).size).toBe(names.length);
});
