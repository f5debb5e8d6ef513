import type { Clock } from '../../../foundation/clock.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { MysqlConnectionOptions } from '../mysql-connection-options.ts';
import type { BinlogDump } from './binlog-wire.ts';
import { BinlogWire } from './binlog-wire.ts';

/**
 * Why the server does not begin a dump there; null: it does. MariaDB keeps what tells it (a list of
 * GTIDs at the head of each file) to itself, so that only its own answer says what is purged.
 */
export async function dumpProblem(
  connection: MysqlConnectionOptions,
  dump: BinlogDump,
  signal: AbortSignal,
  clock: Clock,
): Promise<TidemarkError | null> {
  await using wire = await BinlogWire.connect(
    connection,
    { ...dump, stopAtEnd: true },
    signal,
    clock,
  );
  try {
    const stop = (): undefined => {
      wire.stop();
    };
    await wire.stream({ event: stop, settle: () => undefined }, signal);
    return null;
  } catch (error) {
    if (signal.aborted || !(error instanceof TidemarkError)) throw error;
    return error;
  }
}
