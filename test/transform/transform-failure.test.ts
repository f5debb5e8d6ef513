import { expect, test } from 'vitest';
import { transformSettings } from '../../src/config/transform-options.ts';
import { transformChain } from '../../src/transform/transform-chain.ts';
import { TransformFailure } from '../../src/transform/transform-failure.ts';
import { changeRecord, transformOptions } from '../support/transform-records.ts';

test('a chain says which of its transforms failed', async () => {
  const options = transformOptions('org.apache.kafka.connect.transforms.ExtractField$Value', {
    field: 'missing',
  });
  const chain = await transformChain(transformSettings(options), {
    folder: '/',
    warn: () => undefined,
  });
  const record = changeRecord('c', null, [1, null, null]);
  const failed = (): unknown => {
    try {
      return chain(record);
    } catch (error) {
      return error;
    }
  };
  expect(failed()).toBeInstanceOf(TransformFailure);
  expect(failed()).toMatchObject({ code: 'TRANSFORM', transform: 't' });
  expect(String(failed())).toContain('transforms.t: ');
});
