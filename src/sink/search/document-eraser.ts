import type { JsonObject } from '../../foundation/lossless-json.ts';
import type { BulkAction, BulkWriter } from './bulk-writer.ts';
import { documentPages } from './document-scan.ts';
import type { SearchClient } from './search-client.ts';
import { versionNumber } from './search-errors.ts';

/** Which documents go. */
export interface ErasedDocuments {
  /** Up to this version; null: all that are there now. */
  readonly upTo: string | null;
  /** Asked once it is fixed which documents these are: true leaves them all. */
  readonly unless?: () => Promise<boolean>;
}

/**
 * Deletes documents of an index. They are looked
 * for and deleted one by one, each with a version: `_delete_by_query` would delete what was
 * written since, and leave versions behind that later documents cannot have (PITFALLS S6, S21).
 */
export async function eraseDocuments(
  client: SearchClient,
  bulk: BulkWriter,
  index: string,
  { upTo, unless }: ErasedDocuments,
  signal: AbortSignal,
): Promise<void> {
  let isAsked = false;
  for await (const hits of documentPages(client, index, signal)) {
    if (!isAsked && (await unless?.()) === true) return;
    isAsked = true;
    const deletes = hits.flatMap((hit) => deleteOf(hit, upTo));
    const outcomes = await bulk.write(deletes, signal);
    const refused = outcomes.find((outcome) => outcome.kind === 'refused');
    if (refused !== undefined) throw refused.error;
  }
}

function deleteOf(hit: JsonObject, upTo: string | null): readonly BulkAction[] {
  const { _index, _id, _version, _routing } = hit;
  const version = versionNumber(_version);
  if (upTo !== null && version > BigInt(upTo)) return [];
  // What is written meanwhile has a version above that, and stays.
  const members = { _index, _id, ...(_routing === undefined ? {} : { routing: _routing }) };
  const head = JSON.stringify(members).slice(0, -1);
  const line = `{"delete":${head},"version":${upTo ?? version},"version_type":"external_gte"}}`;
  return [{ line, document: () => null }];
}
