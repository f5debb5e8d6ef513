import { nearestName } from '../config/nearest-name.ts';
import { ERROR_TABLE, type ErrorCode } from '../foundation/error-table.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { ConsoleOutput } from './console-output.ts';
import { EXPLANATIONS } from './error-explanations.ts';

const EXIT_MEANING: Readonly<Record<1 | 2 | 3, string>> = {
  1: 'failed while running',
  2: 'bad configuration',
  3: 'environment not ready',
};

/** `tidemark explain [code]`: what an error code means and what to do; all codes without one. */
export function explainCommand(
  code: string | undefined,
  options: { readonly json: boolean },
  output: ConsoleOutput,
): void {
  if (code === undefined) {
    explainAll(options, output);
    return;
  }
  const name = code.toUpperCase().replaceAll('-', '_');
  if (!isErrorCode(name)) {
    const nearest = nearestName(name, Object.keys(ERROR_TABLE));
    const cure =
      nearest === undefined ? 'tidemark explain lists all codes.' : `Did you mean ${nearest}?`;
    throw new TidemarkError('USAGE', `there is no error code ${code}`, { cure });
  }
  const entry = explanationOf(name);
  if (options.json) {
    output.json(entry);
    return;
  }
  output.line(`${output.style('bold', name)}: ${entry.meaning}`);
  if (entry.explanation !== undefined) output.line(`\n${entry.explanation}`);
  output.line(`\nWhat to do: ${entry.cure}`);
  const retry = entry.retry === 'backoff' ? 'tries again by itself' : 'stops and waits for you';
  output.line(
    `The daemon ${retry}. Exit code ${entry.exitCode} (${EXIT_MEANING[entry.exitCode]}).`,
  );
}

function explainAll(options: { readonly json: boolean }, output: ConsoleOutput): void {
  const codes = Object.keys(ERROR_TABLE) as ErrorCode[];
  if (options.json) {
    output.json(codes.map(explanationOf));
    return;
  }
  output.table([
    ['code', 'exit', 'meaning'],
    ...codes.map((name) => [name, String(ERROR_TABLE[name].exitCode), ERROR_TABLE[name].meaning]),
  ]);
}

interface Explanation {
  readonly code: ErrorCode;
  readonly meaning: string;
  readonly explanation: string | undefined;
  readonly cure: string;
  readonly retry: 'backoff' | 'stop';
  readonly exitCode: 1 | 2 | 3;
  readonly httpStatus: number;
}

function explanationOf(code: ErrorCode): Explanation {
  const { meaning, cure, retry, exitCode, httpStatus } = ERROR_TABLE[code];
  return { code, meaning, explanation: EXPLANATIONS[code], cure, retry, exitCode, httpStatus };
}

function isErrorCode(name: string): name is ErrorCode {
  return Object.hasOwn(ERROR_TABLE, name);
}
