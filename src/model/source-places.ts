import type { ChangeOrigin, SourceOffset } from './change-event.ts';

/**
 * What a family of sources knows of the places that its offsets name: what lies before which. All
 * offsets are its own, as its reader gave them.
 */
export interface SourcePlaces {
  /**
   * The event lies before the offset: whoever goes on from there is not told it. `at`: the offset
   * of the reader that tells the event now.
   */
  isBefore(event: ChangeOrigin, offset: SourceOffset, at: () => SourceOffset): boolean;
  /** The offset right before the event that the reader, whose offset is `at`, is telling. */
  beforeEvent(event: ChangeOrigin, at: SourceOffset): SourceOffset;
  /**
   * All that lies before the offset has been told, though nothing may have come behind it. `has`:
   * the reader has received all up to a place, as it prints it; false is always allowed.
   */
  isPast(offset: SourceOffset, at: SourceOffset, has: (end: string) => boolean): boolean;
  /** Negative: the first is passed first. */
  compare(a: SourceOffset, b: SourceOffset): number;
  /** Bytes of the log from an offset to a place, as the reader prints it; null: unknown. */
  bytesBetween(offset: SourceOffset, end: string): number | null;
  /** The offset's place in the log, printed as positions of changes are. */
  placeOf(offset: SourceOffset): string;
}
