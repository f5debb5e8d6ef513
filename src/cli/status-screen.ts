import type { PipelineStatus, SinkView } from '../runtime/pipeline-status.ts';
import { formatBytes, formatCount, formatDuration } from './format-quantity.ts';
import { harmless, painted, type ScreenStyle, type Segment, widthOf } from './screen-text.ts';
import { KEYS, type ScreenState } from './status-keys.ts';
import type { StatusPicture } from './status-model.ts';
import { alertHeading, alertLine, alertLines, alertRows } from './status-alerts.ts';
import { shownRows, tableHeading, tableLine } from './status-tables.ts';

/** What is drawn. */
export interface ScreenView {
  /** Null: the daemon has not answered yet. */
  readonly picture: StatusPicture | null;
  readonly state: ScreenState;
  /** Why there is nothing newer; null: there is. */
  readonly problem: string | null;
  /** Since the picture was taken. */
  readonly ageMs: number;
  readonly nowMs: number;
}

/** On what it is drawn. */
export interface ScreenTraits {
  readonly width: number;
  readonly height: number;
  readonly colours: boolean;
}

type Line = readonly Segment[];

const LABEL_WIDTH = 8;
const BAR_WIDTH = 16;
/** Lines that tables have at least, where the window allows it. */
const TABLES_LEAST = 4;

/** The screen as exactly `height` lines of at most `width` columns. */
export function renderStatus(view: ScreenView, traits: ScreenTraits): readonly string[] {
  const { width, height, colours } = traits;
  const lines = view.state.isHelp ? helpLines() : statusLines(view, width, height);
  const footer = footerLine(view);
  const body = lines.slice(0, Math.max(0, height - 1));
  const filler = Array.from({ length: Math.max(0, height - 1 - body.length) }, (): Line => []);
  return [...body, ...filler, footer].map((line) => painted(line, width, colours));
}

/** How much there is to move through, and how much of it fits: tables, or lines of alerts. */
export function scrolledOf(
  view: ScreenView,
  { width, height }: Pick<ScreenTraits, 'width' | 'height'>,
): { readonly count: number; readonly page: number } {
  const { picture, state, nowMs } = view;
  if (picture === null) return { count: 0, page: 1 };
  const used = headLines(view, height).length + 3;
  const alerts = alertRows(picture.status.alerts);
  return state.isAlerts
    ? { count: alertLines(alerts, width, nowMs).length, page: Math.max(1, height - used) }
    : {
        count: shownRows(picture.rows, state).length,
        page: Math.max(1, height - used - panelHeight(picture, height)),
      };
}

/** Lines below the tables: as many alerts as fit, up to a fifth of the window. */
function panelHeight({ status }: StatusPicture, height: number): number {
  const count = alertRows(status.alerts).length;
  const room = Math.floor(height / 5);
  return count === 0 || room < 2 ? 0 : Math.min(count, room) + 1;
}

/** One line, for outputs that are no terminal. */
export function plainStatus({ picture, problem }: ScreenView, time: string): string {
  if (picture === null) return `${time}  ${problem ?? 'no answer yet'}`;
  const { status } = picture;
  const texts = [
    health(status)[0],
    ...[sourceLine(picture), ...status.sinks.map((sink) => sinkLine(sink, picture))].map((line) =>
      harmless(line.map(([text]) => text).join('')).replaceAll(/ {2,}/g, ' '),
    ),
    ...(status.watch?.stalls ?? [])
      .filter(({ severity }) => severity !== 'info')
      .map(({ cause, title }) => `${cause}: ${title}`),
    ...firingTexts(status),
    ...(problem === null ? [] : [problem]),
  ];
  return `${time}  ${status.name}: ${texts.join('; ')}`;
}

/** So many alerts have room in a line. */
const NAMED_ALERTS = 3;

