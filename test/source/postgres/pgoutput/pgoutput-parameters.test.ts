import { expect, test } from 'vitest';
import {
  capturesOwnOnly,
  streamParameters,
} from '../../../../src/source/postgres/pgoutput/pgoutput-parameters.ts';

const PLAIN = { slotStreamParams: [], largeTransactionMode: 'server' } as const;

test.for([
  [140_000, '2'],
  [150_000, '3'],
  [160_000, '4'],
  [180_000, '4'],
] as const)('the protocol that server %i knows', ([version, protocol]) => {
  expect(streamParameters({ slotStreamParams: [] }, '"p"', version)).toEqual([
    ['proto_version', protocol],
    ['publication_names', '"p"'],
    ['messages', 'true'],
    ['streaming', 'on'],
  ]);
  expect(streamParameters(PLAIN, '"p"', version)).toEqual([
    ['proto_version', '1'],
    ['publication_names', '"p"'],
    ['messages', 'true'],
  ]);
});

test('prepared transactions are asked for from 15 on', () => {
  const options = { ...PLAIN, slotTwoPhase: true };
  expect(streamParameters(options, '"p"', 150_000)).toEqual([
    ['proto_version', '3'],
    ['publication_names', '"p"'],
    ['messages', 'true'],
    ['two_phase', 'on'],
  ]);
  expect(streamParameters(options, '"p"', 140_000)).toHaveLength(3);
});

test('what slot.stream.params names comes once, as given', () => {
  const slotStreamParams = [
    ['messages', 'false'],
    ['streaming', 'parallel'],
    ['origin', 'none'],
  ] as const;
  expect(streamParameters({ ...PLAIN, slotStreamParams }, '"p"', 180_000)).toEqual([
    ['proto_version', '4'],
    ['publication_names', '"p"'],
    ...slotStreamParams,
  ]);
});

test('origin=none is done here where the server does not know it', () => {
  const slotStreamParams = [['origin', 'none']] as const;
  expect(streamParameters({ ...PLAIN, slotStreamParams }, '"p"', 150_000)).toHaveLength(3);
  expect(streamParameters({ ...PLAIN, slotStreamParams }, '"p"', 160_000)).toHaveLength(4);
  expect(capturesOwnOnly({ slotStreamParams })).toBe(true);
  expect(capturesOwnOnly({ slotStreamParams: [['origin', 'any']] })).toBe(false);
});
