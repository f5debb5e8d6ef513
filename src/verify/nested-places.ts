import type { Nest } from '../config/document-nest.ts';
import type { ConnectSchema } from '../model/connect-schema.ts';
import type { NestRoles } from '../sink/search/nest-roles.ts';
import type { SearchClient } from '../sink/search/search-client.ts';
import type { ValueOfText } from './document-keys.ts';
import { DocumentKeys } from './document-keys.ts';
import type { SearchTargetParts } from './search-target-table.ts';
import { SeenIds } from './seen-ids.ts';
import { renewed, verifiedIndex } from './verified-index.ts';
import type { ColumnDifference, SourceTable } from './verify-ports.ts';

/** The table of a topic, whose rows are documents that others stand in. */
export interface OwnerTable {
  readonly table: Pick<SourceTable, 'name' | 'keyColumns'>;
  readonly key: ConnectSchema;
  readonly valueOf: ValueOfText;
}

/** What a comparison with nested rows is made with. */
export interface NestedTargetParts extends SearchTargetParts {
  /** Null: no table of the source has that topic, or its keys cannot be asked for. */
  readonly ownerOf: (topic: string) => OwnerTable | null;
}

/** One field of the documents of an index. */
export interface NestedPlace {
  readonly nest: Nest;
  readonly field: string;
  /** As the sink names it. */
  readonly named: string;
  readonly index: string;
  readonly concrete: string;
  readonly owners: { readonly table: OwnerTable['table']; readonly keys: DocumentKeys } | null;
  /** Document and mark of each row of the source. */
  seen: SeenIds;
}

/**
 * Where rows of a topic stand. Throws SINK_SCHEMA where an index is missing, CONFIG_UNSUPPORTED for
 * one that does not keep what it is given.
 */
export async function nestedPlaces(
  { client, ownerOf }: NestedTargetParts,
  topic: string,
  roles: NestRoles,
  signal: AbortSignal,
): Promise<readonly NestedPlace[]> {
  const places: NestedPlace[] = [];
  for (const { index: named, nest } of roles.placesOf(topic)) {
    if (nest === null) continue;
    const { name: index, concrete } = await verifiedIndex(client, named, signal);
    const owner = ownerOf(nest.parent);
    const owners =
      owner === null
        ? null
        : { table: owner.table, keys: new DocumentKeys(owner.key, owner.valueOf) };
    const { field } = nest;
    places.push({ nest, field, named, index, concrete, owners, seen: new SeenIds() });
  }
  return places;
}

/** Throws where another index has begun to take the place of one that was read. */
export async function checkPlaces(
  client: SearchClient,
  places: readonly NestedPlace[],
  signal: AbortSignal,
): Promise<void> {
  for (const { named, concrete } of places) {
    const now = await verifiedIndex(client, named, signal);
    if (now.concrete !== concrete) throw renewed(named);
  }
}

/** One of the rows of a document, for `seen`. */
export function seenId(document: string, mark: string): string {
  return `${document}\0${mark}`;
}

/** Where a row belongs, and where it stands. */
export function placeColumn(
  { index, field }: NestedPlace,
  belongs: string | null,
  stands: readonly string[],
): ColumnDifference {
  const target = stands.length === 0 ? null : stands.join(', ');
  return { name: `${index}.${field}`, source: belongs, target };
}
