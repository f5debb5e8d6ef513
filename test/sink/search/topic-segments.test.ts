import { expect, test } from 'vitest';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import { IndexNaming } from '../../../src/sink/search/index-naming.ts';
import { SEARCH_SINK_DEFAULTS } from '../../../src/sink/search/search-sink-options.ts';
import { topicSegments } from '../../../src/sink/search/topic-segments.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';

const ID = column('id', null, { type: 'int32', optional: false });
const topic = new SinkTopic({ table: 't', columns: [ID], key: ['id'] });
const options = { ...SEARCH_SINK_DEFAULTS, name: 's' };

test('a truncate parts what is before it from what is behind it (S1, S21)', () => {
  const error = new TidemarkError('RECORD_FORMAT', 'no JSON');
  const unread = {
    ...topic.insert({ id: 9 }),
    failure: { stage: 'VALUE_CONVERTER', error } as const,
  };
  const records = [topic.insert({ id: 1 }), unread, topic.truncate(), topic.insert({ id: 1 })];
  const segments = topicSegments(records, new IndexNaming(options), options);
  expect(segments.map(({ changes, refused }) => [changes.size, refused.length])).toEqual([
    [1, 1],
    [1, 0],
  ]);
  expect(segments.map(({ truncate }) => truncate?.index)).toEqual(['shop.public.t', undefined]);
  const kept = { ...options, truncateEnabled: false };
  expect(topicSegments(records, new IndexNaming(kept), kept)).toHaveLength(1);
});