/** What the watch found stands in the line already. */
function firingTexts({ alerts }: PipelineStatus): readonly string[] {
  const rows = alertRows(alerts).filter(
    ({ mark, class: name }) => mark === '●' && !name.startsWith('stall.'),
  );
  const left = rows.length - NAMED_ALERTS;
  return [
    ...rows
      .slice(0, NAMED_ALERTS)
      .map(({ severity, class: name, title }) => `${severity} ${name}: ${title}`),
    ...(left > 0 ? [`${left} more alerts`] : []),
  ].map(harmless);
}

function statusLines(view: ScreenView, width: number, height: number): readonly Line[] {
  const { picture, state } = view;
  if (picture === null)
    return [
      [
        ['tidemark', 'bold'],
        ['  waits for the daemon', 'dim'],
      ],
    ];
  const head = headLines(view, height);
  const { count, page } = scrolledOf(view, { width, height });
  const top = Math.min(state.top, Math.max(0, count - page));
  const alerts = alertRows(picture.status.alerts);
  if (state.isAlerts) {
    return [
      ...head,
      [],
      alertHeading(picture.status.alerts, '', width),
      ...alertLines(alerts, width, view.nowMs).slice(top, top + page),
      ...(alerts.length === 0 ? [[['nobody was told of anything yet', 'dim'] as const]] : []),
    ];
  }
  const rows = shownRows(picture.rows, state);
  const tables = [
    ...head,
    [],
    tableHeading(state, width),
    ...rows.slice(top, top + page).map((row) => tableLine(row, width, view.nowMs)),
    ...(rows.length === 0 ? [[[emptyText(picture, state), 'dim'] as const]] : []),
  ];
  const panel = panelHeight(picture, height);
  if (panel === 0) return tables;
  const gap = Array.from(
    { length: Math.max(0, height - 1 - panel - tables.length) },
    (): Line => [],
  );
  const more = alerts.length > panel - 1 ? `(a: all ${alerts.length})` : '(a: with causes)';
  return [
    ...tables.slice(0, height - 1 - panel),
    ...gap,
    alertHeading(picture.status.alerts, more, width),
    ...alerts.slice(0, panel - 1).map((row) => alertLine(row, width, view.nowMs)),
  ];
}

function emptyText({ rows }: StatusPicture, { filter }: ScreenState): string {
  return rows.length === 0 ? 'no table has been seen yet' : `no table has ${filter} in its name`;
}

/** What is above the tables: as much as leaves room for these. */
function headLines(view: ScreenView, height: number): readonly Line[] {
  const { picture } = view;
  if (picture === null) return [];
  const { status } = picture;
  const room = Math.max(3, height - TABLES_LEAST - 3 - panelHeight(picture, height));
  const fixed = [headline(view, status), sourceLine(picture)];
  const after = [...logLine(status), ...retentionLine(status)];
  const troubles = troubleLines(status);
  const most = Math.max(1, room - fixed.length - after.length - Math.min(troubles.length, 4));
  const sinks = status.sinks.map((sink) => sinkLine(sink, picture));
  const left = sinks.length - most;
  const shown =
    left <= 0
      ? sinks
      : [...sinks.slice(0, most - 1), labelled('', [[`… ${left + 1} more sinks`, 'dim']])];
  return [...fixed, ...shown, ...after, ...troubles].slice(0, room);
}

function health(status: PipelineStatus): readonly [string, ScreenStyle] {
  return status.healthy ? ['healthy', 'green'] : ['unhealthy', 'red'];
}

function headline({ state, problem, ageMs }: ScreenView, status: PipelineStatus): Line {
  const [word, style] = health(status);
  const isStale = problem !== null;
  return [
    [`${status.name} `, 'bold'],
    [isStale ? `● as of ${formatDuration(ageMs)} ago` : `● ${word}`, isStale ? 'red' : style],
    [`  ${status.family}, up ${formatDuration(status.uptimeMs)}`, 'dim'],
    ...firingCount(status),
    ...(state.isPaused ? [['  paused', 'yellow'] as const] : []),
  ];
}

