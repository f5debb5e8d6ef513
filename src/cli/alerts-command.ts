import type { Command } from 'commander';
import { ALERT_CLASSES } from '../config/alert-classes.ts';
import { compilePattern } from '../config/pattern-list.ts';
import { loadPipelineFile } from '../config/pipeline-file.ts';
import { TidemarkError, TidemarkErrors } from '../foundation/errors.ts';
import type { CliContext } from './cli-context.ts';
import { daemonUrl } from './daemon-address.ts';
import { askDaemon } from './daemon-request.ts';

interface AlertFlags {
  readonly class?: string;
  readonly table?: string;
  readonly severity?: string;
  readonly limit?: string;
  readonly for?: string;
  readonly comment?: string;
  readonly json?: boolean;
}

interface Mute {
  readonly id: string;
  readonly pattern: string;
  readonly table: string | null;
  readonly untilMs: number;
  readonly comment: string | null;
}

interface AlertsAnswer {
  readonly firing: readonly {
    readonly key: string;
    readonly severity: string;
    readonly class: string;
    readonly title: string;
    readonly cause: string;
    readonly cure: string;
    readonly since: string;
    readonly told: boolean;
  }[];
  readonly channels: readonly {
    readonly name: string;
    readonly type: string;
    readonly target: string;
    readonly queued: number;
    readonly delivered: number;
    readonly lastError: string | null;
  }[];
  readonly mutes: readonly Mute[];
}

type HistoryAnswer = readonly {
  readonly notice: {
    readonly toldAt: string;
    readonly status: string;
    readonly severity: string;
    readonly class: string;
    readonly title: string;
  };
  readonly muted: string | null;
}[];

/** Asks the daemon of a file. Throws NOT_RUNNING. */
export async function askDaemonOf<T>(
  file: string,
  path: string,
  { environment, signal }: CliContext,
  body?: unknown,
  timeoutMs?: number,
): Promise<T> {
  const { http, name } = loadPipelineFile(file, environment);
  const url = daemonUrl(http);
  if (url === null) {
    const cure = 'Set http.listen in the pipeline file, and start the daemon anew.';
    throw new TidemarkError('NOT_RUNNING', `the daemon of ${name} has no HTTP port`, { cure });
  }
  const address = { url, token: http.token };
  const status = (await askDaemon(address, '/status', signal)) as { readonly name?: string };
  // Another pipeline's may listen there, whose alerts and tables these are not.
  if (status.name !== name) {
    const cure = 'Give each pipeline a port of its own: http.listen.';
    const text = `at ${url} answers ${status.name ?? 'somebody'}, not ${name}`;
    throw new TidemarkError('NOT_RUNNING', text, { cure });
  }
  return (await askDaemon(address, path, signal, body, timeoutMs)) as T;
}

async function listCommand(file: string, flags: AlertFlags, context: CliContext): Promise<void> {
  const { output } = context;
  const { firing, channels, mutes } = await askDaemonOf<AlertsAnswer>(file, '/alerts', context);
  if (flags.json === true) {
    output.json({ firing, channels, mutes });
    return;
  }
  if (firing.length === 0) output.line('Nothing fires.');
  for (const { severity, class: kind, title, cause, cure, since, told } of firing) {
    const colour = severity === 'info' ? 'dim' : severity === 'warning' ? 'yellow' : 'red';
    const muted = told ? '' : ' (muted)';
    output.line(`${output.style(colour, severity)} ${title}${muted}`);
    output.line(`  ${kind} since ${since}: ${cause}`);
    output.line(`  next: ${cure}`);
  }
  output.table([
    ['channel', 'type', 'to', 'waiting', 'delivered', 'trouble'],
    ...channels.map(({ name, type, target, queued, delivered, lastError }) => [
      name,
      type,
      target,
      String(queued),
      String(delivered),
      lastError ?? '',
    ]),
  ]);
  for (const mute of mutes) output.line(describeMute(mute));
}

async function historyCommand(file: string, flags: AlertFlags, context: CliContext): Promise<void> {
  const { output } = context;
  const query = new URLSearchParams();
  for (const name of ['class', 'table', 'severity', 'limit'] as const) {
    const value = flags[name];
    if (value !== undefined) query.set(name, value);
  }
  const told = await askDaemonOf<HistoryAnswer>(
    file,
    `/alerts/history?${query.toString()}`,
    context,
  );
  if (flags.json === true) output.json(told);
  else if (told.length === 0) output.line('There were no alerts.');
  else {
    output.table([
      ['told', 'severity', 'class', 'what', ''],
      ...told.map(({ notice: { toldAt, status, severity, class: kind, title }, muted }) => [
        toldAt,
        severity,
        kind,
        status === 'event' || status === 'firing' ? title : `${status}: ${title}`,
        muted === null ? '' : `not told: ${muted}`,
      ]),
    ]);
  }
}

async function muteCommand(
  file: string,
  pattern: string,
  flags: AlertFlags,
  context: CliContext,
): Promise<void> {
  const { for: time, table = null, comment = null } = flags;
  const body = { pattern, for: time, table, comment };
  const mute = await askDaemonOf<Mute>(file, '/alerts/mutes', context, body);
  if (flags.json === true) context.output.json(mute);
  else context.output.line(describeMute(mute));
  await warnOfIdleMute(file, mute, context);
}

