import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { parseOptionValue } from '../config/option-value.ts';
import { TidemarkError } from '../foundation/errors.ts';
import { PRODUCT_VERSION } from '../runtime/product-version.ts';
import { bootstrapCommand } from './bootstrap-command.ts';
import { checkCommand } from './check-command.ts';
import type { CliContext } from './cli-context.ts';
import { decodeCommand } from './decode-command.ts';
import { demoCommand } from './demo-command.ts';
import { explainCommand } from './explain-command.ts';
import { handoverCommand } from './handover-command.ts';
import { importCommand } from './import-command.ts';
import { initCommand } from './init-command.ts';
import { offsetsShowCommand } from './offsets-command.ts';
import { addDlq } from './dlq-command.ts';
import { addOffsetsSet } from './offsets-set-command.ts';
import { addOffsetsSetSource } from './offsets-set-source-command.ts';
import { planCommand } from './plan-command.ts';
import { renderErrors } from './render-errors.ts';
import { runCommand } from './run-command.ts';
import { signalCommand, snapshotCommand } from './signal-command.ts';
import { statusCommand } from './status-command.ts';
import { tailCommand } from './tail-command.ts';

interface JsonFlag {
  readonly json?: boolean;
}

interface SnapshotFlags extends JsonFlag {
  readonly tables: readonly string[];
  readonly where?: string;
  readonly blocking?: boolean;
  readonly channel?: 'kafka';
}

interface SignalFlags extends JsonFlag {
  readonly data?: string;
  readonly id?: string;
  readonly channel?: 'kafka';
}

/** Runs one command line to its exit code; nothing is thrown. */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  const outcome = { exitCode: 0 };
  const json = args.includes('--json');
  try {
    const program = buildProgram(context, outcome);
    if (args.length === 0) {
      program.outputHelp();
      return 2;
    }
    await program.parseAsync([...args], { from: 'user' });
    return outcome.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      return renderErrors(context.output, usageError(error), json);
    }
    // The user asked to stop; what broke on the way is no news.
    if (context.signal.aborted && isAbort(error)) return outcome.exitCode;
    return renderErrors(context.output, error, json);
  }
}

/** The commands with their help. `outcome` carries the exit code of commands that judge. */
export function buildProgram(context: CliContext, outcome: { exitCode: number }): Command {
  const program = new Command('tidemark')
    .description(
      'Change data capture: row changes of PostgreSQL, MySQL and MariaDB into a log and into SQL ' +
        'databases.',
    )
    .version(PRODUCT_VERSION)
    .showHelpAfterError('(tidemark --help lists the commands)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.output.write(text),
      // The message comes as an error with code and cure.
      writeErr: () => undefined,
    });
  pipelineCommands(program, context, outcome);
  signalCommands(program, context);
  inspectCommands(program, context);
  addDlq(program, context, outcome);
  migrationCommands(program, context, outcome);
  demoCommands(program, context, outcome);
  program.addHelpText(
    'after',
    example(
      'tidemark init postgres://user@localhost/shop -o shop.yaml',
      'tidemark check shop.yaml',
      'tidemark run shop.yaml',
    ) +
      '\nExit codes: 0 fine, 1 failed while running, 2 bad configuration, 3 environment not ready.',
  );
  return program;
}

function pipelineCommands(
  program: Command,
  context: CliContext,
  outcome: { exitCode: number },
): void {
  json(program.command('run'))
    .description('run a pipeline until it is stopped')
    .argument('<file>', 'pipeline file')
    .addHelpText('after', example('tidemark run shop.yaml'))
    .action(async (file: string, options: JsonFlag) =>
      runCommand(file, { json: options.json ?? false }, context),
    );
  json(program.command('bootstrap'))
    .description('take the first snapshot, and end when every sink holds it')
    .argument('<file>', 'pipeline file')
    .option('--follow', 'go on streaming afterwards')
    .addHelpText('after', example('tidemark bootstrap shop.yaml --follow'))
    .action(async (file: string, options: JsonFlag & { follow?: boolean }) => {
      const { follow = false, json: asJson = false } = options;
      await bootstrapCommand(file, { follow, json: asJson }, context);
    });
  json(program.command('check'))
    .description('test the file, the source and the targets; list all that is wrong at once')
    .argument('<file>', 'pipeline file')
    .addHelpText('after', example('tidemark check shop.yaml'))
    .action(async (file: string, options: JsonFlag) => {
      outcome.exitCode = await checkCommand(file, { json: options.json ?? false }, context);
    });
  json(program.command('plan'))
    .description('show what a run would create: slot, publication, topics, tables')
    .argument('<file>', 'pipeline file')
    .addHelpText('after', example('tidemark plan shop.yaml'))
    .action(async (file: string, options: JsonFlag) =>
      planCommand(file, { json: options.json ?? false }, context),
    );
  json(program.command('init'))
    .description('inspect a database and write a pipeline file for it')
    .argument('<url>', 'postgres://user:password@host:port/database, or mysql://…')
    .option('-o, --output <file>', 'write to this file instead of printing')
    .addHelpText(
      'after',
      example(
        'tidemark init postgres://me@localhost/shop -o shop.yaml',
        'tidemark init mysql://me@localhost/shop -o shop.yaml',
      ),
    )
    .action(async (url: string, options: JsonFlag & { output?: string }) =>
      initCommand(url, { file: options.output, json: options.json ?? false }, context),
    );
}

