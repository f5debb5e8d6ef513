import { expect, test } from 'vitest';
import { brokerAddress } from '../../../src/transport/kafka/broker-address.ts';

test.each([
  ['kafka-1.example.com:9092', { host: 'kafka-1.example.com', port: 9092 }],
  ['127.0.0.1:19092', { host: '127.0.0.1', port: 19092 }],
  ['[2001:db8::1]:9092', { host: '2001:db8::1', port: 9092 }],
])('%s', (text, address) => {
  expect(brokerAddress(text)).toEqual(address);
});
