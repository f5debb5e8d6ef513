import type { GoldenDifference } from './golden-differences.ts';

/**
 * Where the original is wrong, or what it recorded depends on the moment. `line` is a difference as
 * it is told, with what ours has in that place: anything else there is a defect of ours.
 */
export interface KnownDefect {
  readonly name: string;
  readonly topic: RegExp;
  readonly lines: readonly RegExp[];
}

/** The text as a pattern that matches nothing else. */
export function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** The names of the defects that explain a difference; null: some of it is ours. */
export function knownDefects(
  { topic, what }: GoldenDifference,
  defects: readonly KnownDefect[],
): readonly string[] | null {
  const known = defects.filter((defect) => defect.topic.test(topic));
  const names = what.map(
    (line) => known.find((defect) => defect.lines.some((pattern) => pattern.test(line)))?.name,
  );
  const found = names.filter((name) => name !== undefined);
  return found.length < names.length ? null : [...new Set(found)];
}
