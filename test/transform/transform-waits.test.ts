import { expect, test } from 'vitest';
import { TransformWaits } from '../../src/transform/transform-waits.ts';

test('it hands on the signal, and what made the asking fail', async () => {
  const controller = new AbortController();
  const waits = new TransformWaits((signal) =>
    signal === controller.signal ? Promise.reject(new Error('away')) : Promise.resolve(),
  );
  await expect(waits.ready(controller.signal)).rejects.toThrow('away');
  await expect(waits.ready(new AbortController().signal)).resolves.toBeUndefined();
});
