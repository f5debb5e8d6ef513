import fc from 'fast-check';
import { column } from './sink-records.ts';

/** Something that happens to a row, or to its table. */
export interface ChangeStep<K extends string> {
  readonly kind: K;
  readonly id: number;
  /** The key that a row moves to, or a number to be written. */
  readonly to: number;
  readonly text: string | null;
}

/** Steps of these kinds, by how often each comes, on rows with ids from 0 to the highest. */
export function changeSteps<K extends string>(
  weights: Readonly<Record<K, number>>,
  highest: number,
  text: fc.Arbitrary<string>,
): fc.Arbitrary<ChangeStep<K>> {
  const kinds = (Object.entries(weights) as [K, number][]).map(([kind, weight]) => ({
    weight,
    arbitrary: fc.constant(kind),
  }));
  return fc.record({
    kind: fc.oneof(...kinds),
    id: fc.integer({ min: 0, max: highest }),
    to: fc.integer({ min: 0, max: highest }),
    text: fc.option(text),
  });
}

/** The columns of such a table; the last one comes with `alter`. */
export const STEP_COLUMNS = {
  id: column('id', 'integer', { type: 'int32', optional: false }),
  a: column('a', 'text', { type: 'string' }),
  big: column('big', 'text', { type: 'string' }),
  later: column('later', 'integer', { type: 'int32', optional: false, default: 7 }),
} as const;
