import type { Option, ResolvedOptions } from './option.ts';
import type { OptionRule } from './resolve-options.ts';

const EXCEEDED = 'retention.budget.exceeded';
const HEALS = 'drop_and_heal';

/** What follows when next to nothing is left of the WAL that PostgreSQL may keep. */
export const POSTGRES_LAST_STAGE_OPTIONS: readonly Option[] = [
  {
    name: EXCEEDED,
    type: { kind: 'enum', values: ['alert', HEALS] },
    default: 'alert',
    doc:
      'What follows when the budget is used up. `alert`: nothing that loses a change. ' +
      `\`${HEALS}\`: the slot is dropped, so that the server can remove its WAL, and made anew; ` +
      'the gap is marked and told, and all captured tables are emptied and read again. So is ' +
      'what a slot has lost that the server itself invalidated.',
  },
  {
    name: 'retention.budget.drop.percent',
    type: { kind: 'int', min: 1, max: 50 },
    default: '5',
    doc: `With \`${HEALS}\`: the slot goes when less than so many percent of the budget are left.`,
  },
  {
    name: 'retention.budget.drop.after.ms',
    type: { kind: 'duration', min: 0 },
    default: '1m',
    doc: `With \`${HEALS}\`: how long that must be so first, and in two looks at least.`,
  },
];

/** Where no server holds its log back for a reader. */
export const BINLOG_LAST_STAGE_OPTIONS: readonly Option[] = [
  {
    name: EXCEEDED,
    type: {
      kind: 'enum',
      values: ['alert'],
      refused: {
        [HEALS]:
          'the server keeps its binlog for nobody, so there is nothing to drop; it removes files ' +
          'by its own settings, and snapshot.mode: when_needed takes a new snapshot then',
      },
    },
    default: 'alert',
    doc: 'What follows when nothing is left: an alert, and nothing that loses a change.',
  },
];

/** Whether the slot is given up where nothing else saves the server's disk. */
export function healsGaps(options: ResolvedOptions): boolean {
  return options.optionalString(EXCEEDED) === HEALS;
}

/** Rules over their values. */
export const POSTGRES_LAST_STAGE_RULES: readonly OptionRule[] = [
  {
    properties: [EXCEEDED],
    check: (options) => {
      if (!healsGaps(options)) return undefined;
      const mode = options.string('snapshot.mode');
      if (mode !== 'initial' && mode !== 'when_needed') {
        return `: ${HEALS} reads all tables again, which snapshot.mode: ${mode} is not for`;
      }
      if (options.has('snapshot.include.collection.list')) {
        return `: ${HEALS} reads all tables again; remove snapshot.include.collection.list`;
      }
      if (options.string('lsn.flush.mode') === 'manual') {
        return `: ${HEALS} would drop a slot that somebody else advances (lsn.flush.mode: manual)`;
      }
      return options.number('stall.watch.interval.ms') > 0
        ? undefined
        : `: ${HEALS} needs looks at the server; set stall.watch.interval.ms`;
    },
  },
];

/** Sinks that would keep the rows which were deleted in a gap. */
export function healingProblems(
  source: ResolvedOptions,
  sinks: readonly { readonly name: string; readonly options: ResolvedOptions }[],
): readonly string[] {
  if (!healsGaps(source)) return [];
  return sinks
    .filter(
      ({ options }) => options.has('truncate.enabled') && !options.boolean('truncate.enabled'),
    )
    .map(
      ({ name }) =>
        `sink ${name}: truncate.enabled is false, and ${EXCEEDED}: ${HEALS} has tables emptied ` +
        'before they are read again',
    );
}
