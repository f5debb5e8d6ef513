import { homedir } from 'node:os';
import path from 'node:path';
import type { CliContext } from './cli-context.ts';

/** Flags of `demo`. */
export interface DemoFlags {
  readonly database: 'postgres' | 'mysql' | 'mariadb';
  readonly durationMs: number | undefined;
  readonly path: string | undefined;
  readonly ratePerSecond: number | undefined;
  readonly json: boolean;
}

/** `tidemark demo`: 0 when it was stopped, or when source and target were equal at the end. */
export async function demoCommand(flags: DemoFlags, context: CliContext): Promise<number> {
  const { database, durationMs, ratePerSecond, json } = flags;
  const directory = path.resolve(flags.path ?? defaultDirectory(context.environment));
  const options = { directory, database, durationMs, ratePerSecond, json };
  return (await context.faces.runDemo(options, context)) ? 0 : 1;
}

/** The user's place for data that programs keep (XDG), so that a second demo resumes anywhere. */
function defaultDirectory(environment: CliContext['environment']): string {
  const base = environment['XDG_DATA_HOME'] ?? '';
  return path.join(base === '' ? path.join(homedir(), '.local/share') : base, 'tidemark/demo');
}
