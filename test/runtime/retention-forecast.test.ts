import { describe, expect, test } from 'vitest';
import { LogGrowth, retentionView } from '../../src/runtime/retention-forecast.ts';
import type { RetentionLook } from '../../src/model/server-look.ts';

const LOOK: RetentionLook = {
  floor: '0/10',
  heldBytes: 400,
  endBytes: 5000,
  size: null,
  age: null,
  state: 'reserved',
  isLost: false,
  isHeldByTransaction: false,
};

describe('the growth of a log', () => {
  test('is the median of all slopes: one burst does not decide', () => {
    const growth = new LogGrowth();
    expect(growth.bytesPerSecond()).toBeNull();
    let end = 0;
    for (let i = 0; i < 21; i++) {
      end += i === 10 ? 1_000_000 : 1000;
      growth.add(i * 1000, end);
    }
    // A mean would say 48,500.
    expect(growth.bytesPerSecond()).toBeLessThan(110_000);
    const steady = new LogGrowth();
    for (let i = 0; i < 200; i++) steady.add(i * 1000, i * 2500);
    expect(steady.bytesPerSecond()).toBe(2500);
  });

  test('a new pace decides once it has lasted longer than half of what is remembered', () => {
    const growth = new LogGrowth();
    let end = 0;
    for (let i = 0; i < 60; i++) growth.add(i * 1000, (end += 100));
    for (let i = 60; i < 120; i++) growth.add(i * 1000, (end += 900));
    expect(growth.bytesPerSecond()).toBe(900);
  });

  test('a log that begins again is another one', () => {
    const growth = new LogGrowth();
    growth.add(0, 1_000_000);
    growth.add(1000, 1_000_500);
    growth.add(2000, 100);
    expect(growth.bytesPerSecond()).toBeNull();
    growth.add(3000, 300);
    expect(growth.bytesPerSecond()).toBe(200);
  });

  test('looks that follow at once tell chance', () => {
    const growth = new LogGrowth();
    growth.add(0, 0);
    growth.add(1, 1_000_000);
    expect(growth.bytesPerSecond()).toBeNull();
  });
});

describe('what is left', () => {
  const size = { setting: 'max_slot_wal_keep_size = 1kB', limitBytes: 1000, leftBytes: 600 };
  const age = { setting: 'expire', limitMs: 10_000, leftMs: 5000, isEstimate: true };

  test('nothing limits it', () => {
    expect(retentionView(LOOK, 100, 0)).toMatchObject({ budget: null });
    expect(retentionView(LOOK, 100, 0, ['public.a']).heldFor).toEqual(['public.a']);
    expect(retentionView(LOOK, 100, 0)).not.toHaveProperty('heldFor');
  });

  test('of a size: by the pace of writing; none while nothing is written', () => {
    const { budget } = retentionView({ ...LOOK, size }, 100, 0);
    expect(budget).toMatchObject({ leftPercent: 60, leftBytes: 600, leftMs: 6000 });
    expect(retentionView({ ...LOOK, size }, 0, 0).budget?.leftMs).toBeNull();
    expect(retentionView({ ...LOOK, size }, null, 0).budget?.leftMs).toBeNull();
  });

  test('of an age', () => {
    const { budget } = retentionView({ ...LOOK, age }, 100, 0);
    expect(budget).toMatchObject({ leftPercent: 50, leftBytes: null, leftMs: 5000 });
    expect(budget?.isEstimate).toBe(true);
  });

  test('the one of which the least is left is told, the own one too', () => {
    expect(retentionView({ ...LOOK, size, age }, 100, 0).budget?.setting).toBe('expire');
    const own = retentionView({ ...LOOK, size, age }, 100, 500).budget;
    expect(own).toMatchObject({ setting: 'retention.budget.bytes = 500', leftPercent: 20 });
    expect(retentionView({ ...LOOK, heldBytes: 900 }, 100, 500).budget?.leftPercent).toBe(0);
  });
});
