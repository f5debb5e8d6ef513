import type { SchemaChangesConfig } from '../config/schema-section.ts';
import type { EnvelopeOptions } from '../envelope/envelope-options.ts';
import type { Clock } from '../foundation/clock.ts';
import type { FaultHook } from '../foundation/fault-points.ts';
import type { SourceOffset } from '../model/change-event.ts';
import type { SourcePlaces } from '../model/source-places.ts';
import type { TableSchema } from '../model/table-schema.ts';
import type { DocumentStore, Transport } from '../transport/transport.ts';
import type { Logger } from './logger.ts';
import type { RecordSink } from './record-sink.ts';
import type { ShapeJudge } from './schema-alerts.ts';

/** What gates are made with. */
export interface TableGateParts {
  readonly pipeline: string;
  readonly config: SchemaChangesConfig;
  readonly documents: DocumentStore;
  readonly transport: Transport;
  readonly envelope: EnvelopeOptions;
  readonly judge: ShapeJudge;
  /** The topic of a table's records, before transforms. */
  readonly topicOf: (table: TableSchema) => string;
  /** What records go through that do not wait. */
  readonly inner: RecordSink;
  /** How the offsets of the source are ordered. */
  readonly places: SourcePlaces;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fault: FaultHook;
}

/** Where a table begins to wait, as an offset that a life may go on from. */
export interface GatePlace {
  /** Before a change of shape that is told now. */
  ofChange(): SourceOffset;
  /** Before the event that is told now; `isCounted`: its transaction has counted it. */
  ofEvent(isCounted: boolean): SourceOffset;
}
