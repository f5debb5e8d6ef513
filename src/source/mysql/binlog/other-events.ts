import type { ByteReader } from '../../../foundation/byte-reader.ts';
import { decodeGtidSet } from '../../../model/gtid-set.ts';
import type { BinlogEvent } from './binlog-event.ts';
import { EventFlag, EventType } from './binlog-event-type.ts';
import { readHeartbeatV2, readUserVariable, readXaPrepare } from './control-events.ts';
import { readGtid, readGtidList, readMariadbGtid, readTaggedGtid } from './gtid-events.ts';

/** What an event's header says of it. */
export interface OtherEventHeader {
  readonly type: number;
  readonly serverId: number;
  readonly flags: number;
  readonly position: number;
}

const INTVAR_NAMES: Readonly<Record<number, string>> = { 1: 'LAST_INSERT_ID', 2: 'INSERT_ID' };

/** The body of an event that changes nothing in how others are read. */
export function readOtherEvent(reader: ByteReader, header: OtherEventHeader): BinlogEvent {
  switch (header.type) {
    case EventType.xid:
      return { kind: 'xid', xid: reader.u64le() };
    case EventType.gtid:
      return readGtid(reader, false);
    case EventType.anonymousGtid:
      return readGtid(reader, true);
    case EventType.gtidTagged:
      return readTaggedGtid(reader);
    case EventType.mariadbGtid:
      return readMariadbGtid(reader, header.serverId);
    case EventType.previousGtids:
      return { kind: 'previous-gtids', gtids: decodeGtidSet(reader.take(reader.remaining)) };
    case EventType.gtidList:
      return readGtidList(reader);
    case EventType.rowsQuery:
      // Its length of one byte is that of longer texts modulo 256 (PITFALLS B7).
      reader.skip(1);
      return { kind: 'rows-query', sql: text(reader) };
    case EventType.annotateRows:
      return { kind: 'rows-query', sql: text(reader) };
    case EventType.xaPrepare:
      return readXaPrepare(reader);
    case EventType.heartbeat:
      return { kind: 'heartbeat', file: text(reader), position: header.position };
    case EventType.heartbeatV2:
      return readHeartbeatV2(reader);
    case EventType.stop:
      return { kind: 'stop' };
    case EventType.startEncryption:
      return { kind: 'start-encryption' };
    default:
      return readStatementEvent(reader, header);
  }
}

/** What belongs to statements that are logged as text, and the rest. */
function readStatementEvent(reader: ByteReader, header: OtherEventHeader): BinlogEvent {
  switch (header.type) {
    case EventType.intvar: {
      const type = reader.u8();
      return { kind: 'statement-context', variable: INTVAR_NAMES[type] ?? `INTVAR ${type}` };
    }
    case EventType.rand:
      return { kind: 'statement-context', variable: 'RAND' };
    // LOAD DATA as it was logged before MySQL 5.0.
    case EventType.load:
    case EventType.newLoad:
    case EventType.createFile:
    case EventType.execLoad:
      return { kind: 'statement-context', variable: 'LOAD DATA' };
    case EventType.userVar:
      return readUserVariable(reader);
    case EventType.beginLoadQuery:
    case EventType.appendBlock: {
      const fileId = reader.u32le();
      return { kind: 'load-block', fileId, bytes: reader.remaining };
    }
    case EventType.incident: {
      const incident = reader.u16le();
      const message = reader.remaining > 0 ? reader.take(reader.u8()).toString('utf8') : '';
      return { kind: 'incident', incident, message };
    }
    default:
      return readIgnored(reader, header);
  }
}

/** Only what cannot carry a change may be passed over (PITFALLS B48). */
function readIgnored(reader: ByteReader, { type, flags }: OtherEventHeader): BinlogEvent {
  switch (type) {
    case EventType.ignorable:
    case EventType.slave:
    case EventType.deleteFile:
    case EventType.transactionContext:
    case EventType.viewChange:
    case EventType.binlogCheckpoint:
      return { kind: 'ignored' };
    case EventType.preGaWriteRows:
    case EventType.preGaUpdateRows:
    case EventType.preGaDeleteRows:
      return reader.fail('rows in the form of a test version of MySQL 5.1');
    default:
      if ((flags & EventFlag.ignorable) !== 0) return { kind: 'ignored' };
      return reader.fail('an event that this version does not know');
  }
}

function text(reader: ByteReader): string {
  return reader.take(reader.remaining).toString('utf8');
}
