import { expect, test } from 'vitest';
import { METADATA_COLUMNS } from '../../../src/config/metadata-columns.ts';
import { DocumentMetadata, metadataMapping } from '../../../src/sink/search/document-metadata.ts';
import { placed } from '../../support/search-sink.ts';
import { named, namedTopic } from '../../support/search-topics.ts';

const target = { product: 'elasticsearch' } as const;

test('a change is told in fields of their own types; a tombstone says nothing', () => {
  const { topic } = namedTopic('told');
  const metadata = new DocumentMetadata(METADATA_COLUMNS, target);
  const record = placed(topic.insert(named(1, 'a')));
  expect(JSON.parse(metadata.ofRecord(record, false, 1_800_000_000_000))).toEqual({
    _cdc_op: 'c',
    _cdc_source_ts: '2023-11-14T22:13:20.123456Z',
    _cdc_tx_id: '700',
    _cdc_position: '1/0',
    _cdc_ingested_at: '2027-01-15T08:00:00.000000Z',
    _cdc_topic: topic.topic,
    _cdc_partition: 0,
    _cdc_offset: 0,
  });
  expect(metadata.ofRecord(topic.tombstone(named(1, 'a')), true, 0)).toBe('{}');
  expect(metadataMapping(METADATA_COLUMNS, target)).toMatchObject({
    _cdc_source_ts: { type: 'date' },
    _cdc_partition: { type: 'long' },
    _cdc_offset: { type: 'long' },
  });
});
