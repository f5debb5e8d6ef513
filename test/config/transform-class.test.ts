import { expect, test } from 'vitest';
import {
  choiceOption,
  flagOption,
  numberOption,
  requiredListOption,
  requiredOption,
  textOption,
} from '../../src/config/transform-class.ts';

test('a default is there only where one is given', () => {
  expect(textOption('a', undefined, 'd')).toEqual({
    name: 'a',
    type: { kind: 'string' },
    doc: 'd',
  });
  expect(textOption('a', 'x', 'd').default).toBe('x');
  expect(flagOption('a', 'true', 'd')).toMatchObject({
    type: { kind: 'boolean' },
    default: 'true',
  });
  expect('default' in choiceOption('a', ['x'], undefined, 'd')).toBe(false);
  expect(numberOption('a', { min: 1 }, '5', 'd')).toMatchObject({
    type: { kind: 'int', min: 1 },
    default: '5',
  });
});

test('required ones', () => {
  expect([requiredOption('a', 'd').required, requiredListOption('a', 'd').required]).toEqual([
    true,
    true,
  ]);
});