/** Also where there is no room for the alerts themselves. */
function firingCount({ alerts }: PipelineStatus): Line {
  const count = alerts?.firing.length ?? 0;
  return count === 0 ? [] : [[`  ${count} alert${count === 1 ? '' : 's'}`, 'red']];
}

function labelled(label: string, segments: Line): Line {
  return [[`${label} `.padEnd(LABEL_WIDTH), 'dim'], ...segments];
}

function perSecond(rate: number | null | undefined): string {
  return rate === null || rate === undefined ? '' : `  ${formatCount(rate)}/s`;
}

function stateStyle(state: string): ScreenStyle {
  if (state === 'running' || state === 'ended') return 'green';
  return state === 'failed' ? 'red' : 'yellow';
}

function sourceLine({ status: { source }, perSecond: rate }: StatusPicture): Line {
  const { state, phase, lagMs, lagBytes } = source;
  const isRead = phase === 'snapshot';
  const word = state === 'running' ? phase : `${state}, ${phase}`;
  const style = source.error === null ? stateStyle(state) : 'red';
  const done = source.snapshot.reduce((sum, table) => sum + table.rowsDone, 0);
  const of = source.snapshot.reduce(
    (sum, { completed, rowsDone, rowsEstimated }) =>
      sum + (completed ? rowsDone : Math.max(rowsDone, rowsEstimated)),
    0,
  );
  const share = of === 0 ? 0 : done / of;
  const progress: Line = isRead
    ? [
        ['  '],
        ...bar(share, 'green'),
        [` ${Math.floor(share * 100)} %  ${formatCount(done)} of ~${formatCount(of)} rows`],
      ]
    : [];
  const lag: Line = isRead
    ? []
    : [
        [`  lag ${lagMs === null ? '?' : formatDuration(lagMs)}`],
        [lagBytes === null ? '' : `, ${formatBytes(lagBytes)} behind`],
        [source.receivedLsn === null ? '' : `  at ${source.receivedLsn}`, 'dim'],
      ];
  const { deadLetters = 0 } = source;
  const letters = deadLetters === 0 ? '' : `  ${formatCount(deadLetters)} dead letters`;
  return labelled('source', [
    [word, style],
    ...progress,
    [perSecond(rate), 'bold'],
    [letters, 'yellow'],
    ...lag,
  ]);
}

function sinkLine(sink: SinkView, { sinksPerSecond }: StatusPicture): Line {
  const { name, state, lagRecords, lagMsP99, parked, deadLetters = 0, parkedKeys } = sink;
  const stuck = parked.length + (parkedKeys?.count ?? 0);
  return [
    ['sink '.padEnd(LABEL_WIDTH), 'dim'],
    [`${name} `],
    [sink.error === null ? state : `${state}, ${sink.error.code}`, sinkStyle(sink)],
    [perSecond(sinksPerSecond.get(name)), 'bold'],
    [`  ${formatCount(lagRecords)} waiting`, lagRecords > 10_000 ? 'yellow' : 'plain'],
    [lagMsP99 === null ? '' : `  p99 ${formatDuration(lagMsP99)}`],
    [stuck === 0 ? '' : `  ${formatCount(stuck)} held`, 'red'],
    [deadLetters === 0 ? '' : `  ${formatCount(deadLetters)} dead letters`, 'yellow'],
  ];
}

function sinkStyle({ state, error }: SinkView): ScreenStyle {
  return error === null ? stateStyle(state) : 'red';
}

function logLine({ transport }: PipelineStatus): readonly Line[] {
  if (transport === null) return [];
  const { bytesUsed, bytesLimit, records } = transport;
  const share = bytesUsed / Math.max(1, bytesLimit);
  const style = share > 0.9 ? 'red' : share > 0.75 ? 'yellow' : 'green';
  const text = ` ${formatBytes(bytesUsed)} of ${formatBytes(bytesLimit)}`;
  return [
    labelled('log', [...bar(share, style), [text], [`  ${formatCount(records)} records`, 'dim']]),
  ];
}

