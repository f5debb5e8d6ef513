import { expect, test } from 'vitest';
import { documentEncoder } from '../../../dialects/search/search-document.ts';
import { parseLosslessJson } from '../../../src/foundation/lossless-json.ts';
import { searchSamples } from '../../support/search-samples.ts';

test.each(searchSamples().map((sample) => [sample.name, sample] as const))(
  '%s',
  (_name, sample) => {
    const fields = [{ name: 'v', schema: sample.schema }];
    const schema = { type: 'struct', optional: true, fields } as const;
    expect(sample.values.length).toBeGreaterThan(0);
    for (const product of ['elasticsearch', 'opensearch'] as const) {
      const encode = documentEncoder(schema, { product });
      const texts = sample.values.map((value) => encode({ schema, values: [value] }, []));
      for (const text of texts) {
        expect(text).not.toContain('\n');
        expect(parseLosslessJson(text)).toHaveProperty('v');
      }
      expect(new Set(texts).size).toBe(new Set(sample.values).size);
    }
  },
);
