import { readFile } from 'node:fs/promises';
import { LineFile } from '../../src/sink/file/line-file.ts';
import type { SinkPosition } from '../../src/model/sink-record.ts';

export const OWNER = 'shop/lines';

/** A position of one partition. */
export function placeAt(offset: number, partition = 0): SinkPosition {
  return { topic: 'shop.t', partition, generation: 1, offset };
}

/** A line file, and what it told of. */
export async function openLines(
  file: string,
  told: string[] = [],
  owner = OWNER,
): Promise<LineFile> {
  const tell =
    (level: string) =>
    (text: string): void => {
      told.push(`${level}: ${text.replaceAll(file, 'FILE')}`);
    };
  return LineFile.open({ file, owner, warn: tell('warn'), note: tell('note') });
}

/** Next offsets by partition. */
export function offsetsOf(lines: LineFile): readonly number[] {
  return [...lines.positions.values()].map(({ offset }) => offset);
}

/** What the file has as text. */
export function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8');
}

/** The n-th line of `line-writer`: of different lengths, so that few end where a page does. */
export function writtenLine(n: number): string {
  return `${n} ${'x'.repeat((n * 37) % 500)}`;
}
