import { ConsoleOutput } from '../../src/cli/console-output.ts';
import { runCli } from '../../src/cli/program.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import type { CliResult } from './cli-process.ts';

/**
 * Runs a command line inside of the test: for what commands say and ask, where a process of its own
 * would only cost its start.
 */
export async function runInProcess(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  const said = { stdout: '', stderr: '' };
  const into = (name: keyof typeof said) => ({
    write: (text: string): void => void (said[name] += text),
  });
  const code = await runCli(args, {
    output: new ConsoleOutput(into('stdout'), into('stderr'), environment),
    environment,
    signal: new AbortController().signal,
    clock: systemClock,
    faces: {
      serveHttp: () => Promise.resolve(null),
      serveStatus: () => Promise.resolve(null),
      runDemo: () => Promise.resolve(true),
    },
  });
  return { code, ...said };
}
