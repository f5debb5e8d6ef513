import type { Key } from './terminal-screen.ts';

/** By what tables are sorted. */
export const SORTS = ['name', 'rate', 'lag', 'change', 'trouble'] as const;

/** One of them. */
export type Sort = (typeof SORTS)[number];

/** What of the screen is the user's to choose. */
export interface ScreenState {
  readonly sort: Sort;
  readonly isReversed: boolean;
  /** Part of the names of tables; empty: all. */
  readonly filter: string;
  /** Before the filter was typed; null: it is not being typed. */
  readonly filterBefore: string | null;
  readonly isPaused: boolean;
  readonly isHelp: boolean;
  /** Alerts have the room of the tables. */
  readonly isAlerts: boolean;
  /** First table that is shown; what is beyond the end is pulled back when it is drawn. */
  readonly top: number;
  readonly isDone: boolean;
}

/** As it is in the beginning. */
export const FIRST_STATE: ScreenState = {
  sort: 'name',
  isReversed: false,
  filter: '',
  filterBefore: null,
  isPaused: false,
  isHelp: false,
  isAlerts: false,
  top: 0,
  isDone: false,
};

/** For the help. */
export const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ['q, Ctrl-C', 'quit'],
  ['s, S', 'sort by the next, or the previous column'],
  ['r', 'the other way round'],
  ['/', 'filter tables by a part of their names; Esc clears it'],
  ['a', 'all alerts with their causes, or the tables again'],
  ['p, Space', 'pause: the picture stays, the daemon goes on'],
  ['↑ ↓ k j, PgUp PgDn, Home End', 'more tables'],
  ['?, h', 'this help'],
];

/** What a key changes. `page`: so many of `count` lines fit. */
export function afterKey(state: ScreenState, key: Key, page: number, count: number): ScreenState {
  if (key === 'interrupt') return { ...state, isDone: true };
  if (state.filterBefore !== null) return whileTyping(state, key);
  if (state.isHelp) return { ...state, isHelp: false };
  const most = Math.max(0, count - page);
  const moved = MOVES[typeof key === 'string' ? key : key.char]?.(state.top, page, most);
  if (moved !== undefined) return { ...state, top: Math.min(most, Math.max(0, moved)) };
  if (key === 'escape' && state.isAlerts) return { ...state, isAlerts: false, top: 0 };
  if (key === 'escape') return { ...state, filter: '', top: 0 };
  return typeof key === 'string' ? state : afterChar(state, key.char);
}

const MOVES: Readonly<Record<string, (top: number, page: number, most: number) => number>> = {
  up: (top) => top - 1,
  k: (top) => top - 1,
  down: (top) => top + 1,
  j: (top) => top + 1,
  pageup: (top, page) => top - page,
  pagedown: (top, page) => top + page,
  home: () => 0,
  end: (_top, _page, most) => most,
};

function afterChar(state: ScreenState, char: string): ScreenState {
  switch (char) {
    case 'q':
      return { ...state, isDone: true };
    case 's':
      return { ...state, sort: nextSort(state.sort, 1), top: 0 };
    case 'S':
      return { ...state, sort: nextSort(state.sort, -1), top: 0 };
    case 'r':
      return { ...state, isReversed: !state.isReversed };
    case 'a':
      return { ...state, isAlerts: !state.isAlerts, top: 0 };
    case '/':
      return { ...state, isAlerts: false, top: 0, filterBefore: state.filter };
    case 'p':
    case ' ':
      return { ...state, isPaused: !state.isPaused };
    case '?':
    case 'h':
      return { ...state, isHelp: true };
    default:
      return state;
  }
}

function nextSort(sort: Sort, step: number): Sort {
  const at = (SORTS.indexOf(sort) + step + SORTS.length) % SORTS.length;
  return SORTS[at] ?? 'name';
}

/** Each letter narrows at once; Esc takes all of them back. */
function whileTyping(state: ScreenState, key: Key): ScreenState {
  if (key === 'enter') return { ...state, filterBefore: null, top: 0 };
  if (key === 'escape') return { ...state, filter: state.filterBefore ?? '', filterBefore: null };
  if (key === 'backspace') return { ...state, filter: [...state.filter].slice(0, -1).join('') };
  if (typeof key === 'string') return state;
  return { ...state, filter: `${state.filter}${key.char}`, top: 0 };
}
