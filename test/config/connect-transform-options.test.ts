import { expect, test } from 'vitest';
import { CONNECT_TRANSFORMS, PREDICATES } from '../../src/config/connect-transform-options.ts';

test('classes with sides are those of Connect', () => {
  const sided = Object.entries(CONNECT_TRANSFORMS).filter(([, { sided: has }]) => has);
  expect(sided.map(([name]) => name)).toEqual([
    'Cast',
    'ExtractField',
    'Flatten',
    'HeaderFrom',
    'HoistField',
    'InsertField',
    'MaskField',
    'ReplaceField',
    'SetSchemaMetadata',
    'TimestampConverter',
  ]);
});

test('names are the last part of the class', () => {
  for (const [name, { java }] of Object.entries({ ...CONNECT_TRANSFORMS, ...PREDICATES })) {
    expect(java).toMatch(
      new RegExp(`^org\\.apache\\.kafka\\.connect\\.transforms\\.(predicates\\.)?${name}$`),
    );
  }
});
