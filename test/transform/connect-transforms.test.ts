import { expect, test } from 'vitest';
import { CONNECT_TRANSFORMS } from '../../src/config/connect-transform-options.ts';
import { MAKE_CONNECT } from '../../src/transform/connect-transforms.ts';
import { DropRecord } from '../../src/transform/connect/drop-record.ts';
import { ownOptions } from '../support/transform-records.ts';

test('each class of the table can be made', () => {
  expect(Object.keys(MAKE_CONNECT)).toEqual(Object.keys(CONNECT_TRANSFORMS));
  const options = ownOptions('org.apache.kafka.connect.transforms.Filter');
  expect(MAKE_CONNECT.Filter(options, 'value', () => undefined, null)).toBeInstanceOf(DropRecord);
});
