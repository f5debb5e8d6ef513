import { type Command, InvalidArgumentError, Option } from 'commander';
import { loadPipelineFile } from '../config/pipeline-file.ts';
import { TidemarkError } from '../foundation/errors.ts';
import {
  dropLetters,
  type LetterChoice,
  type LetterCommand,
  listLetters,
  type LooseLetters,
  replayLetters,
  showLetters,
} from '../runtime/dead-letters.ts';
import {
  dropSourceLetters,
  listSourceLetters,
  noSourceReplay,
  showSourceLetters,
} from '../runtime/source-letters.ts';
import type { CliContext } from './cli-context.ts';

interface DlqFlags {
  readonly sink?: string;
  readonly topic?: string;
  readonly key?: string;
  readonly limit?: number;
  readonly yes?: boolean;
  readonly source?: boolean;
  readonly json?: boolean;
}

function commandOf(file: string, context: CliContext): LetterCommand {
  const { environment, clock, signal } = context;
  return { config: loadPipelineFile(file, environment), clock, signal };
}

function choiceOf({ sink = null, topic = null, key = null }: Partial<LetterChoice>): LetterChoice {
  return { sink, topic, key };
}

/** `--source` and `--sink` leave out the other. */
async function foundLetters(command: LetterCommand, flags: DlqFlags) {
  const choice = choiceOf(flags);
  const source = await listSourceLetters(command, choice);
  const sinks = flags.source === true ? [] : await listLetters(command, choice);
  return { source, sinks };
}

async function listCommand(file: string, flags: DlqFlags, context: CliContext): Promise<void> {
  const { output } = context;
  const { source, sinks } = await foundLetters(commandOf(file, context), flags);
  if (flags.json === true) {
    output.json(source === null ? sinks : [source, ...sinks]);
    return;
  }
  const ofSource = source === null ? [] : looseRows('source', source.loose);
  const ofSinks = sinks.flatMap(({ sink, keys, loose }) => [
    ...keys.map(({ topic, key, letters, sinceMs, code, message }) => [
      sink,
      topic,
      key,
      String(letters),
      new Date(sinceMs).toISOString(),
      `${code} ${message}`,
    ]),
    ...looseRows(sink, loose),
  ]);
  const rows = [...ofSource, ...ofSinks];
  if (rows.length === 0) output.line('There are no dead letters.');
  else output.table([['connector', 'topic', 'key', 'records', 'since', 'cause'], ...rows]);
}

function looseRows(connector: string, loose: readonly LooseLetters[]): readonly string[][] {
  return loose.map(({ topic, stage, letters, firstMs, code, message }) => [
    connector,
    topic,
    `(any, ${stage})`,
    String(letters),
    new Date(firstMs).toISOString(),
    `${code ?? ''} ${message}`,
  ]);
}

async function showCommand(file: string, flags: DlqFlags, context: CliContext): Promise<void> {
  const { output } = context;
  const command = commandOf(file, context);
  const choice = choiceOf(flags);
  let left = flags.limit ?? Number.POSITIVE_INFINITY;
  let shown = 0;
  for await (const letter of showSourceLetters(command, choice)) {
    if (left-- <= 0) return;
    shown++;
    if (flags.json === true) {
      output.json(letter);
      continue;
    }
    const { topic, offset, stage, code, message, key, value } = letter;
    output.line(`${topic} letter ${offset}  ${stage} ${code ?? ''}: ${message}`);
    output.line(`  ${JSON.stringify(key)}  ${JSON.stringify(value)}`);
  }
  const letters = flags.source === true ? [] : showLetters(command, choice);
  for await (const letter of letters) {
    if (left-- <= 0) return;
    shown++;
    if (flags.json === true) {
      output.json(letter);
      continue;
    }
    const { topic, partition, offset, stage, code, message, waits, key, value } = letter;
    const place = `${topic} ${partition}/${offset}`;
    output.line(`${place}  ${stage} ${code ?? ''}${waits ? ', waits' : ''}: ${message}`);
    output.line(`  ${JSON.stringify(key)}  ${JSON.stringify(value)}`);
  }
  // Silence would leave open whether a key was misspelt.
  if (shown === 0 && flags.json !== true) output.line('There are no such dead letters.');
}

/** 1 while keys wait on: a script must not take that for done. */
async function replayCommand(file: string, flags: DlqFlags, context: CliContext): Promise<number> {
  const { output } = context;
  const command = commandOf(file, context);
  if (flags.source === true) {
    const source = await listSourceLetters(command, choiceOf(flags));
    const letters = (source?.loose ?? []).reduce((sum, one) => sum + one.letters, 0);
    if (letters > 0) throw noSourceReplay(letters);
    output.line('There are no dead letters.');
    return 0;
  }
  const results = await replayLetters(command, choiceOf(flags));
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
  if (flags.source === true) {
    await dropOfSource(command, flags, context);
    return;
  }
  const choice = choiceOf(flags);
  const { output } = context;
  if (flags.yes !== true) {
    const waiting = await listLetters(command, choice);
    const keys = waiting.flatMap((one) => one.keys);
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

/** All of them or none: nothing waits for one alone. */
async function dropOfSource(
  command: LetterCommand,
  flags: DlqFlags,
  { output }: CliContext,
): Promise<void> {
  if (flags.topic !== undefined || flags.key !== undefined) {
    throw new TidemarkError('USAGE', 'dead letters of a source are given up together');
  }
  if (flags.yes !== true) {
    const source = await listSourceLetters(command, choiceOf(flags));
    const letters = (source?.loose ?? []).reduce((sum, one) => sum + one.letters, 0);
    throw new TidemarkError('USAGE', `${letters} changes would be forgotten; say --yes for that`);
  }
  const letters = await dropSourceLetters(command);
  if (flags.json === true) output.json([{ source: command.config.name, letters }]);
  else output.line(`source: ${letters} dead letters were given up`);
}

/** Adds `tidemark dlq`. `outcome` carries the exit code of a replay. */
export function addDlq(program: Command, context: CliContext, outcome: { exitCode: number }): void {
  const dlq = program.command('dlq').description('records that could not be made or applied');
  const add = (name: string, description: string, more: string): Command =>
    dlq
      .command(name)
      .description(description)
      .argument('<file>', 'pipeline file')
      .addOption(new Option('--sink <name>', 'only of this sink').conflicts('source'))
      .option('--source', 'only of the source: changes that became no record')
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
