import type { ByteReader } from '../../../foundation/byte-reader.ts';
import { uuidText } from '../../../model/gtid-set.ts';
import type { MariadbGtid } from '../../../model/mariadb-gtid.ts';
import type { GtidEvent, GtidListEvent, MariadbGtidEvent } from './binlog-event.ts';
import { packedInteger, signedVariableInteger, variableInteger } from './packed-integer.ts';

const LOGICAL_CLOCK = 2;
/** The top bit of a seven-byte time, or of a version: another one follows. */
const TIME_HAS_ORIGINAL = 1n << 55n;
const VERSION_HAS_ORIGINAL = 2 ** 31;
const TAG_BYTES_MAX = 32;

type Gtid = GtidEvent['gtid'];

/** Nearly all transactions have the same source: its text is kept. */
const lastUuid = Buffer.alloc(16);
let lastUuidText = uuidText(lastUuid);

function readUuid(reader: ByteReader): string {
  const at = reader.skip(16);
  if (lastUuid.compare(reader.bytes, at, at + 16) !== 0) {
    reader.bytes.copy(lastUuid, 0, at, at + 16);
    lastUuidText = uuidText(lastUuid);
  }
  return lastUuidText;
}
type Fields = { -readonly [K in Exclude<keyof GtidEvent, 'kind' | 'gtid'>]: GtidEvent[K] };

function noFields(): Fields {
  return {
    lastCommitted: null,
    sequenceNumber: null,
    immediateCommitMicros: null,
    originalCommitMicros: null,
    transactionBytes: null,
    immediateServerVersion: null,
    originalServerVersion: null,
  };
}

/** Events 33 and 34: each version of the server added fields at the end (PITFALLS B25). */
export function readGtid(reader: ByteReader, anonymous: boolean): GtidEvent {
  reader.skip(1);
  const uuid = readUuid(reader);
  const number = reader.u64le();
  const gtid: Gtid = anonymous ? null : { uuid, tag: '', number };
  const fields = noFields();
  if (reader.remaining >= 17 && reader.u8() === LOGICAL_CLOCK) {
    fields.lastCommitted = reader.u64le();
    fields.sequenceNumber = reader.u64le();
    readCommitTimes(reader, fields);
  }
  return { kind: 'gtid', gtid, ...fields };
}

function readCommitTimes(reader: ByteReader, fields: Fields): void {
  if (reader.remaining < 7) return;
  const immediate = readTime(reader);
  const hasOriginal = (immediate & TIME_HAS_ORIGINAL) !== 0n;
  fields.immediateCommitMicros = immediate & (TIME_HAS_ORIGINAL - 1n);
  fields.originalCommitMicros = hasOriginal ? readTime(reader) : fields.immediateCommitMicros;
  if (reader.remaining === 0) return;
  fields.transactionBytes = packedInteger(reader);
  if (reader.remaining < 4) return;
  const version = reader.u32le();
  const immediateVersion = version % VERSION_HAS_ORIGINAL;
  fields.immediateServerVersion = immediateVersion;
  fields.originalServerVersion =
    version >= VERSION_HAS_ORIGINAL ? reader.u32le() : immediateVersion;
}

function readTime(reader: ByteReader): bigint {
  const low = BigInt(reader.u48le());
  return low | (BigInt(reader.u8()) << 48n);
}

