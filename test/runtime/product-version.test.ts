import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { PRODUCT_VERSION } from '../../src/runtime/product-version.ts';

test('the version is that of the package', () => {
  expect(PRODUCT_VERSION).toBe(manifest.version);
});
