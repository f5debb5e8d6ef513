import type { PipelineStatus } from '../runtime/pipeline-status.ts';
import { formatDuration } from './format-quantity.ts';
import { padded, type ScreenStyle, type Segment, widthOf, wrapped } from './screen-text.ts';

type Alerts = NonNullable<PipelineStatus['alerts']>;
type Line = readonly Segment[];

/** An alert as the screen shows it: the last that was told of it. */
export interface AlertRow {
  /** `●` holds now, `○` holds and is muted, `✓` is over, `·` has happened. */
  readonly mark: '●' | '○' | '✓' | '·';
  readonly severity: string;
  readonly class: string;
  readonly where: string;
  readonly title: string;
  /** Since when it holds, or when it was told. */
  readonly atMs: number;
  /** Of what holds: why, and what to do. */
  readonly cause: string | null;
  readonly cure: string | null;
}

const RANK: Readonly<Record<string, number>> = { info: 0, warning: 1, breaking: 2, critical: 2 };

/** What holds, the worst first; then what was told, the newest first, each alert once. */
export function alertRows(alerts: Alerts | undefined): readonly AlertRow[] {
  const { firing = [], recent = [] } = alerts ?? {};
  const now = firing
    .toSorted((a, b) => rankOf(b.severity) - rankOf(a.severity) || b.since.localeCompare(a.since))
    .map((one): AlertRow => {
      const { severity, class: name, title, since, told, cause, cure } = one;
      const mark = told ? '●' : '○';
      const where = whereOf(one);
      return { mark, severity, class: name, where, title, atMs: Date.parse(since), cause, cure };
    });
  const seen = new Set(firing.map(({ id }) => id));
  const told: AlertRow[] = [];
  for (const one of recent) {
    if (seen.has(one.id)) continue;
    seen.add(one.id);
    const { status, severity, class: name, title, toldAt } = one;
    const mark = status === 'resolved' ? '✓' : '·';
    const row = { mark, severity, class: name, where: whereOf(one), title } as const;
    told.push({ ...row, atMs: Date.parse(toldAt), cause: null, cure: null });
  }
  return [...now, ...told];
}

function rankOf(severity: string): number {
  return RANK[severity] ?? 0;
}

function whereOf({ table, sink }: { readonly table: string | null; readonly sink: string | null }) {
  return [table, sink].filter((name) => name !== null).join(' → ');
}

/** From here on a line has room for the table, which titles name as well. */
const WIDE = 120;
/** Below this the class has none beside the title. */
const NARROW = 70;

/** The line over alerts. */
export function alertHeading(alerts: Alerts | undefined, text: string, width: number): Line {
  const firing = alerts?.firing.length ?? 0;
  const count = firing === 0 ? 'ALERTS: none holds' : `ALERTS: ${firing} hold`;
  const left = (alerts?.channels ?? []).filter(({ failingSince }) => failingSince !== null);
  const broken = left.length === 0 ? '' : `  ${left.map(({ name }) => name).join(', ')} fails`;
  return [[padded(`${count}${broken}  ${text}`, width), 'inverse']];
}

/** One alert in one line. */
export function alertLine(row: AlertRow, width: number, nowMs: number): Line {
  return [...alertBegin(row, width, nowMs), [row.title, titleStyle(row)]];
}

/** All but the title. */
function alertBegin(row: AlertRow, width: number, nowMs: number): Line {
  const word = row.mark === '✓' ? 'over' : row.severity;
  const isWide = width >= WIDE;
  return [
    [padded(formatDuration(Math.max(0, nowMs - row.atMs)), 8, 'right')],
    [` ${row.mark} ${padded(word, 9)}`, row.mark === '✓' ? 'green' : severityStyle(row.severity)],
    [width < NARROW ? '' : `${padded(row.class, isWide ? 24 : 20)} `, 'dim'],
    [isWide ? `${padded(row.where, 30)} ` : ''],
  ];
}

/** What holds is seen first. */
function titleStyle({ mark, severity }: AlertRow): ScreenStyle {
  return mark === '●' ? severityStyle(severity) : 'plain';
}

function severityStyle(severity: string): ScreenStyle {
  const rank = rankOf(severity);
  return rank === 2 ? 'red' : rank === 1 ? 'yellow' : 'plain';
}

/** Before what belongs to the line above. */
const INDENT = ' '.repeat(11);

/** All of them, whole, with cause and cure of what holds; scrolled by lines. */
export function alertLines(
  rows: readonly AlertRow[],
  width: number,
  nowMs: number,
): readonly Line[] {
  return rows.flatMap((row): Line[] => {
    const begin = alertBegin(row, width, nowMs);
    const used = begin.reduce((sum, [text]) => sum + widthOf(text), 0);
    const below = (text: string | null, mark: string, style: ScreenStyle): Line[] =>
      text === null
        ? []
        : wrapped(text, width - widthOf(INDENT) - widthOf(mark)).map((part, at): Line => [
            [`${INDENT}${at === 0 ? mark : ' '.repeat(widthOf(mark))}`],
            [part, style],
          ]);
    const fits = widthOf(row.title) <= width - used;
    const style = titleStyle(row);
    return [
      fits ? [...begin, [row.title, style]] : begin,
      ...below(fits ? null : row.title, '', style),
      ...below(row.cause, '', 'dim'),
      ...below(row.cure, '→ ', 'dim'),
    ];
  });
}