/** What the server keeps for us: green is what is left. */
function retentionLine({ watch }: PipelineStatus): readonly Line[] {
  const retention = watch?.retention ?? null;
  if (retention === null) return [];
  const { heldBytes, bytesPerSecond, budget, state, isLost, heldFor = [] } = retention;
  const whom = heldFor.length === 0 ? '' : ` for ${heldFor.join(', ')}`;
  const held = heldBytes === null ? '' : `${formatBytes(heldBytes)} kept${whom}`;
  const pace = bytesPerSecond === null ? '' : ` at ${formatBytes(bytesPerSecond)}/s`;
  if (isLost)
    return [
      labelled('kept', [
        ['lost', 'red'],
        [`  ${state ?? ''}`, 'dim'],
      ]),
    ];
  if (budget === null) return [labelled('kept', [[held], [`  no limit${pace}`, 'dim']])];
  const { leftPercent, leftMs, setting, isEstimate } = budget;
  const style = leftPercent <= 10 ? 'red' : leftPercent <= 50 ? 'yellow' : 'green';
  const about = isEstimate ? '~' : '';
  return [
    labelled('kept', [
      ...bar(leftPercent / 100, style),
      [` ${leftPercent} % left`, style],
      [leftMs === null ? '' : `, ${about}${formatDuration(leftMs)}${pace}`],
      [held === '' ? '' : `  ${held}`],
      [`  ${setting}`, 'dim'],
    ]),
  ];
}

function troubleLines({ watch }: PipelineStatus): readonly Line[] {
  const told = (watch?.stalls ?? []).filter(({ severity }) => severity !== 'info');
  return told.flatMap(({ severity, cause, title, evidence, cure }): Line[] => {
    const style = severity === 'warning' ? 'yellow' : 'red';
    const [first] = evidence;
    return [
      [[`! ${cause} `, style], [title], [first === undefined ? '' : ` (${first})`, 'dim']],
      [['  → '], [cure, 'dim']],
    ];
  });
}

function bar(share: number, style: ScreenStyle): Line {
  const full = Math.max(0, Math.min(BAR_WIDTH, Math.round(share * BAR_WIDTH)));
  return [
    ['█'.repeat(full), style],
    ['░'.repeat(BAR_WIDTH - full), 'dim'],
  ];
}

function helpLines(): readonly Line[] {
  const widest = Math.max(...KEYS.map(([keys]) => widthOf(keys)));
  const pad = (keys: string): string => keys + ' '.repeat(widest - widthOf(keys));
  return [
    [['tidemark status --watch', 'bold']],
    [],
    ...KEYS.map(([keys, what]): Line => [[`  ${pad(keys)}  `, 'bold'], [what]]),
    [],
    [['Rates are of the last second; lag of a table is what its slowest sink has not applied.']],
    [['kept: how much of its log the server still keeps for the source before it may remove it,']],
    [['and when that is if nothing more is read.']],
  ];
}

function footerLine({ state, problem, picture }: ScreenView): Line {
  if (state.filterBefore !== null) return [['/', 'bold'], [state.filter], ['█', 'dim']];
  if (problem !== null) return [[` ${problem} `, 'red']];
  if (state.isHelp) return [[' any key goes back ', 'inverse']];
  const all = picture?.rows.length ?? 0;
  const shown = picture === null ? 0 : shownRows(picture.rows, state).length;
  const count = shown === all ? `${all} tables` : `${shown} of ${all} tables (${state.filter})`;
  return [
    [' q', 'bold'],
    [' quit  '],
    ['s', 'bold'],
    [` sort: ${state.sort}${state.isReversed ? ' reversed' : ''}  `],
    ['/', 'bold'],
    [' filter  '],
    ['a', 'bold'],
    [state.isAlerts ? ' tables  ' : ' alerts  '],
    ['p', 'bold'],
    [state.isPaused ? ' go on  ' : ' pause  '],
    ['?', 'bold'],
    [' help  '],
    [count, 'dim'],
  ];
}
