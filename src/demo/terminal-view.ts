import type { PipelineStatus, SinkView, SourceView } from '../runtime/pipeline-status.ts';
import type { ShopTrafficCounts } from './shop-traffic.ts';

/** All that the screen of the demo shows at one moment. */
export interface DemoView {
  readonly status: PipelineStatus;
  /** Rows that arrived in the target in the last second. */
  readonly rowsPerSecond: number;
  readonly traffic: ShopTrafficCounts | undefined;
  readonly elapsedMs: number;
  /** Undefined: runs until Ctrl-C. */
  readonly durationMs: number | undefined;
  readonly nowMs: number;
}

/** What the output can do. */
export interface TerminalTraits {
  readonly columns: number;
  readonly colours: boolean;
}

type Style = 'plain' | 'bold' | 'dim' | 'green' | 'yellow' | 'red';
type Segment = readonly [text: string, style?: Style];
type Line = readonly Segment[];

const CODES: Record<Style, string> = {
  plain: '',
  bold: '\x1b[1m',
  dim: '\x1b[2m',
  green: '\x1b[32m',
  yellow: '\x1b[33m',
  red: '\x1b[31m',
};

const LABEL_WIDTH = 11;
const MIN_BAR = 8;
const MAX_BAR = 40;
/** Beyond this the lag is worth a colour. */
const SLOW_MS = 1000;

/** The screen as lines of at most `columns` characters; escape codes only with colours. */
export function renderDemo(view: DemoView, traits: TerminalTraits): string[] {
  const { source, sinks, transport } = view.status;
  const lines: Line[] = [
    headline(view),
    phaseLine(source, traits.columns),
    labelled('rows/s', [
      [count(view.rowsPerSecond), 'bold'],
      [`   ${count(source.events)} events`],
    ]),
    labelled('lag', lagSegments(source, sinks)),
    labelled('source', [[offsetText(source)]]),
    ...(transport === null
      ? []
      : [
          labelled('log', [[`${count(transport.records)} records, ${bytes(transport.bytesUsed)}`]]),
        ]),
    ...sinks.map((sink) => labelled(sink.name, sinkSegments(sink))),
    labelled('schema', [[schemaText(source, view.nowMs)]]),
    ...(view.traffic === undefined ? [] : [labelled('traffic', [[trafficText(view.traffic)]])]),
    ...[source.error, ...sinks.map((sink) => sink.error)].flatMap((error) =>
      error === null ? [] : [labelled(error.code, [[error.message.split('\n')[0] ?? '', 'red']])],
    ),
  ];
  return lines.map((line) => paint(line, traits));
}

/** One line for outputs that are no terminal: a log file, a pipe. */
export function renderDemoLine(view: DemoView): string {
  const { source, sinks } = view.status;
  const phase = source.phase === 'snapshot' ? `snapshot ${percent(source)} %` : source.phase;
  const lag = lagSegments(source, sinks)
    .map(([text]) => text)
    .join('');
  const rate = `${count(view.rowsPerSecond)} rows/s`;
  return `${clock(view.elapsedMs)}  ${phase}, ${rate}, lag ${lag}, ${offsetText(source)}`;
}

function headline(view: DemoView): Line {
  const until = view.durationMs === undefined ? 'Ctrl-C stops' : `of ${clock(view.durationMs)}`;
  return [
    ['tidemark demo', 'bold'],
    [`  shop → log → ${view.status.sinks.map((sink) => sink.name).join(', ')}`],
    [`   ${clock(view.elapsedMs)} ${until}`, 'dim'],
  ];
}

function phaseLine(source: SourceView, columns: number): Line {
  if (source.phase !== 'snapshot') {
    const healthy = source.state === 'running' && source.connected;
    const state = healthy ? '' : ` (${source.state})`;
    return labelled('phase', [[`${source.phase}${state}`, healthy ? 'green' : 'yellow']]);
  }
  const { done, estimated } = snapshotRows(source);
  const suffix = ` ${percent(source)} %  ${count(done)} of ${count(estimated)} rows`;
  const room = columns - LABEL_WIDTH - 'snapshot '.length - suffix.length;
  const width = Math.max(MIN_BAR, Math.min(MAX_BAR, room));
  const full = Math.round((width * percent(source)) / 100);
  return labelled('phase', [
    ['snapshot ', 'yellow'],
    ['█'.repeat(full), 'green'],
    ['░'.repeat(width - full), 'dim'],
    [suffix],
  ]);
}

