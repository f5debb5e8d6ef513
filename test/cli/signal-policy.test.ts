import { expect, test } from 'vitest';
import { SignalPolicy } from '../../src/cli/signal-policy.ts';

test('a key press that arrives twice is one decision, a later one is another', () => {
  const policy = new SignalPolicy();
  expect(policy.receive(5_000)).toBe('graceful');
  expect(policy.receive(5_001)).toBe('ignore');
  expect(policy.receive(5_999)).toBe('ignore');
  expect(policy.receive(6_000)).toBe('hard');
});