/** Event 42 (MySQL 8.3): numbered fields in the form of MySQL's serialization library (B24). */
export function readTaggedGtid(reader: ByteReader): GtidEvent {
  const version = variableInteger(reader);
  if (version !== 1n) reader.fail(`serialization version ${version}`);
  // The size of all, and the last field that a reader has to know.
  variableInteger(reader);
  const lastToKnow = variableInteger(reader);
  if (lastToKnow > LAST_KNOWN_FIELD + 1n) reader.fail(`field ${lastToKnow - 1n} of a GTID`);
  const fields = noFields();
  let uuid = '';
  let tag = '';
  let number = 0n;
  while (reader.remaining > 0) {
    const field = variableInteger(reader);
    // Fields from a newer server have no length: what stands behind one cannot be found.
    if (field > LAST_KNOWN_FIELD) break;
    if (field === 1n) {
      uuid = uuidText(Buffer.from(Array.from({ length: 16 }, () => octet(reader))));
    } else if (field === 2n) number = signedVariableInteger(reader);
    else if (field === 3n) tag = readTag(reader);
    else readTaggedField(field, reader, fields);
  }
  if (uuid === '') reader.fail('a GTID without its source');
  if (fields.originalCommitMicros === null) {
    fields.originalCommitMicros = fields.immediateCommitMicros;
  }
  if (fields.originalServerVersion === null) {
    fields.originalServerVersion = fields.immediateServerVersion;
  }
  return { kind: 'gtid', gtid: { uuid, tag, number }, ...fields };
}

const LAST_KNOWN_FIELD = 11n;

function readTaggedField(field: bigint, reader: ByteReader, fields: Fields): void {
  switch (field) {
    case 4n:
      fields.lastCommitted = signedVariableInteger(reader);
      return;
    case 5n:
      fields.sequenceNumber = signedVariableInteger(reader);
      return;
    case 6n:
      fields.immediateCommitMicros = variableInteger(reader);
      return;
    case 7n:
      fields.originalCommitMicros = variableInteger(reader);
      return;
    case 8n:
      fields.transactionBytes = variableInteger(reader);
      return;
    case 9n:
      fields.immediateServerVersion = Number(variableInteger(reader));
      return;
    case 10n:
      fields.originalServerVersion = Number(variableInteger(reader));
      return;
    default:
      // 0: flags; 11: the ticket of the commit group.
      variableInteger(reader);
  }
}

function octet(reader: ByteReader): number {
  const value = variableInteger(reader);
  return value > 255n ? reader.fail(`byte ${value} of a uuid`) : Number(value);
}

function readTag(reader: ByteReader): string {
  const length = variableInteger(reader);
  if (length > TAG_BYTES_MAX) reader.fail(`a tag of ${length} bytes`);
  return reader.take(Number(length)).toString('latin1');
}

const MariadbFlag = {
  standalone: 0x01,
  groupCommitId: 0x02,
  transactional: 0x04,
  ddl: 0x20,
  preparedXa: 0x40,
  completedXa: 0x80,
} as const;

/** MariaDB's GTID; the server is that of the event's header (PITFALLS B26). */
export function readMariadbGtid(reader: ByteReader, server: number): MariadbGtidEvent {
  const sequence = reader.u64le();
  const domain = reader.u32le();
  const flags = reader.u8();
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const commitId = has(MariadbFlag.groupCommitId) ? reader.u64le() : null;
  if (has(MariadbFlag.preparedXa | MariadbFlag.completedXa)) {
    reader.skip(4);
    const xidBytes = reader.u8() + reader.u8();
    reader.skip(xidBytes);
  }
  return {
    kind: 'mariadb-gtid',
    gtid: { domain, server, sequence },
    standalone: has(MariadbFlag.standalone),
    transactional: has(MariadbFlag.transactional),
    ddl: has(MariadbFlag.ddl),
    preparesXa: has(MariadbFlag.preparedXa),
    completesXa: has(MariadbFlag.completedXa),
    commitId,
    // Zeros fill the event up to 19 bytes, so that no flags are zero, too.
    extraFlags: reader.remaining > 0 ? reader.u8() : 0,
  };
}

/** A count with four bits of flags above it, and so many domains, servers and numbers. */
export function readGtidList(reader: ByteReader): GtidListEvent {
  const count = reader.u32le() & 0x0fff_ffff;
  if (count * 16 > reader.remaining) reader.fail(`${count} GTIDs`);
  const gtids = Array.from({ length: count }, (): MariadbGtid => {
    const domain = reader.u32le();
    const server = reader.u32le();
    return { domain, server, sequence: reader.u64le() };
  });
  return { kind: 'gtid-list', gtids };
}
