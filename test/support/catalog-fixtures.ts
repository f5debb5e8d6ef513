import type {
  PublicationInfo,
  ServerInfo,
  SlotInfo,
} from '../../dialects/postgres/postgres-server-catalog.ts';
import type { TypeInfo } from '../../dialects/postgres/postgres-catalog.ts';
import type { CatalogState } from '../../src/source/postgres/capture/capture-preparation.ts';
import { tableInfo } from './table-fixtures.ts';

/** A server on which nothing is missing, for tests that take one thing away. */
export function serverInfo(more: Partial<ServerInfo> = {}): ServerInfo {
  return {
    version: 180_004,
    versionText: '18.4',
    database: 'shop',
    user: 'tidemark',
    encoding: 'UTF8',
    walLevel: 'logical',
    inRecovery: false,
    maxReplicationSlots: 10,
    usedReplicationSlots: 0,
    maxWalSenders: 10,
    usedWalSenders: 0,
    maxSlotWalKeepSizeMb: -1,
    idleSlotTimeoutSeconds: null,
    maxPreparedTransactions: 0,
    superuser: false,
    replication: true,
    bypassRowSecurity: false,
    cloudReplication: false,
    canCreateInDatabase: true,
    ...more,
  };
}

export function publicationInfo(more: Partial<PublicationInfo> = {}): PublicationInfo {
  return {
    name: 'tidemark',
    owner: 'tidemark',
    owned: true,
    allTables: false,
    viaRoot: false,
    inserts: true,
    updates: true,
    deletes: true,
    truncates: true,
    ...more,
  };
}

export function slotInfo(more: Partial<SlotInfo> = {}): SlotInfo {
  return {
    name: 'tidemark',
    plugin: 'pgoutput',
    slotType: 'logical',
    database: 'shop',
    temporary: false,
    activePid: null,
    restartLsn: '0/100',
    confirmedFlushLsn: '0/200',
    walStatus: 'reserved',
    safeWalBytes: null,
    invalidationReason: null,
    twoPhase: false,
    failover: false,
    heldBytes: 0n,
    ...more,
  };
}

const INTEGER: TypeInfo = {
  oid: 23,
  schema: 'pg_catalog',
  name: 'int4',
  kind: 'base',
  category: 'N',
  elementOid: 0,
  arrayOid: 1007,
  baseOid: 0,
  baseTypmod: -1,
  delimiter: ',',
  labels: [],
  extension: null,
};

/** One table `public.orders` and no publication. */
export function catalogState(more: Partial<CatalogState> = {}): CatalogState {
  return {
    server: serverInfo(),
    types: [INTEGER],
    tables: [tableInfo()],
    publication: null,
    published: [],
    ...more,
  };
}
