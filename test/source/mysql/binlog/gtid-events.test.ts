import { describe, expect, test } from 'vitest';
import { ByteReader, DecodeError } from '../../../../src/foundation/byte-reader.ts';
import {
  readGtid,
  readGtidList,
  readMariadbGtid,
  readTaggedGtid,
} from '../../../../src/source/mysql/binlog/gtid-events.ts';
import { decodeAll, eventsOf, hexBytes, recordedBinlog } from '../../../support/binlog-events.ts';

const reader = (hex: string): ByteReader => new ByteReader(hexBytes(hex));
const U1 = '5aa72a7f-44a8-11ea-947f-0242ac190002';
const U2 = '5ccc1033-44a8-11ea-bd59-0242ac190003';
const none = {
  immediateCommitMicros: null,
  originalCommitMicros: null,
  transactionBytes: null,
  immediateServerVersion: null,
  originalServerVersion: null,
};

describe('GTID of MySQL (PITFALLS B25)', () => {
  /** From go-mysql's TestGTIDEventMysql8NewFields. */
  test.each([
    [
      'with times and versions of both servers',
      '005aa72a7f44a811ea947f0242ac19000202010000000000000276000000000000007700000000000000c14781' +
        '1678a08500000000000000fcc5039338018000000000',
      {
        gtid: { uuid: U1, tag: '', number: 258n },
        lastCommitted: 118n,
        sequenceNumber: 119n,
        immediateCommitMicros: 1583812517644225n,
        originalCommitMicros: 0n,
        transactionBytes: 965n,
        immediateServerVersion: 80019,
        originalServerVersion: 0,
      },
    ],
    [
      'of 5.7',
      '005aa72a7f44a811ea947f0242ac19000203010000000000000235000000000000003600000000000000',
      {
        gtid: { uuid: U1, tag: '', number: 259n },
        lastCommitted: 53n,
        sequenceNumber: 54n,
        ...none,
      },
    ],
    [
      'with one time and version for both',
      '005ccc103344a811eabd590242ac19000377000000000000000278000000000000007900000000000000' +
        '6a30b13e78a005fcc30393380100',
      {
        gtid: { uuid: U2, tag: '', number: 119n },
        lastCommitted: 120n,
        sequenceNumber: 121n,
        immediateCommitMicros: 1583813191872618n,
        originalCommitMicros: 1583813191872618n,
        transactionBytes: 963n,
        immediateServerVersion: 80019,
        originalServerVersion: 80019,
      },
    ],
    [
      'of 5.6, without a logical clock',
      '005aa72a7f44a811ea947f0242ac1900020301000000000000',
      {
        gtid: { uuid: U1, tag: '', number: 259n },
        lastCommitted: null,
        sequenceNumber: null,
        ...none,
      },
    ],
  ])('%s', (_what, hex, expected) => {
    expect(readGtid(reader(hex), false)).toEqual({ kind: 'gtid', ...expected });
    expect(readGtid(reader(hex), true).gtid).toBeNull();
  });

  test('a cut one', () => {
    expect(() => readGtid(reader('005aa72a7f44a811ea94'), false)).toThrow(DecodeError);
  });
});

describe('GTID_TAGGED (PITFALLS B24)', () => {
  const recorded = eventsOf(recordedBinlog('mysql-9.7')).find((event) => event[4] === 42) as Buffer;
  const bytes = recorded.subarray(19, -4);

  test('as MySQL 9.7 wrote it', () => {
    const event = readTaggedGtid(new ByteReader(bytes));
    expect(event).toMatchObject({
      gtid: { tag: 'tag_a', number: 2n },
      immediateServerVersion: 90704,
      originalServerVersion: 90704,
    });
    expect(event.gtid?.uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-11f1-/);
    expect(event.immediateCommitMicros).toBe(event.originalCommitMicros);
    // Its next event but for five starts where the transaction's bytes end.
    expect(Number(event.transactionBytes)).toBeGreaterThan(recorded.length);
  });

  test('every prefix is a DecodeError, or a GTID whose last fields are missing', () => {
    for (let length = 0; length < bytes.length; length++) {
      const prefix = bytes.subarray(0, length);
      try {
        expect(readTaggedGtid(new ByteReader(prefix)).gtid?.uuid).toHaveLength(36);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }
  });

  test.each([
    ['another version of the form', '04'],
    ['a field that has to be known', '022032'],
    ['a byte of the uuid over 255', `02200002${'0104'.repeat(16)}`],
    ['no uuid', '0220000000'],
  ])('%s is refused', (_what, hex) => {
    expect(() => readTaggedGtid(reader(hex))).toThrow(DecodeError);
  });
});

describe('GTID of MariaDB (PITFALLS B26)', () => {
  /** The first from osheroff's MariadbGtidEventDataDeserializerTest. */
  test.each([
    [
      'plain',
      'ec1c000000000000000000000c00000000000079',
      7404n,
      { transactional: true, ddl: false },
    ],
    [
      'with the id of a commit in a group',
      '0500000000000000010000000eff00000000000000',
      5n,
      { commitId: 255n, transactional: true, standalone: false },
    ],
    ['DDL', '050000000000000001000000290 00000000000', 5n, { standalone: true, ddl: true }],
    [
      'that prepares an XA transaction: its name follows at once, then flags',
      '1100000000000000000000004c0700000002027831623101ff',
      17n,
      { preparesXa: true, completesXa: false, commitId: null, extraFlags: 1 },
    ],
  ])('%s', (_what, hex, sequence, expected) => {
    const event = readMariadbGtid(reader(hex), 102);
    expect(event.gtid).toMatchObject({ server: 102, sequence });
    expect(event).toMatchObject(expected);
  });

  test('the list at the head of a file (PITFALLS B27)', () => {
    // From osheroff's MariadbGtidListEventDataDeserializerTest.
    expect(readGtidList(reader('010000000000000066000000571c000000000000')).gtids).toEqual([
      { domain: 0, server: 102, sequence: 7255n },
    ]);
    expect(readGtidList(reader('00000010')).gtids).toEqual([]);
    expect(() => readGtidList(reader('ffffff0f'))).toThrow(DecodeError);
  });

  test('those of the recorded binlog', () => {
    const gtids = decodeAll(eventsOf(recordedBinlog('mariadb-10.11'))).filter(
      (event) => event.kind === 'mariadb-gtid',
    );
    expect(gtids.filter(({ preparesXa }) => preparesXa)).toHaveLength(1);
    expect(gtids.filter(({ completesXa }) => completesXa)).toHaveLength(1);
    expect(gtids.filter(({ gtid }) => gtid.domain === 3)).toHaveLength(1);
  });
});
