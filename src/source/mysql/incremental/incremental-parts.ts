import type { TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import type { Clock } from '../../../foundation/clock.ts';
import type { ChangeReceiver } from '../../../model/change-event.ts';
import type { SourceNotification } from '../../../model/source-notification.ts';
import type { KnownTables } from '../../incremental/known-tables.ts';
import type { SnapshotState } from '../../incremental/snapshot-state.ts';
import type { MysqlSourceOptions } from '../mysql-source-options.ts';
import type { BinlogPosition } from '../stream/binlog-position.ts';
import type { MysqlTableSchemas } from '../stream/mysql-table-schemas.ts';
import type { MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import type { SessionFactory } from './chunk-reader.ts';

/** What snapshots beside the stream are made with. */
export interface MysqlIncrementalParts {
  readonly options: Pick<
    MysqlSourceOptions,
    'snapshots' | 'snapshotMode' | 'snapshotLockTimeoutMs' | 'skippedOperations'
  >;
  /** The server that is streamed from, and the way to it: no other one may answer. */
  readonly server: MysqlServerFacts;
  readonly connect: SessionFactory;
  readonly receiver: ChangeReceiver;
  readonly catalog: TableCatalog;
  readonly schemas: MysqlTableSchemas;
  readonly position: BinlogPosition;
  readonly state: SnapshotState;
  readonly clock: Clock;
  /** The first snapshot was over before this run. */
  readonly resumed: boolean;
  /** Absent: tables that are added later are streamed only. */
  readonly knownTables?: KnownTables | undefined;
  offsetText(): string;
  /** The last table of a first snapshot has been read. */
  initialCompleted(): Promise<void>;
  notify(notification: SourceNotification): void;
  note(text: string): void;
  warn(text: string): void;
}
