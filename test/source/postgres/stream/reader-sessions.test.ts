import { expect, test } from 'vitest';
import {
  applicationName,
  streamSession,
} from '../../../../src/source/postgres/stream/reader-sessions.ts';

type Options = Parameters<typeof streamSession>[0];

const options = (more: Partial<Options>): Options =>
  ({ slotName: 'shop', largeTransactionMode: 'spool', ...more }) as Options;

test('the memory of the sender is what large transactions may have, 64 kB at least', () => {
  const memory = (more: Partial<Options>) => streamSession(options(more)).settings;
  expect(memory({ largeTransactionBytes: 1_000_000 })).toEqual({
    logical_decoding_work_mem: '977kB',
  });
  expect(memory({ largeTransactionBytes: 10 })).toEqual({ logical_decoding_work_mem: '64kB' });
  expect(memory({ largeTransactionMode: 'server', largeTransactionBytes: 10 })).toBeUndefined();
  expect(memory({})).toBeUndefined();
});

test('a connection says what it is for', () => {
  expect(applicationName(options({}), 'catalog')).toBe('tidemark catalog shop');
  expect(streamSession(options({}))).toEqual({
    replication: true,
    applicationName: 'tidemark stream shop',
  });
});