function signalCommands(program: Command, context: CliContext): void {
  json(program.command('snapshot'))
    .description('let the running daemon read tables again, beside the stream')
    .argument('<file>', 'pipeline file')
    .requiredOption('--tables <names...>', 'schema.table, or regular expressions over that')
    .option('--where <condition>', 'only rows of this SQL condition (blocking: a whole SELECT)')
    .option('--blocking', 'hold the stream meanwhile')
    .addOption(channelOption())
    .addHelpText('after', example('tidemark snapshot shop.yaml --tables public.orders'))
    .action(async (file: string, options: SnapshotFlags) => {
      const { tables, where, blocking = false, channel, json: asJson = false } = options;
      await snapshotCommand(file, { tables, where, blocking, channel, json: asJson }, context);
    });
  json(program.command('signal'))
    .description('send a signal to the running daemon: pause-snapshot, stop-snapshot, log, …')
    .argument('<file>', 'pipeline file')
    .argument('<type>', 'type of the signal')
    .option('--data <json>', 'its data')
    .option('--id <id>', 'its id, which notifications of it have')
    .addOption(channelOption())
    .addHelpText('after', example('tidemark signal shop.yaml pause-snapshot'))
    .action(async (file: string, type: string, options: SignalFlags) => {
      const { data, id, channel, json: asJson = false } = options;
      await signalCommand(file, type, { data, id, channel, json: asJson }, context);
    });
}

function channelOption(): Option {
  return new Option(
    '--channel <channel>',
    'by the topic of signals: durable, also while the source is away',
  ).choices(['kafka']);
}

function inspectCommands(program: Command, context: CliContext): void {
  json(program.command('status'))
    .description('ask the daemon how it is; without one, read its store')
    .argument('[file]', 'pipeline file')
    .option('--path <folder>', 'the store, when there is no pipeline file at hand')
    .option('--url <url>', 'address of the daemon')
    .addHelpText('after', example('tidemark status shop.yaml', 'tidemark status --json'))
    .action(async (file: string | undefined, options: StatusFlags) => {
      const { path, url, json: asJson = false } = options;
      await statusCommand(file, { path, url, json: asJson }, context);
    });
  store(json(program.command('tail')))
    .description('print records of a topic, decoded')
    .argument('[topic]', 'name of the topic')
    .option('--from-beginning', 'from the oldest record instead of the last ten')
    .option('--limit <count>', 'so many records at most', wholeNumber)
    .option('--follow', 'go on with records as they come')
    .option('--list', 'list the topics')
    .addHelpText(
      'after',
      example(
        'tidemark tail shop.public.orders --file shop.yaml --follow',
        'tidemark tail shop.public.orders --path ./shop-data --from-beginning --limit 5 --json',
      ),
    )
    .action(async (topic: string | undefined, options: TailFlags) => {
      const { path, file, limit } = options;
      const { fromBeginning = false, follow = false, list = false, json: asJson = false } = options;
      const flags = { path, file, limit, fromBeginning, follow, list, json: asJson };
      await tailCommand(topic, flags, context);
    });
  const offsets = program.command('offsets').description('positions of sources and sinks');
  store(json(offsets.command('show')))
    .description('show where sources resume and how far sinks are')
    .addHelpText('after', example('tidemark offsets show --file shop.yaml'))
    .action(async (options: JsonFlag & { path?: string; file?: string }) => {
      const { path, file, json: asJson = false } = options;
      await offsetsShowCommand({ path, file, json: asJson }, context);
    });
  addOffsetsSet(offsets, context);
  addOffsetsSetSource(offsets, context);
  json(offsets.command('handover'))
    .description('whether Debezium can go on from here, and what it has to be told')
    .argument('<file>', 'pipeline file')
    .addHelpText('after', example('tidemark offsets handover shop.yaml'))
    .action(async (file: string, options: JsonFlag) =>
      handoverCommand(file, { json: options.json ?? false }, context),
    );
  json(program.command('decode'))
    .description("print a binlog file's events and rows as JSON lines; no server is needed")
    .argument('<file>', 'binlog of MySQL or MariaDB, plain or gzipped')
    .option('--rows-only', 'rows alone, without the events around them')
    .addHelpText('after', example('tidemark decode binlog.000042 --rows-only'))
    .action(async (file: string, options: JsonFlag & { rowsOnly?: boolean }) =>
      decodeCommand(file, { rowsOnly: options.rowsOnly ?? false }, context),
    );
  json(program.command('explain'))
    .description('what an error code means and what to do; all codes without one')
    .argument('[code]', 'for example PG_SLOT_IN_USE')
    .addHelpText('after', example('tidemark explain PG_WAL_LEVEL'))
    .action((code: string | undefined, options: JsonFlag) => {
      explainCommand(code, { json: options.json ?? false }, context.output);
    });
}

