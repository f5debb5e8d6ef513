import { TidemarkError } from '../foundation/errors.ts';
import type { SourceOffset } from '../model/change-event.ts';

/** Connect's key of a source offset: `["<connector name>",{"server":"<prefix>"}]`. */
export function sourceOffsetKey(name: string, offset: Pick<SourceOffset, 'partition'>): string {
  return JSON.stringify([name, offset.partition]);
}

/** Connect's value of a source offset: the offset map as JSON. */
export function encodeSourceOffset(offset: SourceOffset): string {
  return JSON.stringify(offset.offset);
}

/** Throws STORE_IO when the stored text is not an offset map: state is damaged, not absent. */
export function decodeSourceOffset(
  partition: SourceOffset['partition'],
  text: string | null,
): SourceOffset | null {
  if (text === null) return null;
  try {
    const offset: unknown = JSON.parse(text);
    if (typeof offset === 'object' && offset !== null && !Array.isArray(offset)) {
      return { partition, offset: offset as SourceOffset['offset'] };
    }
  } catch (error) {
    throw new TidemarkError('STORE_IO', `the stored source offset is not JSON`, { cause: error });
  }
  throw new TidemarkError('STORE_IO', 'the stored source offset is not a map');
}
