import { formatCount, formatDuration } from './format-quantity.ts';
import { padded, type ScreenStyle, type Segment } from './screen-text.ts';
import type { ScreenState, Sort } from './status-keys.ts';
import type { TableRow } from './status-model.ts';

interface Column {
  readonly heading: string;
  /** Null: what is left of the line. */
  readonly width: number | null;
  readonly align: 'left' | 'right';
  /** The order that shows it, as the footer names it. */
  readonly sort?: Sort;
}

const COLUMNS: readonly Column[] = [
  { heading: 'TABLE', width: null, align: 'left', sort: 'name' },
  { heading: 'PHASE', width: 9, align: 'left' },
  { heading: '%', width: 4, align: 'right' },
  { heading: 'RATE/S', width: 8, align: 'right', sort: 'rate' },
  { heading: 'LAG', width: 8, align: 'right', sort: 'lag' },
  { heading: 'DEAD', width: 5, align: 'right' },
  { heading: 'LAST DDL', width: 20, align: 'left', sort: 'change' },
];
const NAME_LEAST = 16;
/** As people count: `t_2` before `t_10`. */
const NAMES = new Intl.Collator('en', { numeric: true });
const GAP = 1;

/** Names get what is left; a narrow window cuts columns off at the right. */
function nameWidth(width: number): number {
  const others = COLUMNS.reduce((sum, column) => sum + (column.width ?? 0) + GAP, 0);
  return Math.max(NAME_LEAST, Math.min(width - others + GAP, 60));
}

/** The line over the tables; the column that they are sorted by is marked. */
export function tableHeading({ sort, isReversed }: ScreenState, width: number): readonly Segment[] {
  const cells = COLUMNS.map((column) => {
    const mark = column.sort === sort ? (isReversed ? '▲' : '▼') : '';
    return padded(`${column.heading}${mark}`, column.width ?? nameWidth(width), column.align);
  });
  return [[cells.join(' '.repeat(GAP)).padEnd(width), 'inverse']];
}

/** One table. */
export function tableLine(row: TableRow, width: number, nowMs: number): readonly Segment[] {
  const { phase, percent, perSecond, lagRecords, deadLetters, lastChange, held } = row;
  const isHeld = held.length > 0;
  const texts: readonly (readonly [string, ScreenStyle])[] = [
    [row.table, isHeld ? 'red' : 'plain'],
    isHeld ? ['held', 'red'] : [phase, phase === 'streaming' ? 'green' : 'yellow'],
    [percent === null ? '' : `${percent}`, 'yellow'],
    [rateText(perSecond), 'bold'],
    [lagRecords === null ? '-' : formatCount(lagRecords), lagStyle(lagRecords)],
    [deadLetters === 0 ? '' : formatCount(deadLetters), 'yellow'],
    isHeld ? [heldText(row), 'red'] : [changeText(lastChange, nowMs), 'dim'],
  ];
  return texts.map(([text, style], i): Segment => {
    const column = COLUMNS[i];
    const isLast = i === texts.length - 1;
    if (isLast) return [text, style];
    const cell = padded(text, column?.width ?? nameWidth(width), column?.align);
    return [`${cell}${' '.repeat(GAP)}`, style];
  });
}

function rateText(perSecond: number | null): string {
  if (perSecond === null) return '-';
  return perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : formatCount(perSecond);
}

function lagStyle(lagRecords: number | null): ScreenStyle {
  return lagRecords !== null && lagRecords > 10_000 ? 'yellow' : 'plain';
}

function heldText({ held }: TableRow): string {
  return held.map(({ where, code }) => `${code} (${where})`).join(', ');
}

function changeText(change: TableRow['lastChange'], nowMs: number): string {
  if (change === null) return '';
  return `${change.summary}, ${formatDuration(Math.max(0, nowMs - change.atMs))} ago`;
}

/** The tables that are to be seen, in the order that was chosen; equal ones by name. */
export function shownRows(
  rows: readonly TableRow[],
  { filter, sort, isReversed }: Pick<ScreenState, 'filter' | 'sort' | 'isReversed'>,
): readonly TableRow[] {
  const wanted = filter.toLowerCase();
  const found = rows.filter(({ table }) => table.toLowerCase().includes(wanted));
  const order = ORDERS[sort];
  const sorted = found.toSorted((a, b) => order(b) - order(a) || NAMES.compare(a.table, b.table));
  return isReversed ? sorted.toReversed() : sorted;
}

const ORDERS: Readonly<Record<Sort, (row: TableRow) => number>> = {
  name: () => 0,
  rate: ({ perSecond }) => perSecond ?? -1,
  lag: ({ lagRecords }) => lagRecords ?? -1,
  change: ({ lastChange }) => lastChange?.atMs ?? 0,
  trouble: ({ held, deadLetters, phase }) =>
    held.length * 1e9 + deadLetters + (phase === 'streaming' ? 0 : 0.5),
};