function migrationCommands(
  program: Command,
  context: CliContext,
  outcome: { exitCode: number },
): void {
  const imports = program.command('import').description('take over from another program');
  json(imports.command('debezium'))
    .description('write the pipeline file of a Debezium connector, and adopt its offset and slot')
    .argument('<source...>', "Connect's REST URL, or JSON and properties files")
    .option('--connector <name>', 'which one')
    .option('-o, --output <file>', 'the pipeline file; by default <name>.yaml')
    .option('--bootstrap-servers <hosts>', 'stay on Kafka; otherwise the embedded log')
    .option('--offsets-topic <topic>', "the worker's offset.storage.topic")
    .option('--dry-run', 'show what would be written; write and store nothing')
    .addHelpText(
      'after',
      example(
        'tidemark import debezium http://localhost:8083 --connector shop --dry-run',
        'tidemark import debezium connect.properties shop.properties -o shop.yaml',
      ),
    )
    .action(async (sources: string[], options: JsonFlag & ImportFlags) => {
      const { connector, output, bootstrapServers, offsetsTopic } = options;
      const { dryRun = false, json: asJson = false } = options;
      const chosen = { connector, output, bootstrapServers, offsetsTopic };
      outcome.exitCode = await importCommand(sources, { ...chosen, dryRun, json: asJson }, context);
    });
}

interface DemoOptions {
  readonly database: 'postgres' | 'mysql' | 'mariadb';
  readonly for?: number;
  readonly path?: string;
  readonly rate?: number;
}

function demoCommands(program: Command, context: CliContext, outcome: { exitCode: number }): void {
  json(program.command('demo'))
    .description('a database with live traffic, captured and mirrored; nothing to install')
    .option('--for <time>', 'stop after this time and compare source and target', duration)
    .option('--path <folder>', 'where the servers and the log live')
    .addOption(
      new Option('--rate <count>', 'statements per second of the shop').argParser(wholeNumber),
    )
    .addOption(
      new Option('--database <name>', 'which server is captured')
        .choices(['postgres', 'mysql', 'mariadb'])
        .default('postgres'),
    )
    .addHelpText(
      'after',
      example('tidemark demo', 'tidemark demo --for 20s --json', 'tidemark demo --database mysql'),
    )
    .action(async (options: JsonFlag & DemoOptions) => {
      outcome.exitCode = await demoCommand(
        {
          database: options.database,
          durationMs: options.for,
          path: options.path,
          ratePerSecond: options.rate,
          json: options.json ?? false,
        },
        context,
      );
    });
}

interface ImportFlags {
  readonly connector?: string;
  readonly output?: string;
  readonly bootstrapServers?: string;
  readonly offsetsTopic?: string;
  readonly dryRun?: boolean;
}

type StatusFlags = JsonFlag & { path?: string; url?: string };

type TailFlags = JsonFlag & {
  path?: string;
  file?: string;
  fromBeginning?: boolean;
  follow?: boolean;
  limit?: number;
  list?: boolean;
};

function json(command: Command): Command {
  return command.option('--json', 'print JSON for programs');
}

function store(command: Command): Command {
  return command
    .option('--file <file>', 'pipeline file, which names the store')
    .option('--path <folder>', 'folder of the store');
}

function example(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}

function wholeNumber(text: string): number {
  const parsed = parseOptionValue({ kind: 'int', min: 1 }, text);
  if (parsed.kind !== 'value') throw new InvalidArgumentError('a whole number from 1 is expected');
  return parsed.value as number;
}

function duration(text: string): number {
  const parsed = parseOptionValue({ kind: 'duration', min: 1 }, text);
  if (parsed.kind !== 'value') throw new InvalidArgumentError('a time such as 20s is expected');
  return parsed.value as number;
}

function usageError(error: CommanderError): TidemarkError {
  const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  // Commander prints help where a command is missing and calls that its message.
  const isHelp = error.code === 'commander.help';
  return new TidemarkError('USAGE', isHelp ? 'name a command' : message, {
    cure: 'tidemark --help lists the commands, tidemark <command> --help its options.',
  });
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}
