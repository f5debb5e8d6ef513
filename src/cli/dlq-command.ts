import { type Command, InvalidArgumentError } from 'commander';
import { loadPipelineFile } from '../config/pipeline-file.ts';
import { TidemarkError } from '../foundation/errors.ts';
import {
  dropLetters,
  type LetterChoice,
  type LetterCommand,
  listLetters,
  replayLetters,
  showLetters,
} from '../runtime/dead-letters.ts';
import type { CliContext } from './cli-context.ts';

interface DlqFlags {
  readonly sink?: string;
  readonly topic?: string;
  readonly key?: string;
  readonly limit?: number;
  readonly yes?: boolean;
  readonly json?: boolean;
}

function commandOf(file: string, context: CliContext): LetterCommand {
  const { environment, clock, signal } = context;
  return { config: loadPipelineFile(file, environment), clock, signal };
}

function choiceOf({ sink = null, topic = null, key = null }: Partial<LetterChoice>): LetterChoice {
  return { sink, topic, key };
}

async function listCommand(file: string, flags: DlqFlags, context: CliContext): Promise<void> {
  const { output } = context;
  const found = await listLetters(commandOf(file, context), choiceOf(flags));
  if (flags.json === true) {
    output.json(found);
    return;
  }
  const rows = found.flatMap(({ sink, keys, loose }) => [
    ...keys.map(({ topic, key, letters, sinceMs, code, message }) => [
      sink,
      topic,
      key,
      String(letters),
      new Date(sinceMs).toISOString(),
      `${code} ${message}`,
    ]),
    ...loose.map(({ topic, stage, letters, firstMs, code, message }) => [
      sink,
      topic,
      `(any, ${stage})`,
      String(letters),
      new Date(firstMs).toISOString(),
      `${code ?? ''} ${message}`,
    ]),
  ]);
  if (rows.length === 0) output.line('There are no dead letters.');
  else output.table([['sink', 'topic', 'key', 'records', 'since', 'cause'], ...rows]);
}

async function showCommand(file: string, flags: DlqFlags, context: CliContext): Promise<void> {
  const { output } = context;
  let left = flags.limit ?? Number.POSITIVE_INFINITY;
  for await (const letter of showLetters(commandOf(file, context), choiceOf(flags))) {
    if (left-- <= 0) return;
    if (flags.json === true) {
      output.json(letter);
      continue;
    }
    const { topic, partition, offset, stage, code, message, waits, key, value } = letter;
    const place = `${topic} ${partition}/${offset}`;
    output.line(`${place}  ${stage} ${code ?? ''}${waits ? ', waits' : ''}: ${message}`);
    output.line(`  ${JSON.stringify(key)}  ${JSON.stringify(value)}`);
  }
}

/** 1 while keys wait on: a script must not take that for done. */
async function replayCommand(file: string, flags: DlqFlags, context: CliContext): Promise<number> {
  const { output } = context;
  const results = await replayLetters(commandOf(file, context), choiceOf(flags));
  const left = results.flatMap(({ keys }) => keys.filter(({ letters }) => letters > 0));
  if (flags.json === true) output.json(results);
  else {
    for (const { sink, applied, keys } of results) {
      const free = keys.filter(({ letters }) => letters === 0).length;
      output.line(`${sink}: ${applied} records applied, ${free} of ${keys.length} keys are free`);
    }
    for (const { topic, key, letters, cause } of left) {
      output.line(`${topic} ${key}: ${letters} records wait on: ${cause ?? ''}`);
    }
  }
  return left.length > 0 ? 1 : 0;
}

async function dropCommand(file: string, flags: DlqFlags, context: CliContext): Promise<void> {
  const command = commandOf(file, context);
  const choice = choiceOf(flags);
  const { output } = context;
  if (flags.yes !== true) {
    const found = await listLetters(command, choice);
    const keys = found.flatMap((one) => one.keys);
    const letters = keys.reduce((sum, one) => sum + one.letters, 0);
    throw new TidemarkError(
      'USAGE',
      `${letters} records of ${keys.length} keys would never be applied; say --yes for that`,
    );
  }
  const dropped = await dropLetters(command, choice);
  if (flags.json === true) {
    output.json(dropped);
    return;
  }
  for (const { sink, keys, letters } of dropped) {
    output.line(`${sink}: ${keys} keys are free, ${letters} records of them were given up`);
  }
}

/** Adds `tidemark dlq`. `outcome` carries the exit code of a replay. */
export function addDlq(program: Command, context: CliContext, outcome: { exitCode: number }): void {
  const dlq = program.command('dlq').description('records that a sink could not apply');
  const add = (name: string, description: string, more: string): Command =>
    dlq
      .command(name)
      .description(description)
      .argument('<file>', 'pipeline file')
      .option('--sink <name>', 'only of this sink')
      .option('--topic <topic>', 'only of this topic')
      .option('--key <key>', 'only of this key, as `dlq list` shows it')
      .option('--json', 'print JSON for programs')
      .addHelpText('after', `\nExamples:\n  tidemark dlq ${name} shop.yaml${more}\n`);
  add('list', 'keys that wait, since when and why', '').action((file: string, flags: DlqFlags) =>
    listCommand(file, flags, context),
  );
  add('show', 'the records themselves', ' --topic shop.public.orders --limit 5')
    .option('--limit <count>', 'so many at most', wholeNumber)
    .action((file: string, flags: DlqFlags) => showCommand(file, flags, context));
  add('replay', 'apply what waits, in order, once its cause is mended', ` --key '{"id":7}'`).action(
    async (file: string, flags: DlqFlags) => {
      outcome.exitCode = await replayCommand(file, flags, context);
    },
  );
  add('drop', 'give up what waits: those changes never reach the target', ` --key '{"id":7}' --yes`)
    .option('--yes', 'that is understood')
    .action((file: string, flags: DlqFlags) => dropCommand(file, flags, context));
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw new InvalidArgumentError('a whole number from 1 is expected');
  }
  return Number(text);
}
