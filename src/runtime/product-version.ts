import { readFileSync } from 'node:fs';

/** The version of this program; stands in `source.version` of every record too. */
export const PRODUCT_VERSION: string = readVersion();

function readVersion(): string {
  // The same relative path in a clone and in dist/, where the build puts a manifest.
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  const hasVersion = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return hasVersion ? String(manifest.version) : 'unknown';
}
