import type { Node } from 'yaml';
import {
  ALERT_OPTIONS,
  ALERT_RULE_OPTIONS,
  ALERT_RULE_RULES,
  MAINTENANCE_OPTIONS,
  MAINTENANCE_RULES,
  parseInstant,
  type SEVERITY_WORDS,
  WEEKDAYS,
} from './alert-options.ts';
import { type AlertThreshold, parseThreshold } from './alert-threshold.ts';
import { type AlertChannelType, CHANNEL_TABLES, CHANNEL_TYPES } from './alert-channel-options.ts';
import { type DailyHours, parseDailyHours } from './daily-hours.ts';
import { nearestName } from './nearest-name.ts';
import type { Option, ResolvedOptions } from './option.ts';
import type { OptionRule } from './resolve-options.ts';
import type { YamlSection, YamlSections } from './yaml-sections.ts';

type SeverityWord = (typeof SEVERITY_WORDS)[number];

/** Which alerts are meant; an empty list means all. */
export interface AlertFilter {
  readonly classes: readonly RegExp[];
  readonly tables: readonly RegExp[];
  readonly sinks: readonly RegExp[];
}

/** A channel, and what it gets. */
export interface AlertChannelConfig {
  readonly name: string;
  readonly type: AlertChannelType;
  readonly severity: SeverityWord;
  readonly filter: AlertFilter;
  readonly options: ResolvedOptions;
}

/** How alerts that the filter covers are taken; absent: as they are. */
export interface AlertRule {
  readonly filter: AlertFilter;
  readonly enabled: boolean;
  readonly severity?: SeverityWord;
  readonly threshold?: AlertThreshold;
  readonly holdMs?: number;
  readonly repeatMs?: number;
}

/** When alerts that the filter covers are not told. */
export interface MaintenanceWindow {
  readonly filter: AlertFilter;
  /** A single window, ms since 1970. */
  readonly span?: { readonly fromMs: number; readonly toMs: number };
  /** One that returns. */
  readonly hours?: readonly DailyHours[];
  /** Days on which its hours begin, 0 is Sunday; empty: all. */
  readonly days: readonly number[];
  readonly timezone: string;
}

/** The section `alerts`, resolved. */
export interface AlertsConfig {
  readonly repeatMs: number;
  readonly resolveAfterMs: number;
  readonly historyMax: number;
  /** The enabled ones; always with one of type `log`, unless that was disabled. */
  readonly channels: readonly AlertChannelConfig[];
  readonly rules: readonly AlertRule[];
  readonly maintenance: readonly MaintenanceWindow[];
}

/** What reading a section needs of the parser around it, which collects the problems. */
export interface SectionReading {
  readonly yaml: YamlSections;
  /** Names of the file's sinks; null: they could not be read. */
  readonly sinks: readonly string[] | null;
  examine(
    section: YamlSection,
    where: string,
    table: readonly Option[],
    rules: readonly OptionRule[],
  ): ResolvedOptions;
  sectionOf(node: Node | null, where: string): YamlSection;
  problem(text: string, node: Node | null): void;
}

const LISTS = ['channels', 'rules', 'maintenance'] as const;

/** Reads the section: a map, or the list of its channels alone. */
export function readAlerts(node: Node | null, reading: SectionReading): AlertsConfig {
  const { yaml } = reading;
  const listed = yaml.items(node);
  const entries = listed === undefined && node !== null ? yaml.entries(node) : undefined;
  if (listed === undefined && entries === undefined) {
    reading.problem('alerts must be a map, or a list of channels', node);
  }
  const itemsOf = (name: (typeof LISTS)[number]): readonly (Node | null)[] => {
    const list = entries?.get(name) ?? null;
    const items = yaml.items(list);
    if (items === undefined) reading.problem(`alerts: ${name} must be a list`, list);
    return items ?? [];
  };
  const own = listed === undefined ? reading.sectionOf(node, 'alerts') : EMPTY_SECTION;
  const options = reading.examine(withoutLists(own), 'alerts', ALERT_OPTIONS, []);
  return Object.freeze({
    repeatMs: options.optionalNumber('repeat.interval') ?? 0,
    resolveAfterMs: options.optionalNumber('resolve.after') ?? 0,
    historyMax: options.optionalNumber('history.max') ?? 0,
    channels: withLog(readChannels(listed ?? itemsOf('channels'), reading), reading),
    rules: itemsOf('rules').map((item, at) => readRule(item, `alerts.rules[${at}]`, reading)),
    maintenance: itemsOf('maintenance').map((item, at) =>
      readMaintenance(item, `alerts.maintenance[${at}]`, reading),
    ),
  });
}

const EMPTY_SECTION: YamlSection = { values: {}, lineOf: new Map() };

function withoutLists({ values, lineOf }: YamlSection): YamlSection {
  const own = Object.entries(values).filter(([name]) => !LISTS.some((list) => list === name));
  return { values: Object.fromEntries(own), lineOf };
}

