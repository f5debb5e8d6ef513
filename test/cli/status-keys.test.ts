import { expect, test } from 'vitest';
import { afterKey, FIRST_STATE, SORTS, type ScreenState } from '../../src/cli/status-keys.ts';
import type { Key } from '../../src/cli/terminal-screen.ts';

/** 20 tables, of which 8 fit. */
function typed(keys: readonly string[], from: ScreenState = FIRST_STATE): ScreenState {
  // Names of keys have several letters.
  const keyOf = (text: string): Key => (text.length > 1 ? (text as Key) : { char: text });
  return keys.reduce<ScreenState>((state, key) => afterKey(state, keyOf(key), 8, 20), from);
}

test('tables are scrolled within what there is', () => {
  expect(typed(['down', 'j', 'k']).top).toBe(1);
  expect(typed(['up', 'pageup']).top).toBe(0);
  expect(typed(['pagedown']).top).toBe(8);
  expect(typed(['end', 'down', 'pagedown']).top).toBe(12);
  expect(typed(['end', 'home']).top).toBe(0);
});

test('sorting goes round', () => {
  expect(typed(SORTS.map(() => 's')).sort).toBe('name');
  expect(typed(['S']).sort).toBe('trouble');
  expect(typed(['end', 's'])).toMatchObject({ sort: 'rate', top: 0 });
  expect(typed(['r']).isReversed).toBe(true);
});

test('a filter is typed with every letter, q too', () => {
  expect(typed(['/', 'q', 'x', 'backspace', 'enter'])).toMatchObject({
    filter: 'q',
    filterBefore: null,
    isDone: false,
  });
  const kept = typed(['/', 'a', 'enter', '/', 'b', 'escape']);
  expect(kept).toMatchObject({ filter: 'a', filterBefore: null });
  expect(typed(['escape'], kept).filter).toBe('');
});

test('pause, help, the end', () => {
  expect(typed(['p']).isPaused).toBe(true);
  expect(typed(['p', ' ']).isPaused).toBe(false);
  expect(typed(['?']).isHelp).toBe(true);
  // Any key goes back, and does nothing else.
  expect(typed(['h', 'q'])).toMatchObject({ isHelp: false, isDone: false });
  expect(typed(['q']).isDone).toBe(true);
  expect(typed(['/', 'interrupt']).isDone).toBe(true);
  expect(typed(['z', 'enter'])).toEqual(FIRST_STATE);
});

test('alerts take the room of the tables, and give it back', () => {
  expect(typed(['end', 'a'])).toMatchObject({ isAlerts: true, top: 0 });
  for (const back of ['a', 'escape']) {
    expect(typed(['a', 'down', back])).toMatchObject({ isAlerts: false, top: 0 });
  }
  // A filter is of tables.
  expect(typed(['a', '/', 'x'])).toMatchObject({ isAlerts: false, filter: 'x' });
});
