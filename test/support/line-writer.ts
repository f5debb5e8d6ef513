/**
 * Adds lines to the file that is named until somebody kills it, with the lines of `writtenLine`.
 * Prints once that it has begun.
 */
import { openLines, placeAt, writtenLine } from './line-files.ts';

const LINES_OF_A_PUT = 10_000;

const file = process.argv[2];
if (file === undefined) throw new Error('which file?');
const lines = await openLines(file);
let next = [...lines.positions.values()][0]?.offset ?? 0;
for (let puts = 0; ; puts++) {
  let text = '';
  for (const end = next + LINES_OF_A_PUT; next < end; next++) text += `${writtenLine(next)}\n`;
  await lines.append(text, [placeAt(next)]);
  if (puts === 0) process.stdout.write('begun\n');
}
