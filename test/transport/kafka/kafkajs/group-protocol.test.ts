import { expect, test } from 'vitest';
import {
  decodeAssignment,
  decodeTopics,
  encodeAssignment,
  encodeTopics,
} from '../../../../src/transport/kafka/kafkajs/group-protocol.ts';

test('what members of a group tell one another is read again', () => {
  expect(decodeTopics(encodeTopics(['a', 'b']))).toEqual(['a', 'b']);
  expect(decodeAssignment(encodeAssignment({ a: [0, 2], b: [1] }))).toEqual({ a: [0, 2], b: [1] });
  expect(decodeAssignment(Buffer.alloc(0))).toEqual({});
});

test('the bytes are those of every client of Kafka', () => {
  // Version 0, one topic `a`; no data of the user's.
  expect(encodeTopics(['a']).toString('hex')).toBe('00000000000100016100000000');
  // Version 0, one topic `a` with one partition, 2; no data of the user's.
  const assignment = '000000000001000161000000010000000200000000';
  expect(encodeAssignment({ a: [2] }).toString('hex')).toBe(assignment);
});
