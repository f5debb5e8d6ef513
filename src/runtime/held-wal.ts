import type { ConnectorConfig } from '../config/pipeline-config.ts';
import { sourceFamily } from '../config/source-family.ts';
import type { Clock } from '../foundation/clock.ts';
import type { SourceOffset } from '../model/change-event.ts';
import { bytesBehind } from '../source/mysql/capture/stored-position.ts';
import { readStoredOffset } from '../source/mysql/stream/binlog-offset.ts';
import { readBinlogFiles } from '../source/mysql/wire/mysql-server-facts.ts';
import { MysqlSession } from '../source/mysql/wire/mysql-session.ts';
import { readSlot } from '../source/postgres/capture/postgres-slot.ts';
import { PostgresWire } from '../source/postgres/wire/postgres-wire.ts';
import { mysqlSourceOptionsOf } from './mysql-source-options.ts';
import { sourceOptionsOf } from './source-options.ts';

/** What a server keeps for a source, and what it costs its disk. */
export interface HeldWal {
  /** Null: servers with a binlog know of nobody's place, and remove files by their age. */
  readonly slot: string | null;
  /**
   * From the slot's restart position to the end of the WAL, or from the stored position to the end
   * of the binlog; null: the server did not say.
   */
  readonly bytes: number | null;
}

/** Asks the server; the offset is what the pipeline has stored. */
export async function readHeldWal(
  source: ConnectorConfig,
  offset: Readonly<Record<string, unknown>> | null,
  signal: AbortSignal,
  clock: Clock,
): Promise<HeldWal> {
  return sourceFamily(source.connectorClass) === 'postgres'
    ? await readHeldBySlot(source, signal, clock)
    : { slot: null, bytes: await readBinlogBehind(source, offset, signal, clock) };
}

/**
 * Asks how much WAL the slot keeps. That is not how far the stream is behind: the server keeps from
 * the restart position, which follows the confirmed one at its own pace.
 */
async function readHeldBySlot(
  source: ConnectorConfig,
  signal: AbortSignal,
  clock: Clock,
): Promise<HeldWal> {
  const { connection, slotName } = sourceOptionsOf(source);
  try {
    const session = { replication: false, applicationName: 'tidemark bootstrap' };
    await using wire = await PostgresWire.connect(connection, session, signal, clock);
    const held = (await readSlot(wire, slotName, signal))?.heldBytes ?? null;
    return { slot: slotName, bytes: held === null ? null : Number(held) };
  } catch {
    // A figure at the end of work that is done: its want is no failure.
    return { slot: slotName, bytes: null };
  }
}

async function readBinlogBehind(
  source: ConnectorConfig,
  offset: Readonly<Record<string, unknown>> | null,
  signal: AbortSignal,
  clock: Clock,
): Promise<number | null> {
  if (offset === null) return null;
  try {
    const { connection, topicPrefix } = mysqlSourceOptionsOf(source);
    const map = offset as SourceOffset['offset'];
    const stored = readStoredOffset({ partition: { server: topicPrefix }, offset: map });
    await using session = await MysqlSession.connect(connection, signal, clock);
    return bytesBehind(stored, await readBinlogFiles(session, signal));
  } catch {
    return null;
  }
}