function readChannels(
  items: readonly (Node | null)[],
  reading: SectionReading,
): readonly AlertChannelConfig[] {
  const channels: AlertChannelConfig[] = [];
  for (const [at, item] of items.entries()) {
    const where = `alerts.channels[${at}]`;
    const section = reading.sectionOf(item, where);
    const type = typeOf(section, where, item, reading);
    if (type === undefined) continue;
    const { options: table, rules } = CHANNEL_TABLES[type];
    const options = reading.examine(section, where, table, rules);
    const name = options.optionalString('name') ?? type;
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) {
      reading.problem(
        `${where}: name may have only letters, digits, dot, underscore and hyphen, at most 100`,
        item,
      );
    }
    if (channels.some((other) => other.name === name)) {
      reading.problem(`${where}: the name ${name} is taken already: give it a name`, item);
    }
    const severity = (options.optionalString('severity') ?? 'info') as SeverityWord;
    channels.push({
      name,
      type,
      severity,
      filter: filterOf(options, where, item, reading),
      options,
    });
  }
  return channels;
}

function typeOf(
  section: YamlSection,
  where: string,
  node: Node | null,
  reading: SectionReading,
): AlertChannelType | undefined {
  const raw = section.values['type'];
  const word = typeof raw === 'string' ? raw.toLowerCase() : '';
  const type = CHANNEL_TYPES.find((known) => known === word);
  if (type !== undefined) return type;
  const nearest = nearestName(word, CHANNEL_TYPES);
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  const rule = word === '' ? 'is required' : `${JSON.stringify(word)} is not known`;
  reading.problem(`${where}: type ${rule}: one of ${CHANNEL_TYPES.join(', ')}${hint}`, node);
  return undefined;
}

/** Whoever configures nothing, or only mail, finds alerts in the log all the same. */
function withLog(
  channels: readonly AlertChannelConfig[],
  reading: SectionReading,
): readonly AlertChannelConfig[] {
  const enabled = channels.filter(({ options }) => isEnabled(options));
  if (channels.some(({ type }) => type === 'log')) return enabled;
  const name = channels.some((channel) => channel.name === 'log') ? 'log-of-daemon' : 'log';
  const { options: table, rules } = CHANNEL_TABLES.log;
  const options = reading.examine(
    { values: { type: 'log', name }, lineOf: new Map() },
    'alerts.channels',
    table,
    rules,
  );
  const log = { name, type: 'log', severity: 'info', filter: NO_FILTER, options } as const;
  return [log, ...enabled];
}

function readRule(node: Node | null, where: string, reading: SectionReading): AlertRule {
  const section = reading.sectionOf(node, where);
  const options = reading.examine(section, where, ALERT_RULE_OPTIONS, ALERT_RULE_RULES);
  const severity = options.optionalString('severity') as SeverityWord | undefined;
  const threshold = parseThreshold(options.optionalString('threshold') ?? '');
  const holdMs = options.optionalNumber('for');
  const repeatMs = options.optionalNumber('repeat.interval');
  return {
    filter: filterOf(options, where, node, reading),
    enabled: isEnabled(options),
    ...(severity === undefined ? {} : { severity }),
    ...(threshold === null ? {} : { threshold }),
    ...(holdMs === undefined ? {} : { holdMs }),
    ...(repeatMs === undefined ? {} : { repeatMs }),
  };
}

function readMaintenance(
  node: Node | null,
  where: string,
  reading: SectionReading,
): MaintenanceWindow {
  const section = reading.sectionOf(node, where);
  const options = reading.examine(section, where, MAINTENANCE_OPTIONS, MAINTENANCE_RULES);
  const fromMs = parseInstant(options.optionalString('from') ?? '');
  const toMs = parseInstant(options.optionalString('to') ?? '');
  const hours = parseDailyHours(options.optionalString('hours') ?? '');
  return {
    filter: filterOf(options, where, node, reading),
    ...(fromMs === null || toMs === null ? {} : { span: { fromMs, toMs } }),
    ...(hours === undefined ? {} : { hours }),
    days: options
      .list('days')
      .map((day) => WEEKDAYS.findIndex((word) => word === day.toLowerCase())),
    timezone: options.optionalString('timezone') ?? 'UTC',
  };
}

const NO_FILTER: AlertFilter = { classes: [], tables: [], sinks: [] };

/** Tables come and go; the sinks of a file are known, and who misspells one is told. */
function filterOf(
  options: ResolvedOptions,
  where: string,
  node: Node | null,
  reading: SectionReading,
): AlertFilter {
  const sinks = options.patterns('sinks');
  const known = reading.sinks ?? [];
  const isIdle = sinks.some((pattern) => !known.some((name) => pattern.test(name)));
  if (reading.sinks !== null && isIdle) {
    const list = known.length === 0 ? 'there is none' : `there are ${known.join(', ')}`;
    reading.problem(`${where}: sinks fits no sink of this file: ${list}`, node);
  }
  return { classes: options.patterns('classes'), tables: options.patterns('tables'), sinks };
}

/** Also of a section with problems, which nobody will use. */
function isEnabled(options: ResolvedOptions): boolean {
  return !options.has('enabled') || options.boolean('enabled');
}
