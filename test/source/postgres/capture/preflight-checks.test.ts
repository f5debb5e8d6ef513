import { describe, expect, test } from 'vitest';
import type {
  ServerInfo,
  SlotInfo,
} from '../../../../dialects/postgres/postgres-server-catalog.ts';
import type { CatalogState } from '../../../../src/source/postgres/capture/capture-preparation.ts';
import { planCapture } from '../../../../src/source/postgres/capture/capture-preparation.ts';
import type { PreflightFindings } from '../../../../src/source/postgres/capture/preflight-checks.ts';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../../../src/source/snapshot/snapshot-options.ts';
import { preflightChecks } from '../../../../src/source/postgres/capture/preflight-checks.ts';
import {
  catalogState,
  publicationInfo,
  serverInfo,
  slotInfo,
} from '../../../support/catalog-fixtures.ts';
import { sourceOptionsFor } from '../../../support/postgres-source.ts';
import { columnInfo, tableInfo, uniqueIndex } from '../../../support/table-fixtures.ts';

type Overrides = NonNullable<Parameters<typeof sourceOptionsFor>[1]>;

interface Given {
  readonly server?: Partial<ServerInfo>;
  readonly catalog?: Partial<CatalogState>;
  readonly options?: Overrides;
  readonly slot?: SlotInfo | null;
  readonly hasOffset?: boolean;
}

function check(given: Given = {}): PreflightFindings {
  const catalog = catalogState({ server: serverInfo(given.server), ...given.catalog });
  const address = { host: 'h', port: 1, user: 'tidemark', password: 'p', name: 'shop' };
  const options = sourceOptionsFor(address, {
    publicationAutocreateMode: 'filtered',
    ...given.options,
  });
  return preflightChecks({
    catalog,
    plan: planCapture(catalog, options),
    options,
    slot: given.slot ?? null,
    hasOffset: given.hasOffset,
  });
}

const codes = (given: Given): string[] => check(given).problems.map(({ code }) => code);
const cures = (given: Given): string =>
  check(given)
    .problems.map(({ cure }) => cure)
    .join(' ');

test('nothing is found where nothing is missing', () => {
  expect(check()).toEqual({ problems: [], warnings: [] });
  expect(codes({ slot: slotInfo(), hasOffset: true })).toEqual([]);
});

test('all that is missing is told at once', () => {
  const given: Given = {
    server: { walLevel: 'replica', encoding: 'LATIN1', replication: false },
    options: { tableInclude: [/^public\.nothing$/], slotFailover: true },
    slot: slotInfo({ database: 'other' }),
  };
  expect(codes(given)).toEqual([
    'PG_ENCODING',
    'PG_WAL_LEVEL',
    'PG_NO_REPLICATION_RIGHT',
    'PG_SLOT_MISMATCH',
    'PG_NO_TABLES',
  ]);
});

describe('server', () => {
  test.each<[string, Partial<ServerInfo>, string[]]>([
    ['too old', { version: 130_004 }, ['PG_UNSUPPORTED_SERVER']],
    [
      'a standby before 16',
      { version: 150_000, inRecovery: true },
      ['PG_UNSUPPORTED_SERVER', 'PG_PUBLICATION'],
    ],
    ['a superuser without REPLICATION', { superuser: true, replication: false }, []],
    ['a member of rds_replication', { cloudReplication: true, replication: false }, []],
    ['no slot left', { usedReplicationSlots: 10 }, ['PG_SLOTS_EXHAUSTED']],
    ['no sender left', { usedWalSenders: 10 }, ['PG_SLOTS_EXHAUSTED']],
  ])('%s', (_, server, expected) => {
    expect(codes({ server })).toEqual(expected);
  });

  test('a full server does not matter once the slot is made and read', () => {
    const server = { usedReplicationSlots: 10, usedWalSenders: 10 };
    const slot = slotInfo({ activePid: 77 });
    expect(codes({ server, slot })).toEqual(['PG_SLOT_IN_USE']);
  });

  test('a standby: no failover slot, and its primary shall keep what is read', () => {
    const server = { inRecovery: true, hotStandbyFeedback: false };
    const given = { server, options: { slotFailover: true } };
    expect(codes(given)).toEqual(['CONFIG_UNSUPPORTED', 'PG_PUBLICATION']);
    expect(check({ server }).warnings.map(({ cure }) => cure)).toEqual([
      'ALTER SYSTEM SET hot_standby_feedback = on; SELECT pg_reload_conf();',
    ]);
    const synced = { server, slot: slotInfo({ synced: true }) };
    expect(codes(synced)).toEqual(['PG_SLOT_SYNCED', 'PG_PUBLICATION']);
  });

  test('generated columns need 18', () => {
    const options = { publishGeneratedColumns: 'stored' } as const;
    expect(codes({ options })).toEqual([]);
    expect(codes({ options, server: { version: 170_000 } })).toEqual(['CONFIG_UNSUPPORTED']);
  });

  test('failover slots need 17', () => {
    const given = { server: { version: 160_000 }, options: { slotFailover: true } };
    expect(codes(given)).toEqual(['CONFIG_UNSUPPORTED']);
    expect(codes({ options: { slotFailover: true } })).toEqual([]);
  });

  test('settings that lose slots are warned of', () => {
    const { warnings } = check({
      server: { maxSlotWalKeepSizeMb: 1024, idleSlotTimeoutSeconds: 60 },
    });
    expect(warnings.map(({ cure }) => cure)).toEqual([
      expect.stringContaining('max_slot_wal_keep_size = -1'),
      expect.stringContaining('idle_replication_slot_timeout = 0'),
    ]);
  });
});

