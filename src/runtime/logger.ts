import { createRequire } from 'node:module';
import pino from 'pino';
import type * as PinoPretty from 'pino-pretty';

export type Logger = pino.Logger;

const load = createRequire(import.meta.url);

/** The section `log` of a pipeline file. */
export interface LogOptions {
  readonly level: string;
  /** `auto` is pretty on a terminal and JSON elsewhere. */
  readonly format: 'auto' | 'json' | 'pretty';
  /** Called before each line, for what is drawn on the same terminal. */
  readonly beforeLine?: () => void;
}

/**
 * JSON lines on standard error (standard output belongs to what commands print), pretty on a
 * terminal. Values of rows are never logged: they are the customer's data.
 */
export function createLogger(options: LogOptions): Logger {
  const isTerminal = process.stderr.isTTY;
  const usePretty = options.format === 'pretty' || (options.format === 'auto' && isTerminal);
  const settings: pino.LoggerOptions = {
    level: options.level,
    base: null,
    redact: { paths: ['password', '*.password', '*["database.password"]'], censor: '***' },
    serializers: { err: describeError },
    hooks: {
      logMethod(args, method) {
        options.beforeLine?.();
        method.apply(this, args);
      },
    },
  };
  if (!usePretty) return pino(settings, pino.destination({ dest: 2, sync: true }));
  const { NO_COLOR: noColour = '', TERM: kind } = process.env;
  const colorize = isTerminal && noColour === '' && kind !== 'dumb';
  // Thirty modules that a daemon whose lines are JSON does not load.
  const pretty = load('pino-pretty') as typeof PinoPretty.default;
  return pino(settings, pretty({ colorize, destination: 2, sync: true, ignore: 'pid,hostname' }));
}

/** A logger that says nothing, for commands that print for people and for tests. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}

function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const cause = error.cause instanceof Error ? { cause: describeError(error.cause) } : {};
  return { type: error.name, message: error.message, stack: error.stack, ...cause };
}
