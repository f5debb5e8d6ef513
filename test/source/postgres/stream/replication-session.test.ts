import { expect, test } from 'vitest';
import { lsn } from '../../../../src/model/lsn.ts';
import { startCommand } from '../../../../src/source/postgres/stream/replication-session.ts';
import { sourceOptionsFor } from '../../../support/postgres-source.ts';

const DATABASE = { host: 'h', port: 1, user: 'u', password: 'p', name: 'shop' };

test('names are quoted twice: as identifiers, inside of a literal (P74)', () => {
  const options = sourceOptionsFor(DATABASE, {
    largeTransactionMode: 'server',
    publicationName: `we"ird's`,
    slotStreamParams: [['origin', 'none']],
  });
  expect(startCommand(options, lsn(0x16_b374_d848n), 160_000)).toBe(
    `START_REPLICATION SLOT "shop" LOGICAL 16/B374D848 ` +
      `("proto_version" '1', "publication_names" '"we""ird''s"', "messages" 'true', ` +
      `"origin" 'none')`,
  );
});
