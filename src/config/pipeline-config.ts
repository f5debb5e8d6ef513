import type { AlertsConfig } from './alert-section.ts';
import type { ConnectorFlavour } from './connector-classes.ts';
import type { ListenAddress } from './http-options.ts';
import type { ResolvedOptions } from './option.ts';
import type { SchemaChangesConfig } from './schema-section.ts';
import type { TransportType } from './transport-options.ts';

/** One connector of a pipeline, its options resolved against the table of its class. */
export interface ConnectorConfig {
  readonly name: string;
  /** As written in `connector.class`. */
  readonly connectorClass: string;
  readonly flavour: ConnectorFlavour;
  readonly options: ResolvedOptions;
}

/** The section `http`, resolved. */
export interface HttpConfig {
  /** Null: no HTTP port. */
  readonly listen: ListenAddress | null;
  readonly token: string | undefined;
}

/** A pipeline file, complete and checked. */
export interface PipelineConfig {
  readonly name: string;
  /** The file as named by the user. */
  readonly file: string;
  /** Absolute path of the embedded store; on Kafka of what is spooled. */
  readonly storePath: string;
  readonly transport: ResolvedOptions;
  readonly transportType: TransportType;
  readonly source: ConnectorConfig;
  readonly sinks: readonly ConnectorConfig[];
  readonly http: HttpConfig;
  readonly runtime: ResolvedOptions;
  readonly verify: ResolvedOptions;
  readonly alerts: AlertsConfig;
  readonly schemaChanges: SchemaChangesConfig;
  /** Notes that do not stop the start: unknown properties, properties without effect. */
  readonly warnings: readonly string[];
}