describe('slot', () => {
  test.each<[string, Partial<SlotInfo>, string]>([
    ['of another plugin', { plugin: 'wal2json' }, 'PG_SLOT_MISMATCH'],
    ['physical', { slotType: 'physical', plugin: null }, 'PG_SLOT_MISMATCH'],
    ['of another database', { database: 'other' }, 'PG_SLOT_MISMATCH'],
    ['lost', { walStatus: 'lost' }, 'PG_SLOT_LOST'],
    ['invalidated', { invalidationReason: 'idle_timeout' }, 'PG_SLOT_LOST'],
    ['in use', { activePid: 4711 }, 'PG_SLOT_IN_USE'],
  ])('%s', (_, more, code) => {
    expect(codes({ slot: slotInfo(more), hasOffset: true })).toEqual([code]);
  });

  test('one that no offset knows is refused; when the store was not asked, it is not', () => {
    expect(codes({ slot: slotInfo(), hasOffset: false })).toEqual(['PG_SLOT_MISMATCH']);
    expect(codes({ slot: slotInfo() })).toEqual([]);
  });

  test('one that no offset knows may be taken over', () => {
    const options = { snapshotMode: 'no_data', offsetMismatchStrategy: 'trust_slot' } as const;
    const slot = slotInfo();
    const catalog = { publication: publicationInfo() };
    expect(codes({ slot, hasOffset: false, options, catalog })).toEqual([]);
    const young = { slot, hasOffset: false, options, catalog: { publication: null } };
    expect(codes(young)).toEqual(['PG_PUBLICATION']);
    expect(cures(young)).toContain('dbz_publication');
  });
});

describe('rights', () => {
  test('CREATE in the database and ownership, for a publication that has to be made', () => {
    const tables = [tableInfo({ owned: false, owner: 'app' })];
    const given = { server: { canCreateInDatabase: false }, catalog: { tables } };
    expect(codes(given)).toEqual(['PG_PERMISSION', 'PG_PERMISSION']);
    expect(cures(given)).toContain('GRANT CREATE ON DATABASE "shop" TO "tidemark";');
    expect(cures(given)).toContain('GRANT "app" TO "tidemark";');
    expect(cures(given)).toContain(
      'CREATE PUBLICATION "tidemark" FOR TABLE ONLY "public"."orders"',
    );
  });

  test('only a superuser publishes all tables', () => {
    const options = { publicationAutocreateMode: 'all_tables' } as const;
    expect(codes({ options })).toEqual(['PG_PERMISSION']);
    expect(codes({ options, server: { superuser: true } })).toEqual([]);
  });

  test('nothing is needed for a publication that fits', () => {
    const published = [
      { schema: 'public', table: 'orders', columns: ['id', 'note'], rowFilter: null },
    ];
    const tables = [tableInfo({ owned: false })];
    const catalog = { tables, published, publication: publicationInfo({ owned: false }) };
    expect(codes({ catalog, server: { canCreateInDatabase: false } })).toEqual([]);
  });

  test('SELECT on what the snapshot reads', () => {
    const catalog = { tables: [tableInfo({ canSelect: false })] };
    expect(codes({ catalog })).toEqual(['PG_PERMISSION']);
    expect(cures({ catalog })).toBe(
      'GRANT USAGE ON SCHEMA "public" TO "tidemark"; ' +
        'GRANT SELECT ON "public"."orders" TO "tidemark";',
    );
    expect(codes({ catalog, options: { snapshotMode: 'no_data' } })).toEqual([]);
    const signals = { signalTable: 'public.orders', signalTableSilent: true };
    const snapshots = { ...DEFAULT_SNAPSHOT_OPTIONS, ...signals };
    expect(codes({ catalog, options: { snapshots } })).toEqual([]);
  });

  test('row level security would hide rows in silence (P75)', () => {
    const catalog = { tables: [tableInfo({ rowSecurity: true })] };
    expect(codes({ catalog })).toEqual(['PG_PERMISSION']);
    expect(cures({ catalog })).toContain('BYPASSRLS');
  });
});

