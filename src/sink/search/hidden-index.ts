import type { JsonObject } from '../../foundation/lossless-json.ts';
import type { SearchSinkOptions } from './search-sink-options.ts';

/** What an index of the sink's own is made with: searches of `*` are not for it. */
export function hiddenIndex(
  { shards, replicas }: Pick<SearchSinkOptions, 'shards' | 'replicas'>,
  mappings: JsonObject,
): JsonObject {
  return {
    settings: {
      'index.hidden': true,
      ...(shards === null ? {} : { 'index.number_of_shards': shards }),
      ...(replicas === null ? {} : { 'index.number_of_replicas': replicas }),
    },
    mappings,
  };
}
