import { Command, CommanderError, Option } from 'commander';
import { TidemarkError } from '../foundation/errors.ts';
import { PRODUCT_VERSION } from '../runtime/product-version.ts';
import type { CliContext } from './cli-context.ts';
import { duration, wholeNumber } from './flag-values.ts';
import type { DdlTriggerFlags } from './ddl-trigger-command.ts';
import { renderErrors } from './render-errors.ts';

/** Which code a command ends with that judges something. */
interface Outcome {
  exitCode: number;
}

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
    const program = await programFor(args, context, outcome);
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

/** As much of the program as a command line needs: modules of other commands are not loaded. */
async function programFor(
  args: readonly string[],
  context: CliContext,
  outcome: Outcome,
): Promise<Command> {
  const isVersion = args.length === 1 && ['--version', '-V'].includes(args[0] ?? '');
  const called = isVersion ? '' : args[0];
  if (called === undefined) return buildProgram(context, outcome);
  const program = await buildProgram(context, outcome, called);
  const isThere = isVersion || program.commands.some((command) => command.name() === called);
  return isThere ? program : buildProgram(context, outcome);
}

/**
 * The commands with their help. `outcome` carries the exit code of commands that judge.
 *
 * @param called - the only command that is needed; by default all are
 */
export async function buildProgram(
  context: CliContext,
  outcome: Outcome,
  called?: string,
): Promise<Command> {
  const needs = (name: string): boolean => called === undefined || called === name;
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
  runCommands(program, context);
  if (needs('check')) (await import('./check-command.ts')).addCheck(program, context, outcome);
  addPlan(program, context);
  addInit(program, context);
  signalCommands(program, context);
  addStatus(program, context);
  addTail(program, context);
  if (needs('offsets')) (await import('./offsets-command.ts')).addOffsets(program, context);
  if (needs('schema')) (await import('./schema-command.ts')).addSchema(program, context);
  inspectCommands(program, context);
  if (needs('dlq')) (await import('./dlq-command.ts')).addDlq(program, context, outcome);
  if (needs('verify')) (await import('./verify-command.ts')).addVerify(program, context, outcome);
  if (needs('alerts')) (await import('./alerts-command.ts')).addAlerts(program, context);
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

function runCommands(program: Command, context: CliContext): void {
  json(program.command('run'))
    .description('run a pipeline until it is stopped')
    .argument('<file>', 'pipeline file')
    .addHelpText('after', example('tidemark run shop.yaml'))
    .action(async (file: string, options: JsonFlag) => {
      const { runCommand } = await import('./run-command.ts');
      await runCommand(file, { json: options.json ?? false }, context);
    });
  json(program.command('bootstrap'))
    .description('take the first snapshot, and end when every sink holds it')
    .argument('<file>', 'pipeline file')
    .option('--follow', 'go on streaming afterwards')
    .addHelpText('after', example('tidemark bootstrap shop.yaml --follow'))
    .action(async (file: string, options: JsonFlag & { follow?: boolean }) => {
      const { follow = false, json: asJson = false } = options;
      const { bootstrapCommand } = await import('./bootstrap-command.ts');
      await bootstrapCommand(file, { follow, json: asJson }, context);
    });
}

function addPlan(program: Command, context: CliContext): void {
  json(program.command('plan'))
    .description('show what a run would create: slot, publication, topics, tables')
    .argument('<file>', 'pipeline file')
    .addHelpText('after', example('tidemark plan shop.yaml'))
    .action(async (file: string, options: JsonFlag) => {
      const { planCommand } = await import('./plan-command.ts');
      await planCommand(file, { json: options.json ?? false }, context);
    });
}

function addInit(program: Command, context: CliContext): void {
  json(program.command('init'))
    .description('inspect a database and write a pipeline file for it')
    .argument('<url>', 'postgres://user:password@host:port/database, or mysql://…')
    .option('-o, --output <file>', 'write to this file instead of printing')
    .option('--ddl-trigger', 'instead, make the event trigger that tells of DDL (PostgreSQL)')
    .option('--print', 'print the SQL of the trigger for somebody who may run it')
    .option('--remove', 'take the trigger away')
    .addHelpText(
      'after',
      example(
        'tidemark init postgres://me@localhost/shop -o shop.yaml',
        'tidemark init mysql://me@localhost/shop -o shop.yaml',
        'tidemark init postgres://admin@localhost/shop --ddl-trigger',
      ),
    )
    .action(async (url: string, options: JsonFlag & DdlTriggerFlags & { output?: string }) => {
      const { output: file, json: asJson = false } = options;
      const { asksForDdlTrigger, ddlTriggerCommand } = await import('./ddl-trigger-command.ts');
      if (asksForDdlTrigger(options, file)) {
        await ddlTriggerCommand(url, options, context);
        return;
      }
      const { initCommand } = await import('./init-command.ts');
      await initCommand(url, { file, json: asJson }, context);
    });
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
      const { snapshotCommand } = await import('./signal-command.ts');
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
      const { signalCommand } = await import('./signal-command.ts');
      await signalCommand(file, type, { data, id, channel, json: asJson }, context);
    });
}