describe('replica identity (P34)', () => {
  const keyless = tableInfo({ uniqueIndexes: [] });

  test('an error where we would publish the table, a warning where it is published', () => {
    expect(codes({ catalog: { tables: [keyless] } })).toEqual(['PG_REPLICA_IDENTITY']);
    expect(cures({ catalog: { tables: [keyless] } })).toContain(
      'ALTER TABLE "public"."orders" REPLICA IDENTITY FULL;',
    );
    const published = [
      { schema: 'public', table: 'orders', columns: ['id', 'note'], rowFilter: null },
    ];
    const already = { tables: [keyless], published, publication: publicationInfo() };
    const findings = check({ catalog: already });
    expect(findings.problems).toEqual([]);
    expect(findings.warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining('fail on the source'),
      expect.stringContaining('without a key'),
    ]);
  });

  test('not where updates and deletes are not published', () => {
    const catalog = { tables: [keyless] };
    expect(codes({ catalog, options: { skippedOperations: ['u', 'd'] } })).toEqual([]);
  });

  test.each([
    ['NOTHING', tableInfo({ replicaIdentity: 'nothing' })],
    ['an index that is gone (P35)', tableInfo({ replicaIdentity: 'index' })],
    [
      'a deferrable key',
      tableInfo({ uniqueIndexes: [uniqueIndex([1], { primary: true, immediate: false })] }),
    ],
  ])('%s is none', (_, table) => {
    expect(codes({ catalog: { tables: [table] } })).toEqual(['PG_REPLICA_IDENTITY']);
  });

  test('FOR ALL TABLES also breaks tables that are not captured', () => {
    const catalog = { tables: [tableInfo(), tableInfo({ ...keyless, oid: 5, name: 'other' })] };
    const options = {
      publicationAutocreateMode: 'all_tables',
      tableInclude: [/^public\.orders$/],
    } as const;
    const given = { catalog, options, server: { superuser: true } };
    expect(codes(given)).toEqual(['PG_REPLICA_IDENTITY']);
    expect(cures(given)).toContain('"public"."other"');
  });

  test('FULL is allowed, with a word about its price', () => {
    const findings = check({ catalog: { tables: [tableInfo({ replicaIdentity: 'full' })] } });
    expect(findings.problems).toEqual([]);
    expect(findings.warnings).toHaveLength(1);
    // It was said to have its deletes left out by sinks, which find rows by all of the old one.
    const tables = [tableInfo({ uniqueIndexes: [], replicaIdentity: 'full' })];
    expect(check({ catalog: { tables } }).warnings.map(({ message }) => message)).toEqual([
      'without a key, sinks find rows by all their columns: public.orders',
      expect.stringContaining('FULL'),
    ]);
  });

  test('a column list of somebody else that lacks the identity', () => {
    const columns = [
      columnInfo('id', { number: 1, notNull: true }),
      columnInfo('b', { number: 2 }),
    ];
    const tables = [tableInfo({ columns, replicaIdentity: 'full' })];
    const published = [{ schema: 'public', table: 'orders', columns: ['id'], rowFilter: null }];
    const catalog = { tables, published, publication: publicationInfo() };
    const options = { publicationAutocreateMode: 'disabled' } as const;
    expect(codes({ catalog, options })).toEqual(['PG_PUBLICATION']);
  });
});
