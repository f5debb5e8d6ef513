import { ALERT_CLASSES, type AlertClass, type MeasureUnit } from './alert-classes.ts';
import { type AlertThreshold, fitsUnit, parseThreshold } from './alert-threshold.ts';
import { nearestName } from './nearest-name.ts';
import type { ResolvedOptions } from './option.ts';
import type { OptionRule } from './resolve-options.ts';

/** What nobody would ever notice: filters that fit no alert, and words that change nothing. */

/** Of whatever has the filter options. */
export const REACH_RULES: readonly OptionRule[] = [
  { properties: ['classes'], check: unknownClass },
  { properties: ['tables'], check: (options) => strangerTo(options, 'tables', 'ofTable') },
  { properties: ['sinks'], check: (options) => strangerTo(options, 'sinks', 'ofSink') },
];

/** Of entries of `rules`, besides. */
export const THRESHOLD_RULES: readonly OptionRule[] = [
  { properties: ['threshold'], check: idleThreshold },
  { properties: ['for'], check: (options) => ofEventsAlone(options, 'for') },
  {
    properties: ['repeat.interval'],
    check: (options) => ofEventsAlone(options, 'repeat.interval'),
  },
];

/** The classes that each pattern fits; without patterns all of them, as of one. */
function reached(options: ResolvedOptions): readonly (readonly [string, readonly AlertClass[]])[] {
  const patterns = options.patterns('classes');
  if (patterns.length === 0) return [['', ALERT_CLASSES]];
  return patterns.map((pattern) => [
    pattern.source.replace(/^\^\(\?:/, '').replace(/\)\$$/, ''),
    ALERT_CLASSES.filter(({ name }) => pattern.test(name)),
  ]);
}

function unknownClass(options: ResolvedOptions): string | undefined {
  const idle = reached(options).find(([, classes]) => classes.length === 0);
  if (idle === undefined) return undefined;
  const [pattern] = idle;
  const plain = pattern.replaceAll('\\', '');
  const nearest = nearestName(
    plain,
    ALERT_CLASSES.map(({ name }) => name),
  );
  const hint = nearest === undefined ? 'the README lists them' : `did you mean ${nearest}?`;
  return `fits no class of alerts with ${pattern}: ${hint}`;
}

/** An alert of no table is none of a table that is named, whatever its class. */
function strangerTo(
  options: ResolvedOptions,
  name: 'tables' | 'sinks',
  has: 'ofTable' | 'ofSink',
): string | undefined {
  if (!options.has(name)) return undefined;
  const idle = reached(options).find(
    ([, classes]) => classes.length > 0 && !classes.some((one) => one[has]),
  );
  if (idle === undefined) return undefined;
  const [pattern, classes] = idle;
  return `never fits beside classes ${pattern}: ${listed(classes)} has no ${name.slice(0, -1)}`;
}

function idleThreshold(options: ResolvedOptions): string | undefined {
  const text = options.optionalString('threshold');
  const threshold = parseThreshold(text ?? '');
  if (text === undefined || threshold === null) return undefined;
  for (const [, classes] of reached(options)) {
    const within = classes.filter(
      ({ ofTable, ofSink }) =>
        (ofTable || !options.has('tables')) && (ofSink || !options.has('sinks')),
    );
    // What fits no class at all is told by another rule.
    if (within.length === 0 || within.some((one) => isMeasuredBy(one, threshold))) continue;
    return `${text} fits nothing that the rule is for: ${whyNot(within)}`;
  }
  return undefined;
}

function isMeasuredBy({ unit }: AlertClass, threshold: AlertThreshold): boolean {
  return unit !== null && fitsUnit(threshold, unit);
}

const EXAMPLES: Readonly<Record<MeasureUnit, string>> = {
  ms: 'a time (90s)',
  bytes: 'a size (5gb)',
  records: 'records (10000)',
  percent: 'a share (10%)',
  count: 'a count (3)',
};

function whyNot(classes: readonly AlertClass[]): string {
  const measured = classes.filter(({ unit }) => unit !== null);
  const [first] = measured;
  const unit = first?.unit ?? null;
  if (unit !== null) {
    const same = measured.filter((one) => one.unit === unit);
    return `of ${listed(same)} ${EXAMPLES[unit]} is measured`;
  }
  const staged = classes.find(({ stagesIn }) => stagesIn !== undefined);
  if (staged !== undefined) return `${staged.name} has its stages in ${staged.stagesIn}`;
  return `nothing is measured of ${listed(classes)}; enabled, severity and for may be said of it`;
}

function ofEventsAlone(options: ResolvedOptions, name: string): string | undefined {
  if (!options.has(name)) return undefined;
  const idle = reached(options).find(
    ([, classes]) => classes.length > 0 && classes.every(({ isEvent }) => isEvent),
  );
  return idle === undefined
    ? undefined
    : `changes nothing of classes ${idle[0]}: they happen once, and are told at once`;
}

const LISTED = 4;

function listed(classes: readonly AlertClass[]): string {
  const names = classes.slice(0, LISTED).map(({ name }) => name);
  const rest = classes.length - names.length;
  return `${names.join(', ')}${rest === 0 ? '' : ` and ${rest} more`}`;
}
