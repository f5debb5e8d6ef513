import { expect, test } from 'vitest';
import { parseCores, splitCores } from './bench-cores.ts';

test('cores of a machine are dealt out to servers and what is measured, none to both', () => {
  expect(splitCores(parseCores('0-1'))).toEqual({ servers: '0', client: '1' });
  expect(splitCores(parseCores('2,5-6'))).toEqual({ servers: '2,5', client: '6' });
  expect(splitCores(parseCores('0-7'))).toEqual({ servers: '0,1,2,3', client: '4,5,6,7' });
});

test('one core is for all', () => {
  expect(splitCores(parseCores('3'))).toBeNull();
});

test('a list of cores as the kernel prints it', () => {
  expect(parseCores('0-2,5,8-9')).toEqual([0, 1, 2, 5, 8, 9]);
});
