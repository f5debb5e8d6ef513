import { type TidemarkError, toTidemarkError } from '../../foundation/errors.ts';
import type { SinkRecord } from '../../model/sink-record.ts';
import { changeOf } from '../record-change.ts';
import { documentChanges } from './document-change.ts';
import { FoldedChanges } from './folded-changes.ts';
import type { IndexNaming } from './index-naming.ts';
import { emptiesIndices, type SearchSinkOptions } from './search-sink-options.ts';

/** A record of which no change can be made. */
export interface RefusedRecord {
  readonly record: SinkRecord;
  readonly error: TidemarkError;
}

/** Records of a topic up to one that empties its index. */
export interface TopicSegment {
  readonly changes: FoldedChanges;
  readonly refused: readonly RefusedRecord[];
  /** What empties the index behind them; null: nothing does. */
  readonly truncate: { readonly record: SinkRecord; readonly index: string } | null;
}

/** Records as changes of documents, one for each, between those that empty the index. */
export function topicSegments(
  records: readonly SinkRecord[],
  naming: IndexNaming,
  options: SearchSinkOptions,
  changesOf: typeof documentChanges = documentChanges,
): readonly TopicSegment[] {
  const segments: TopicSegment[] = [];
  let changes = new FoldedChanges();
  let refused: RefusedRecord[] = [];
  const end = (truncate: TopicSegment['truncate']): void => {
    segments.push({ changes, refused, truncate });
    changes = new FoldedChanges();
    refused = [];
  };
  for (const record of records) {
    try {
      if (record.failure !== undefined) throw record.failure.error;
      const change = changeOf(record);
      if (change.kind === 'skip') continue;
      const index = naming.of(record);
      if (index === null) continue;
      if (change.kind === 'truncate') {
        if (emptiesIndices(options)) end({ record, index });
        continue;
      }
      for (const one of changesOf(record, index, options)) changes.add(one);
    } catch (thrown) {
      refused.push({ record, error: toTidemarkError(thrown, 'SINK_RECORD') });
    }
  }
  if (changes.size > 0 || refused.length > 0) end(null);
  return segments;
}
