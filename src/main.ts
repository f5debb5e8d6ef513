import type { CliContext, CliFaces } from './cli/cli-context.ts';
import { ConsoleOutput } from './cli/console-output.ts';
import { runCli } from './cli/program.ts';
import { renderErrors } from './cli/render-errors.ts';
import { SignalPolicy } from './cli/signal-policy.ts';
import { systemClock } from './foundation/clock.ts';
import { toTidemarkError } from './foundation/errors.ts';

/**
 * The program: signals, exit codes and the faces, and nothing else. Only this file ends the
 * process.
 */
const faces: CliFaces = {
  async serveHttp(config, composed) {
    if (config.listen === null) return null;
    const { servePipeline } = await import('./rest/pipeline-server.ts');
    return servePipeline({ ...config.listen, token: config.token }, composed);
  },

  async serveStatus(config, status) {
    if (config.listen === null) return null;
    const { serveWaiting } = await import('./rest/pipeline-server.ts');
    return serveWaiting({ ...config.listen, token: config.token }, status);
  },

  async runDemo(options, { output, signal }) {
    const { directory, database, durationMs, ratePerSecond, json } = options;
    const [{ createLogger }, { runDemo }, { demoDatabase }, { createDemoPipeline }] =
      await Promise.all([
        import('./runtime/logger.ts'),
        import('./demo/demo.ts'),
        import('./demo/demo-kinds.ts'),
        import('./demo/demo-pipeline.ts'),
      ]);
    const logger = createLogger({ level: 'warn', format: 'auto' });
    const result = await runDemo({
      directory,
      database: demoDatabase(database),
      ...(durationMs === undefined ? {} : { durationMs }),
      ...(ratePerSecond === undefined ? {} : { ratePerSecond }),
      output: json
        ? undefined
        : {
            isTerminal: output.isTerminal,
            colours: output.colours,
            columns: () => output.columns,
            write: (text) => output.write(text),
          },
      signal,
      createPipeline: (server, store) => createDemoPipeline(server, store, logger),
    });
    if (result !== undefined && json) output.json(result);
    return result?.equal ?? true;
  },
};

const EXIT_BY_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const;

const output = new ConsoleOutput(process.stdout, process.stderr, process.env);
const stopping = new AbortController();
const policy = new SignalPolicy();

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    const verdict = policy.receive(systemClock.monotonicMs());
    if (verdict === 'hard') process.exit(EXIT_BY_SIGNAL[signal]);
    if (verdict === 'graceful') stopping.abort();
  });
}
process.on('unhandledRejection', (reason) => {
  process.exit(renderErrors(output, toTidemarkError(reason), process.argv.includes('--json')));
});
// `tidemark tail … | head`: the reader has gone, there is nobody to tell.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
}

const context: CliContext = {
  output,
  environment: process.env,
  signal: stopping.signal,
  clock: systemClock,
  faces,
  terminal: {
    input: process.stdin,
    output: process.stdout,
    atExit(restore) {
      process.once('exit', restore);
      return () => process.off('exit', restore);
    },
  },
};
process.exit(await runCli(process.argv.slice(2), context));
