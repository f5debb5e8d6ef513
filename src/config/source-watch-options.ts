import type { Option } from './option.ts';
import type { OptionRule } from './resolve-options.ts';

/** What looks after a source from beside it, and when it speaks. */
export const SOURCE_WATCH_OPTIONS: readonly Option[] = [
  {
    name: 'stall.watch.interval.ms',
    type: { kind: 'duration', min: 0 },
    default: '10s',
    doc:
      'How often a connection of its own looks at the server: how much of its log it keeps for ' +
      'us, and, when nothing moves, why. 0: never.',
  },
  {
    name: 'stall.after.ms',
    type: { kind: 'duration', min: 1 },
    default: '30s',
    doc: 'How long nothing may move, although there is something to do, until that is a stall.',
  },
  {
    name: 'stall.transaction.ms',
    type: { kind: 'duration', min: 1 },
    default: '10m',
    doc: 'From which age on an open transaction that has written is told of.',
  },
  {
    name: 'retention.budget.bytes',
    type: { kind: 'bytes', min: 0 },
    default: '0',
    doc:
      'How much of its log the server may keep for us, for servers that have no such limit of ' +
      'their own (SQL does not tell how full a disk is). 0: only the limits of the server count.',
  },
  {
    name: 'retention.budget.alerts',
    type: { kind: 'list' },
    default: '50,25,10',
    doc: 'Told of when so many percent of the budget are left.',
  },
];

/** Rules over their values. */
export const SOURCE_WATCH_RULES: readonly OptionRule[] = [
  {
    properties: ['retention.budget.alerts'],
    check: (options) =>
      options.list('retention.budget.alerts').every((text) => {
        const percent = Number(text);
        return text.trim() !== '' && percent > 0 && percent < 100;
      })
        ? undefined
        : 'must be percentages between 0 and 100, as 50,25,10',
  },
];
