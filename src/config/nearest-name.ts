import { distance } from 'fastest-levenshtein';

/** The known name that was probably meant, or undefined when none is near. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const wanted = normalise(name);
  // One slip in four characters, at least two: `pasword`, `tabel.include.list`.
  let best = Math.max(2, Math.floor(wanted.length / 4)) + 1;
  let nearest: string | undefined;
  for (const candidate of known) {
    const slips = transposed(wanted, normalise(candidate));
    if (slips < best) {
      best = slips;
      nearest = candidate;
    }
  }
  return nearest;
}

/** Separators and case are what people get wrong first: they do not count. */
function normalise(name: string): string {
  return name.toLowerCase().replaceAll(/[._-]/g, '.');
}

/** Edit distance in which two neighbours swapped are one slip, not two. */
function transposed(left: string, right: string): number {
  const plain = distance(left, right);
  if (plain < 2 || left.length !== right.length) return plain;
  for (let at = 0; at + 1 < left.length; at++) {
    const swapped = left.slice(0, at) + left[at + 1] + left[at] + left.slice(at + 2);
    if (swapped === right) return 1;
  }
  return plain;
}
