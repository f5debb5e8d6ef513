import { expect, test } from 'vitest';
import type { ServerInfo } from '../../../../dialects/postgres/postgres-server-catalog.ts';
import { settingWarnings } from '../../../../src/source/postgres/capture/setting-warnings.ts';
import { serverInfo } from '../../../support/catalog-fixtures.ts';

test.for<readonly [string, Partial<ServerInfo>, boolean, string | null]>([
  ['nothing', {}, true, null],
  ['a limit of WAL', { maxSlotWalKeepSizeMb: 64 }, false, 'max_slot_wal_keep_size = -1'],
  ['a timeout', { idleSlotTimeoutSeconds: 9 }, false, 'idle_replication_slot_timeout = 0'],
  ['a primary without feedback', { hotStandbyFeedback: false }, false, null],
  [
    'a standby without feedback',
    { inRecovery: true, hotStandbyFeedback: false },
    false,
    'hot_standby_feedback = on',
  ],
  ['failover, standbys waited for', { synchronizedStandbySlots: 'a' }, true, null],
  ['no failover', { synchronizedStandbySlots: '' }, false, null],
  ['failover', { synchronizedStandbySlots: '' }, true, 'synchronized_standby_slots = '],
])('%s', ([, server, slotFailover, setting]) => {
  const cures = settingWarnings(serverInfo(server), { slotFailover }).map(({ cure }) => cure);
  expect(cures).toEqual(
    setting === null ? [] : [expect.stringContaining(`ALTER SYSTEM SET ${setting}`)],
  );
});
