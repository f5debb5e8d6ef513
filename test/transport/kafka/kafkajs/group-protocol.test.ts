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
  expect(encodeTopics(['a']).toString('hex')).toBe('000000000001000161' + '00000000');
  // Version 0, topic `a` with partition 2.
  expect(encodeAssignment({ a: [2] }).toString('hex')).toBe(
    '000000000001000161' + '0000000100000002' + '00000000',
  );
});
