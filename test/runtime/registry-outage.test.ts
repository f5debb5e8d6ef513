import { expect, test } from 'vitest';
import { TidemarkError } from '../../src/foundation/errors.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { RegistryOutage } from '../../src/runtime/registry-outage.ts';
import { FakeClock } from '../support/fake-clock.ts';

const AWAY = new TidemarkError('REGISTRY_CONNECT', 'the registry is away');

/** A registry that fails so often before it answers 7. */
function setup(failures: number, error = AWAY) {
  const clock = new FakeClock();
  const outage = new RegistryOutage(clock, silentLogger());
  let left = failures;
  let asked = 0;
  const registry = outage.around({
    register: () => {
      asked++;
      return left-- > 0 ? Promise.reject(error) : Promise.resolve(7);
    },
    schemaById: () => Promise.reject(error),
  });
  const stop = new AbortController();
  return { clock, outage, registry, stop, asked: () => asked };
}

async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

test('who registers waits until the registry is back, and the status says for what', async () => {
  const { clock, outage, registry, stop, asked } = setup(3);
  outage.begin(stop.signal, () => true);
  const id = registry.register('s', 't');
  for (let i = 1; i <= 3; i++) {
    await turns();
    expect([asked(), outage.waitsFor]).toEqual([i, AWAY]);
    clock.advance(10_000);
  }
  expect(await id).toBe(7);
  expect(outage.waitsFor).toBeNull();
});

test('a stop ends the wait with the error', async () => {
  const { outage, registry, stop } = setup(Number.POSITIVE_INFINITY);
  outage.begin(stop.signal, () => true);
  const failure = registry.register('s', 't');
  await turns();
  stop.abort();
  await expect(failure).rejects.toBe(AWAY);
  expect(outage.waitsFor).toBeNull();
});

test('nobody waits before the source has worked, for another error, or to read', async () => {
  const { outage, registry, stop } = setup(1);
  outage.begin(stop.signal, () => false);
  await expect(registry.register('s', 't')).rejects.toBe(AWAY);
  const refused = new TidemarkError('SCHEMA_INCOMPATIBLE', 'no');
  const other = setup(1, refused);
  other.outage.begin(stop.signal, () => true);
  await expect(other.registry.register('s', 't')).rejects.toBe(refused);
  await expect(other.registry.schemaById(1)).rejects.toBe(refused);
});
