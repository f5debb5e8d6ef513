import type { ByteReader } from '../../../foundation/byte-reader.ts';
import type { Lsn } from '../../../model/lsn.ts';
import { lsn } from '../../../model/lsn.ts';
import type {
  ControlMessage,
  PreparedMessage,
  RelationColumn,
  RelationMessage,
  TruncateMessage,
} from './pgoutput-message.ts';

/** First byte of a pgoutput message (PITFALLS A0); protocol versions 1 to 4. */
export const PgoutputKind = {
  begin: 0x42, // B
  commit: 0x43, // C
  origin: 0x4f, // O
  relation: 0x52, // R
  type: 0x59, // Y
  insert: 0x49, // I
  update: 0x55, // U
  delete: 0x44, // D
  truncate: 0x54, // T
  message: 0x4d, // M
  streamStart: 0x53, // S
  streamStop: 0x45, // E
  streamCommit: 0x63, // c
  streamAbort: 0x41, // A
  beginPrepare: 0x62, // b
  prepare: 0x50, // P
  commitPrepared: 0x4b, // K
  rollbackPrepared: 0x72, // r
  streamPrepare: 0x70, // p
} as const;

/** PostgreSQL counts µs from 2000-01-01 UTC. */
export const POSTGRES_EPOCH_MICROS = 946_684_800_000_000n;

function readLsn(reader: ByteReader): Lsn {
  return lsn(reader.u64be());
}

function readMicros(reader: ByteReader): bigint {
  return reader.i64be() + POSTGRES_EPOCH_MICROS;
}

/** Reserved flags: a server that sets one means something that we would get wrong. */
function readNoFlags(reader: ByteReader): void {
  const flags = reader.u8();
  if (flags !== 0) reader.fail(`flags ${flags}`);
}

function readNamespace(reader: ByteReader): string {
  const name = reader.cstring();
  return name === '' ? 'pg_catalog' : name;
}

function readReplicaIdentity(reader: ByteReader): RelationMessage['replicaIdentity'] {
  const letter = reader.u8();
  switch (letter) {
    case 0x64:
      return 'default';
    case 0x6e:
      return 'nothing';
    case 0x66:
      return 'full';
    case 0x69:
      return 'index';
    default:
      return reader.fail(`replica identity ${letter}`);
  }
}

function readRelation(reader: ByteReader): RelationMessage {
  const relationId = reader.u32be();
  const schema = readNamespace(reader);
  const table = reader.cstring();
  const replicaIdentity = readReplicaIdentity(reader);
  const columns: RelationColumn[] = [];
  for (let count = reader.u16be(); count > 0; count--) {
    columns.push({
      identity: (reader.u8() & 1) === 1,
      name: reader.cstring(),
      typeOid: reader.u32be(),
      typeModifier: reader.i32be(),
    });
  }
  return { kind: 'relation', relationId, schema, table, replicaIdentity, columns };
}

function readTruncate(reader: ByteReader): TruncateMessage {
  const count = reader.u32be();
  const options = reader.u8();
  if (count * 4 !== reader.remaining) reader.fail(`${count} relations truncated`);
  const relationIds = Array.from({ length: count }, () => reader.u32be());
  const cascade = (options & 1) !== 0;
  const restartIdentity = (options & 2) !== 0;
  return { kind: 'truncate', cascade, restartIdentity, relationIds };
}

function readLogicalMessage(reader: ByteReader): ControlMessage {
  const transactional = (reader.u8() & 1) === 1;
  const messageLsn = readLsn(reader);
  const prefix = reader.cstring();
  // A copy: the frame's bytes are gone after the call, and these messages are rare.
  const content = Buffer.from(reader.take(reader.u32be()));
  return { kind: 'message', transactional, lsn: messageLsn, prefix, content };
}

function readPrepared(reader: ByteReader, kind: PreparedMessage['kind']): PreparedMessage {
  if (kind !== 'begin-prepare') readNoFlags(reader);
  return {
    kind,
    lsn: readLsn(reader),
    endLsn: readLsn(reader),
    micros: readMicros(reader),
    xid: reader.u32be(),
    gid: reader.cstring(),
  };
}

function readRollbackPrepared(reader: ByteReader): ControlMessage {
  readNoFlags(reader);
  return {
    kind: 'rollback-prepared',
    prepareEndLsn: readLsn(reader),
    rollbackEndLsn: readLsn(reader),
    prepareMicros: readMicros(reader),
    rollbackMicros: readMicros(reader),
    xid: reader.u32be(),
    gid: reader.cstring(),
  };
}

function readStreamAbort(reader: ByteReader): ControlMessage {
  const xid = reader.u32be();
  const subxid = reader.u32be();
  // Protocol 4 with streaming=parallel adds LSN and time.
  if (reader.remaining > 0) reader.skip(16);
  return { kind: 'stream-abort', xid, subxid };
}

function readStreamCommit(reader: ByteReader): ControlMessage {
  const xid = reader.u32be();
  readNoFlags(reader);
  return {
    kind: 'stream-commit',
    xid,
    commitLsn: readLsn(reader),
    endLsn: readLsn(reader),
    commitMicros: readMicros(reader),
  };
}

function readCommit(reader: ByteReader): ControlMessage {
  readNoFlags(reader);
  return {
    kind: 'commit',
    commitLsn: readLsn(reader),
    endLsn: readLsn(reader),
    commitMicros: readMicros(reader),
  };
}

/** The body of a message that is not a row change; an unknown kind is an error (P14). */
export function readControlMessage(kind: number, reader: ByteReader): ControlMessage {
  switch (kind) {
    case PgoutputKind.begin:
      return {
        kind: 'begin',
        finalLsn: readLsn(reader),
        commitMicros: readMicros(reader),
        xid: reader.u32be(),
      };
    case PgoutputKind.commit:
      return readCommit(reader);
    case PgoutputKind.origin:
      return { kind: 'origin', commitLsn: readLsn(reader), name: reader.cstring() };
    case PgoutputKind.relation:
      return readRelation(reader);
    case PgoutputKind.type:
      return {
        kind: 'type',
        typeOid: reader.u32be(),
        schema: readNamespace(reader),
        name: reader.cstring(),
      };
    case PgoutputKind.truncate:
      return readTruncate(reader);
    case PgoutputKind.message:
      return readLogicalMessage(reader);
    case PgoutputKind.streamStart:
      return { kind: 'stream-start', xid: reader.u32be(), first: reader.u8() === 1 };
    case PgoutputKind.streamStop:
      return { kind: 'stream-stop' };
    case PgoutputKind.streamCommit:
      return readStreamCommit(reader);
    case PgoutputKind.streamAbort:
      return readStreamAbort(reader);
    case PgoutputKind.beginPrepare:
      return readPrepared(reader, 'begin-prepare');
    case PgoutputKind.prepare:
      return readPrepared(reader, 'prepare');
    case PgoutputKind.commitPrepared:
      return readPrepared(reader, 'commit-prepared');
    case PgoutputKind.rollbackPrepared:
      return readRollbackPrepared(reader);
    case PgoutputKind.streamPrepare:
      return readPrepared(reader, 'stream-prepare');
    default:
      return reader.fail(`unknown pgoutput message ${kind}`);
  }
}
