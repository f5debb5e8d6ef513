import { expect, test } from 'vitest';
import {
  CONNECT_DATE,
  CONNECT_TIME,
  CONNECT_TIMESTAMP,
  connectTimeSchema,
} from '../../src/transform/logical-time.ts';

test.each([
  [CONNECT_DATE, 'int32'],
  [CONNECT_TIME, 'int32'],
  [CONNECT_TIMESTAMP, 'int64'],
] as const)('%s is an %s of version 1', (name, type) => {
  expect(connectTimeSchema(name, true)).toEqual({ type, optional: true, name, version: 1 });
});
