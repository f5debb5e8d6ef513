import {
  type MappingConflict,
  mappingSettings,
  wantedMapping,
} from '../../../dialects/search/search-mapping.ts';
import type { SearchTarget } from '../../../dialects/search/search-target.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { JsonObject } from '../../foundation/lossless-json.ts';
import { isJsonObject } from '../../foundation/lossless-json.ts';
import type { ConnectSchema } from '../../model/connect-schema.ts';
import { metadataMapping } from './document-metadata.ts';
import { DELETED_AT_FIELD, DELETED_FIELD } from './document-text.ts';
import type { SearchSinkOptions } from './search-sink-options.ts';

/**
 * The mapping of documents of such rows, with what the sink itself puts into them. Throws
 * SINK_SCHEMA for a row that has such a field as well.
 */
export function documentMapping(
  row: ConnectSchema,
  target: SearchTarget,
  { deleteMode, metadataColumns }: Pick<SearchSinkOptions, 'deleteMode' | 'metadataColumns'>,
): JsonObject {
  const wanted = wantedMapping(row, target);
  if (deleteMode !== 'soft' && metadataColumns.length === 0) return wanted;
  const properties = isJsonObject(wanted['properties']) ? wanted['properties'] : {};
  const marks = { [DELETED_FIELD]: { type: 'boolean' }, [DELETED_AT_FIELD]: { type: 'date' } };
  const own = {
    ...(deleteMode === 'soft' ? marks : {}),
    ...metadataMapping(metadataColumns, target),
  };
  const taken = Object.keys(own).find((name) => properties[name] !== undefined);
  if (taken !== undefined) throw takenName(taken);
  return { ...wanted, properties: { ...properties, ...own } };
}

function takenName(field: string): TidemarkError {
  return new TidemarkError(
    'SINK_SCHEMA',
    `the records have a field ${field}, which delete.mode or metadata.columns make as well`,
    { cure: 'Rename it in the source, or leave it out (column.exclude.list of the source).' },
  );
}

/** Settings of an index that the sink makes. */
export function indexSettings(
  mappings: JsonObject,
  { gcDeletesMs, shards, replicas }: SearchSinkOptions,
): JsonObject {
  return {
    'index.gc_deletes': `${gcDeletesMs}ms`,
    ...(shards === null ? {} : { 'index.number_of_shards': shards }),
    ...(replicas === null ? {} : { 'index.number_of_replicas': replicas }),
    ...mappingSettings(mappings),
  };
}

/** A mapping that cannot become what the rows need; `alias`: what documents are written to. */
export function unfitMapping(
  index: string,
  alias: string,
  conflicts: readonly MappingConflict[],
): TidemarkError {
  const told = conflicts.map(({ field, wanted, reason }) => `${field} as ${wanted}: ${reason}`);
  const message = `the mapping of ${index} does not fit: ${told.join('; ')}`;
  return new TidemarkError('SINK_SCHEMA', message, {
    cure:
      'The type of a field cannot be changed: make a new index, reindex, and let an alias ' +
      `${alias} point to it; or give the column another name or form by a transform.`,
  });
}
