import { TidemarkError } from '../../foundation/errors.ts';

/** Where a further column of the outbox goes. */
export interface Placement {
  readonly field: string;
  readonly place: 'header' | 'envelope' | 'partition';
  readonly alias: string;
}

const PLACES: readonly string[] = ['header', 'envelope', 'partition'];

/** `column:header`, `column:envelope:alias`, `column:partition`. Throws CONFIG_INVALID. */
export function placementsOf(entries: readonly string[]): readonly Placement[] {
  return entries.map((entry) => {
    const [field = '', place = '', alias = field] = entry.split(':').map((part) => part.trim());
    const known = place.toLowerCase();
    if (field !== '' && PLACES.includes(known)) {
      return { field, place: known as Placement['place'], alias };
    }
    throw new TidemarkError(
      'CONFIG_INVALID',
      `table.fields.additional.placement: ${JSON.stringify(entry)} is not of the form ` +
        'column:place:alias',
      { cure: `Places are ${PLACES.join(', ')}; the alias may be left out.` },
    );
  });
}
