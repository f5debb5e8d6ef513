import type { HttpConfig } from '../config/pipeline-config.ts';
import type { Clock } from '../foundation/clock.ts';
import type { ComposedPipeline } from '../runtime/compose-pipeline.ts';
import type { PipelineStatus } from '../runtime/pipeline-status.ts';
import type { ConsoleOutput } from './console-output.ts';
import type { Terminal } from './terminal-screen.ts';

/** What the demo is told. */
export interface DemoCommandOptions {
  /** Folder of server and log; a second run resumes there. */
  readonly directory: string;
  readonly database: 'postgres' | 'mysql' | 'mariadb';
  readonly durationMs: number | undefined;
  readonly ratePerSecond: number | undefined;
  readonly json: boolean;
}

/** The open HTTP port; disposing closes it. */
export interface ServedHttp extends AsyncDisposable {
  readonly url: string;
}

/** The other faces, which the command line may start but not import. */
export interface CliFaces {
  serveHttp(config: HttpConfig, composed: ComposedPipeline): Promise<ServedHttp | null>;
  /** Of a start that waits; null once that is about to be over. */
  serveStatus(config: HttpConfig, status: () => PipelineStatus | null): Promise<ServedHttp | null>;
  /** Returns false when source and target differ at the end. */
  runDemo(options: DemoCommandOptions, context: CliContext): Promise<boolean>;
}

/** What commands need of the world; tests bring their own. */
export interface CliContext {
  readonly output: ConsoleOutput;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborts at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly faces: CliFaces;
  /** Absent: nothing can be drawn and no key comes in. */
  readonly terminal?: Terminal;
}
