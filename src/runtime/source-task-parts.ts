import type { Clock } from '../foundation/clock.ts';
import type { FaultHook } from '../foundation/fault-points.ts';
import type { AlertOutlet } from '../model/alert.ts';
import type { SourceOffset, SourceReader } from '../model/change-event.ts';
import type { SlotSurrender } from '../source/postgres/snapshot/slot-gap.ts';
import type { Transport } from '../transport/transport.ts';
import type { GateRelease } from './gate-release.ts';
import type { GateReplay } from './gate-replay.ts';
import type { HeldTopics } from './held-topics.ts';
import type { Logger } from './logger.ts';
import type { PublisherLimits } from './record-publisher.ts';
import type { RegistryOutage } from './registry-outage.ts';
import type { Reselector } from './reselecting-receiver.ts';
import type { SchemaAlerts } from './schema-alerts.ts';
import type { SourceDeadLetters } from './source-dead-letters.ts';
import type { SourceHeartbeat } from './source-heartbeat.ts';
import type { SourceMessages } from './source-messages.ts';
import type { SourceNotifications } from './source-notifications.ts';
import type { SourcePositions } from './source-positions.ts';
import type { SourceSignals } from './source-signals.ts';
import type { SourceStatements } from './source-statements.ts';
import type { SourceStatistics } from './source-statistics.ts';
import type { SourceTransactions } from './source-transactions.ts';
import type { TableGates } from './table-gates.ts';
import type { TableEncoders } from './table-encoders.ts';

/** What a source task is made of; the reader is opened anew for each life. */
export interface SourceTaskParts {
  readonly name: string;
  readonly partition: SourceOffset['partition'];
  readonly transport: Transport;
  /**
   * A new reader for each life of the task. `again`: it reads what was told before, and follows the
   * stream alone.
   */
  readonly openReader: (again: boolean) => SourceReader;
  readonly encoders: TableEncoders;
  /** Null: none are written (`heartbeat.interval.ms` is 0). */
  readonly heartbeat: SourceHeartbeat | null;
  readonly messages: SourceMessages;
  /** Absent: the source tells none. */
  readonly statements?: SourceStatements;
  readonly notifications: SourceNotifications;
  readonly signals: SourceSignals;
  readonly held: HeldTopics;
  /** Absent: changes of shape are followed, whatever they are. */
  readonly gates?: {
    readonly tables: TableGates;
    readonly release: GateRelease;
    readonly replay: GateReplay;
  };
  readonly positions: SourcePositions;
  /** Absent: a change of which no record can be made stops the source. */
  readonly letters?: SourceDeadLetters;
  readonly outage: RegistryOutage;
  /** Null: no transaction metadata (`provide.transaction.metadata` is false). */
  readonly transactions: SourceTransactions | null;
  readonly statistics: SourceStatistics;
  /** Who gives the slot up; absent: there is none that could be. */
  readonly surrender?: SlotSurrender | null;
  /** Where it is told; absent: nowhere. */
  readonly outlet?: AlertOutlet;
  /** Absent: nobody is told of truncated tables. */
  readonly schemaAlerts?: SchemaAlerts;
  /** Absent: as the embedded log likes it. */
  readonly limits?: PublisherLimits;
  /** What fills in values that rows lack (post.processors), in this order; for each life anew. */
  readonly openReselectors: () => readonly (Reselector & AsyncDisposable)[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fault: FaultHook;
  /** Told how many records became durable. */
  readonly onDurable: (records: number) => void;
}
