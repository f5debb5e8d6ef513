/** How a piece of a line looks. */
export type ScreenStyle = 'plain' | 'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'inverse';

/** A piece of a line. */
export type Segment = readonly [text: string, style?: ScreenStyle];

const CODES: Readonly<Record<ScreenStyle, string>> = {
  plain: '',
  bold: '\u001B[1m',
  dim: '\u001B[2m',
  red: '\u001B[31m',
  yellow: '\u001B[33m',
  green: '\u001B[32m',
  inverse: '\u001B[7m',
};

/** Names and messages come from servers: what steers a terminal is shown as a dot. */
export function harmless(text: string): string {
  return text.replaceAll(STEERING, '·');
}

/** Control characters, and what turns the direction of writing. */
const STEERING = /[\p{Cc}\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

/** Columns that a character takes: 0 for what stands on the one before, 2 for wide ones. */
function columnsOf(char: string): number {
  if (/\p{Mn}|\p{Me}|\u200D|[\uFE00-\uFE0F]/u.test(char)) return 0;
  const code = char.codePointAt(0) ?? 0;
  return WIDE.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}

/** East Asian wide and fullwidth characters, and emoji. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

/** Columns that a text takes on the screen. */
export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += columnsOf(char);
  return width;
}

/** The beginning of a text that fits, with … where something was cut. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width <= 0) return '';
  let room = width - 1;
  let shown = '';
  for (const char of text) {
    room -= columnsOf(char);
    if (room < 0) break;
    shown += char;
  }
  return `${shown}…`;
}

/** Broken between words into lines that fit; a word that is wider than a line is cut by them. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of harmless(text).split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (widthOf(longer) <= width) line = longer;
    else {
      if (line !== '') lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

/** Cut or filled up to so many columns. */
export function padded(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const shown = cut(harmless(text), width);
  const space = ' '.repeat(Math.max(0, width - widthOf(shown)));
  return align === 'left' ? `${shown}${space}` : `${space}${shown}`;
}

/** A line of at most `width` columns: cut first, coloured then, so that no code is cut. */
export function painted(line: readonly Segment[], width: number, colours: boolean): string {
  let room = width;
  let text = '';
  for (const [raw, style = 'plain'] of line) {
    const shown = cut(harmless(raw), room);
    room -= widthOf(shown);
    if (shown === '') continue;
    // What is chosen is to be seen without colours, too: reverse video is none.
    const code = colours || style === 'inverse' || style === 'bold' ? CODES[style] : '';
    text += code === '' ? shown : `${code}${shown}\u001B[0m`;
  }
  return text;
}
