import { ByteWriter } from '../../../foundation/byte-writer.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { GtidSet } from '../../../model/gtid-set.ts';
import type { MariadbGtidPosition } from '../../../model/mariadb-gtid.ts';

/** Where a dump begins; a position of 4 is the start of a file. */
export type BinlogStart =
  | { readonly kind: 'file'; readonly file: string; readonly position: number }
  | { readonly kind: 'gtid'; readonly executed: GtidSet }
  | { readonly kind: 'mariadb-gtid'; readonly position: MariadbGtidPosition };

/** What a dump command carries besides its start. */
export interface DumpFlags {
  /** MariaDB: the statements behind the rows come along (PITFALLS B7). */
  readonly annotateRows: boolean;
  /** The server ends the stream at the end of the log, instead of waiting (PITFALLS B8). */
  readonly stopAtEnd: boolean;
}

/** By what the server tells its replicas apart (PITFALLS B4). */
export interface ReplicaIdentity {
  readonly serverId: number;
  readonly uuid: string;
  /** Shown as the replica's host. */
  readonly host: string;
}

const COM_BINLOG_DUMP = 0x12;
const COM_REGISTER_SLAVE = 0x15;
const COM_BINLOG_DUMP_GTID = 0x1e;
const NON_BLOCKING = 0x01;
const ANNOTATE_ROWS = 0x02;
const FILE_START = 4;
const LARGEST_POSITION = 0xffffffff;
/** HOSTNAME_LENGTH of the oldest servers. */
const HOST_BYTES = 60;

/** COM_REGISTER_SLAVE: SHOW REPLICAS then names us. No user or password goes along. */
export function registerCommand({ serverId, host }: ReplicaIdentity): Buffer {
  const writer = new ByteWriter(128);
  writer.u8(COM_REGISTER_SLAVE);
  u32le(writer, serverId);
  const name = Buffer.from(host, 'utf8').subarray(0, HOST_BYTES);
  writer.u8(name.length);
  writer.raw(name);
  writer.u8(0);
  writer.u8(0);
  u16le(writer, 0);
  u32le(writer, 0);
  u32le(writer, 0);
  return Buffer.from(writer.written());
}

/**
 * The command that starts the stream. By GTID MySQL has one of its own; MariaDB was told by
 * @slave_connect_state, and then ignores the file (PITFALLS B6).
 */
export function dumpCommand(start: BinlogStart, serverId: number, flags: DumpFlags): Buffer {
  const bits = (flags.stopAtEnd ? NON_BLOCKING : 0) | (flags.annotateRows ? ANNOTATE_ROWS : 0);
  if (start.kind === 'gtid') return gtidDump(start.executed, serverId, bits);
  const writer = new ByteWriter(64);
  const [file, position] = start.kind === 'file' ? [start.file, start.position] : ['', FILE_START];
  writer.u8(COM_BINLOG_DUMP);
  u32le(writer, checkedPosition(file, position));
  u16le(writer, bits);
  u32le(writer, serverId);
  writer.utf8(file);
  return Buffer.from(writer.written());
}

function gtidDump(executed: GtidSet, serverId: number, bits: number): Buffer {
  const set = executed.encode();
  const writer = new ByteWriter(64 + set.length);
  writer.u8(COM_BINLOG_DUMP_GTID);
  // What is ANNOTATE_ROWS for MariaDB means something else here.
  u16le(writer, bits & NON_BLOCKING);
  u32le(writer, serverId);
  u32le(writer, 0);
  writer.u64le(BigInt(FILE_START));
  u32le(writer, set.length);
  writer.raw(set);
  return Buffer.from(writer.written());
}

/** The command has 32 bits for it, and the server's own GTID command takes no file (B5). */
function checkedPosition(file: string, position: number): number {
  if (position >= FILE_START && position <= LARGEST_POSITION) return position;
  throw new TidemarkError(
    'MYSQL_POSITION',
    `a binlog cannot be read from ${file}:${position} on: the protocol has 32 bits for a position`,
    {
      cure:
        'Positions by GTID have no such limit: SET GLOBAL gtid_mode = ON; (MariaDB always has ' +
        'them), then snapshot anew. A file this large comes from one huge transaction.',
    },
  );
}

function u16le(writer: ByteWriter, value: number): void {
  writer.reserve(2);
  writer.position = writer.bytes.writeUInt16LE(value, writer.position);
}

function u32le(writer: ByteWriter, value: number): void {
  writer.reserve(4);
  writer.position = writer.bytes.writeUInt32LE(value, writer.position);
}