/** It may be for a table that is still to come; more often it is misspelt. */
async function warnOfIdleMute(file: string, mute: Mute, context: CliContext): Promise<void> {
  const { firing } = await askDaemonOf<AlertsAnswer>(file, '/alerts', context);
  const views = await askDaemonOf<readonly { readonly table: string }[]>(
    file,
    '/status/tables',
    context,
  );
  const { sinks } = loadPipelineFile(file, context.environment);
  const fits = (pattern: string, names: readonly string[]): boolean => {
    const form = compilePattern(pattern, 'i');
    return names.some((name) => form.test(name));
  };
  const tables = views.map(({ table }) => table);
  const known = [
    ...ALERT_CLASSES.map(({ name }) => name),
    ...sinks.map(({ name }) => name),
    ...firing.map(({ key }) => key),
    ...tables,
  ];
  if (!fits(mute.pattern, known)) {
    context.output.warning(`${mute.pattern} fits no class, sink, table or alert known now`);
  }
  if (mute.table !== null && !fits(mute.table, tables)) {
    context.output.warning(`${mute.table} fits no table known now`);
  }
}

/** The daemon gives a channel 30 s, and says itself that they are over. */
const TEST_TIMEOUT_MS = 40_000;

async function testCommand(
  file: string,
  only: string | undefined,
  flags: AlertFlags,
  context: CliContext,
): Promise<void> {
  const { output } = context;
  const { channels } =
    only === undefined
      ? await askDaemonOf<AlertsAnswer>(file, '/alerts', context)
      : { channels: [{ name: only }] };
  const problems: TidemarkError[] = [];
  for (const { name: channel } of channels) {
    try {
      await askDaemonOf(file, '/alerts/test', context, { channel }, TEST_TIMEOUT_MS);
      if (flags.json !== true) output.line(`the channel ${channel} has taken the test`);
    } catch (error) {
      // The other channels have their turn; who is not there has none.
      if (!(error instanceof TidemarkError) || error.code !== 'ALERT_CHANNEL') throw error;
      const cure = 'Mend it, and send the test again.';
      const text = `the channel ${channel} does not take it: ${error.message}`;
      problems.push(new TidemarkError('ALERT_CHANNEL', text, { cause: error, cure }));
    }
  }
  if (problems.length > 0) throw new TidemarkErrors(problems);
  const names = channels.map(({ name }) => name);
  if (flags.json === true)
    output.json(only === undefined ? { channels: names } : { channel: only });
  else if (names.length === 0) output.line('There is no channel.');
}

function describeMute({ id, pattern, table, untilMs, comment }: Mute): string {
  const what = table === null ? pattern : `${pattern} of ${table}`;
  const why = comment === null ? '' : ` (${comment})`;
  return `mute ${id}: ${what} until ${new Date(untilMs).toISOString()}${why}`;
}

/** Adds `tidemark alerts`. */
export function addAlerts(program: Command, context: CliContext): void {
  const alerts = program.command('alerts').description('what fires, what was told, mutes, tests');
  const add = (name: string, description: string, more: string): Command =>
    alerts
      .command(name)
      .description(description)
      .argument('<file>', 'pipeline file')
      .option('--json', 'print JSON for programs')
      .addHelpText('after', `\nExamples:\n  tidemark alerts ${name} shop.yaml${more}\n`);
  add('list', 'what fires now, the channels, the mutes', '').action(
    (file: string, flags: AlertFlags) => listCommand(file, flags, context),
  );
  add('history', 'what was told, the newest first', ' --table public.orders --limit 20')
    .option('--class <class>', 'only of this class')
    .option('--table <table>', 'only of this table')
    .option('--severity <severity>', 'only of this severity')
    .option('--limit <count>', 'so many at most, 100 by default')
    .action((file: string, flags: AlertFlags) => historyCommand(file, flags, context));
  add('mute', 'tell nobody of a class, table, sink or condition', ` 'lag\\..*' --for 2h`)
    .argument('<pattern>', 'regular expression over the whole of its name')
    .requiredOption('--for <time>', 'how long: 30m, 2h, 1d')
    .option('--table <pattern>', 'only of these tables')
    .option('--comment <text>', 'why, for the others')
    .action((file: string, pattern: string, flags: AlertFlags) =>
      muteCommand(file, pattern, flags, context),
    );
  add('unmute', 'end a mute', ' 1f2e3d4c')
    .argument('<id>', 'as `alerts list` shows it')
    .action(async (file: string, id: string, flags: AlertFlags) => {
      await askDaemonOf(file, '/alerts/unmute', context, { id });
      if (flags.json === true) context.output.json({ id });
      else context.output.line(`mute ${id} has ended`);
    });
  add('test', 'let the daemon send a test to a channel, or to each', ' oncall')
    .argument('[channel]', 'its name; all of them without one')
    .action((file: string, channel: string | undefined, flags: AlertFlags) =>
      testCommand(file, channel, flags, context),
    );
}
