import { expect, test } from 'vitest';
import { COORDINATES, coordinatesOf } from '../../../src/sink/sql/log-coordinates.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';

test('a record is named by its place in the log, not by the topic that a transform gave', () => {
  const columns = [column('id', 'integer', { type: 'int32', optional: false })];
  const topic = new SinkTopic({ table: 't', columns, key: ['id'] });
  topic.insert({ id: 1 });
  const record = { ...topic.insert({ id: 2 }), partition: 3, destination: 'other' };
  expect(coordinatesOf(record)).toEqual({
    schema: COORDINATES,
    values: ['shop.public.t', 3, 1n],
  });
});
