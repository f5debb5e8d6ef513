import type { PipelineConfig } from '../config/pipeline-config.ts';
import { sourceFamily } from '../config/source-family.ts';
import type { EmbeddedRegistry } from '../converter/registry/embedded-registry.ts';
import type { EnvelopeOptions } from '../envelope/envelope-options.ts';
import { tableRecordSchemas } from '../envelope/table-record-schemas.ts';
import type { Clock } from '../foundation/clock.ts';
import type { FaultHook } from '../foundation/fault-points.ts';
import type { AlertOutlet } from '../model/alert.ts';
import type { Transport } from '../transport/transport.ts';
import { GateRelease } from './gate-release.ts';
import { GateReplay } from './gate-replay.ts';
import type { Logger } from './logger.ts';
import type { RecordSink } from './record-sink.ts';
import type { SchemaAlerts } from './schema-alerts.ts';
import { schemaAlertsOf, ShapeVerdicts } from './shape-verdicts.ts';
import { placesOf } from './source-places.ts';
import type { SourceTaskParts } from './source-task-parts.ts';
import { TableGates } from './table-gates.ts';

/** Where records go that wait no longer. */
interface GateWriting {
  readonly transport: Transport;
  readonly envelope: EnvelopeOptions;
  readonly registry: EmbeddedRegistry;
  readonly inner: RecordSink;
}

/** What the process around it gives. */
interface ShapeDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fault: FaultHook;
  readonly outlet: AlertOutlet;
  readonly askingMs?: number | undefined;
}

/** Who is told of changes of shape, and what becomes of the tables. */
interface ComposedShapes {
  readonly schemaAlerts: SchemaAlerts;
  readonly gates: NonNullable<SourceTaskParts['gates']>;
}

/** Gates are there without any policy, too: what waits since there was one waits on. */
export function composeShapes(
  config: PipelineConfig,
  { transport, envelope, registry, inner }: GateWriting,
  { clock, logger, fault, outlet, askingMs }: ShapeDependencies,
): ComposedShapes {
  const judge = new ShapeVerdicts({ config, envelope, builtIn: registry, clock, askingMs });
  const family = sourceFamily(config.source.connectorClass) ?? 'postgres';
  const tables = new TableGates({
    pipeline: config.name,
    config: config.schemaChanges,
    documents: transport.documents,
    transport,
    envelope,
    judge,
    topicOf: (table) => tableRecordSchemas(table, envelope).topic,
    inner,
    places: placesOf(family),
    clock,
    logger: logger.child({ task: 'source' }),
    fault,
  });
  const around = { outlet, clock, fault, policies: config.schemaChanges };
  const schemaAlerts = schemaAlertsOf(config, transport.documents, judge, around);
  const replay = new GateReplay(tables);
  return { schemaAlerts, gates: { tables, release: new GateRelease(tables, replay), replay } };
}