function channelOption(): Option {
  return new Option(
    '--channel <channel>',
    'by the topic of signals: durable, also while the source is away',
  ).choices(['kafka']);
}

function addStatus(program: Command, context: CliContext): void {
  json(program.command('status'))
    .description('ask the daemon how it is; without one, read its store')
    .argument('[file]', 'pipeline file')
    .option('--path <folder>', 'the store, when there is no pipeline file at hand')
    .option('--url <url>', 'address of the daemon')
    .option('--watch', 'the whole screen, each second: tables, rates, what stands still')
    .addHelpText(
      'after',
      example(
        'tidemark status shop.yaml',
        'tidemark status shop.yaml --watch',
        'tidemark status --json',
      ),
    )
    .action(async (file: string | undefined, options: StatusFlags) => {
      const { path, url, watch = false, json: asJson = false } = options;
      const { statusCommand } = await import('./status-command.ts');
      await statusCommand(file, { path, url, watch, json: asJson }, context);
    });
}

function addTail(program: Command, context: CliContext): void {
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
      const { tailCommand } = await import('./tail-command.ts');
      await tailCommand(topic, flags, context);
    });
}

function inspectCommands(program: Command, context: CliContext): void {
  json(program.command('decode'))
    .description("print a binlog file's events and rows as JSON lines; no server is needed")
    .argument('<file>', 'binlog of MySQL or MariaDB, plain or gzipped')
    .option('--rows-only', 'rows alone, without the events around them')
    .addHelpText('after', example('tidemark decode binlog.000042 --rows-only'))
    .action(async (file: string, options: JsonFlag & { rowsOnly?: boolean }) => {
      const { decodeCommand } = await import('./decode-command.ts');
      await decodeCommand(file, { rowsOnly: options.rowsOnly ?? false }, context);
    });
  json(program.command('explain'))
    .description('what an error code means and what to do; all codes without one')
    .argument('[code]', 'for example PG_SLOT_IN_USE')
    .addHelpText('after', example('tidemark explain PG_WAL_LEVEL'))
    .action(async (code: string | undefined, options: JsonFlag) => {
      const { explainCommand } = await import('./explain-command.ts');
      explainCommand(code, { json: options.json ?? false }, context.output);
    });
}

function migrationCommands(program: Command, context: CliContext, outcome: Outcome): void {
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
      const { importCommand } = await import('./import-command.ts');
      outcome.exitCode = await importCommand(sources, { ...chosen, dryRun, json: asJson }, context);
    });
}

interface DemoOptions {
  readonly database: 'postgres' | 'mysql' | 'mariadb';
  readonly for?: number;
  readonly path?: string;
  readonly rate?: number;
}

function demoCommands(program: Command, context: CliContext, outcome: Outcome): void {
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
      const { demoCommand } = await import('./demo-command.ts');
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

type StatusFlags = JsonFlag & { path?: string; url?: string; watch?: boolean };

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