/** The estimates come from statistics: they may be too small, and the bar must not overflow. */
function snapshotRows(source: SourceView): { done: number; estimated: number } {
  let done = 0;
  let estimated = 0;
  for (const table of source.snapshot) {
    done += table.rowsDone;
    estimated += table.completed ? table.rowsDone : Math.max(table.rowsEstimated, table.rowsDone);
  }
  return { done, estimated };
}

function percent(source: SourceView): number {
  const { done, estimated } = snapshotRows(source);
  return estimated === 0 ? 0 : Math.floor((100 * done) / estimated);
}

function lagSegments(source: SourceView, sinks: readonly SinkView[]): Segment[] {
  const last = Math.max(source.lagMs ?? 0, ...sinks.map((sink) => sink.lagMsLast ?? 0));
  const known = source.lagMs !== null || sinks.some((sink) => sink.lagMsLast !== null);
  const p99 = Math.max(...sinks.map((sink) => sink.lagMsP99 ?? 0), 0);
  return [
    [known ? `${count(last)} ms` : 'unknown', last > SLOW_MS ? 'yellow' : 'plain'],
    [known ? ` (p99 ${count(p99)} ms)` : ''],
    [source.lagBytes === null ? '' : `, ${bytes(source.lagBytes)} behind`],
  ];
}

function offsetText(source: SourceView): string {
  if (source.receivedLsn === null) return 'no position yet';
  return `read ${source.receivedLsn}, confirmed ${source.confirmedLsn ?? 'nothing'}`;
}

function sinkSegments(sink: SinkView): Segment[] {
  const segments: Segment[] = [
    [`${count(sink.applied)} applied, ${count(sink.lagRecords)} waiting`],
  ];
  if (sink.state !== 'running') segments.push([` (${sink.state})`, 'yellow']);
  if (sink.parked.length > 0) segments.push([`, ${sink.parked.length} tables parked`, 'red']);
  return segments;
}

function schemaText(source: SourceView, nowMs: number): string {
  const change = source.lastSchemaChange;
  if (change === null) return 'no change yet';
  const agoSeconds = Math.max(0, Math.round((nowMs - change.atMs) / 1000));
  return `${change.table} version ${change.version}: ${change.summary}, ${agoSeconds} s ago`;
}

function trafficText(traffic: ShopTrafficCounts): string {
  return [
    `${count(traffic.transactions)} transactions`,
    `${count(traffic.keyChanges)} key changes`,
    `${count(traffic.truncates)} truncates`,
    `${count(traffic.schemaChanges)} DDL`,
  ].join(', ');
}

function labelled(label: string, segments: readonly Segment[]): Line {
  return [[`${label} `.padEnd(LABEL_WIDTH), 'dim'], ...segments];
}

/** Cuts by visible characters, then colours: an escape code has no width and must stay whole. */
function paint(line: Line, { columns, colours }: TerminalTraits): string {
  let room = columns;
  let painted = '';
  for (const [text, style = 'plain'] of line) {
    const shown = [...text].slice(0, Math.max(0, room)).join('');
    room -= [...shown].length;
    if (shown === '') continue;
    const code = colours ? CODES[style] : '';
    painted += code === '' ? shown : `${code}${shown}\x1b[0m`;
  }
  return painted;
}

/** `1234567` → `1,234,567`, the same on every machine. */
function count(value: number): string {
  return `${Math.round(value)}`.replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let scaled = value;
  let unit = 0;
  while (scaled >= 1024 && unit < units.length - 1) {
    scaled /= 1024;
    unit++;
  }
  return `${unit === 0 ? scaled : scaled.toFixed(1)} ${units[unit] ?? ''}`;
}

function clock(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (value: number): string => `${value}`.padStart(2, '0');
  const short = `${two(minutes)}:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${short}` : short;
}
