import { ownedProperties } from './column-converter-options.ts';
import type { Option, ResolvedOptions } from './option.ts';
import { examineOptions, type OptionRule } from './resolve-options.ts';

/** Properties of a source that name its post processors. */
export const POST_PROCESSOR_OPTIONS: readonly Option[] = [
  {
    name: 'post.processors',
    type: { kind: 'list' },
    ownsNames: true,
    doc:
      'Names of post processors. Each has `<name>.type`: `reselect`, which reads values that the ' +
      'server did not send (or sent as NULL) again from the table, by key, for all rows of a ' +
      'chunk at once; they may be newer than the event. Its properties are those of the ' +
      'original: `<name>.reselect.columns.include.list` and `….exclude.list` ' +
      '(`schema.table:column`), `….reselect.unavailable.values`, `….null.values`, ' +
      '`….use.event.key`, `….error.handling.mode` (`warn`, `fail`, `skip`).',
  },
];

/** A reselecting post processor as configured. */
export interface ReselectSetting {
  readonly name: string;
  /** Over `schema.table:column`; empty: all. At most one of both lists is given. */
  readonly columnInclude: readonly RegExp[];
  readonly columnExclude: readonly RegExp[];
  /** Values that the server did not send (unchanged TOAST). */
  readonly unavailableValues: boolean;
  readonly nullValues: boolean;
  /** Rows are found by the key of their records, not by that of the table. */
  readonly useEventKey: boolean;
  /** What becomes of rows that cannot be read: told, fatal, or passed over in silence. */
  readonly onError: 'warn' | 'fail' | 'skip';
}

const JAVA_CLASS = 'io.debezium.processors.reselect.ReselectColumnsPostProcessor';
const INCLUDE = 'reselect.columns.include.list';
const EXCLUDE = 'reselect.columns.exclude.list';

const flag = (name: string, initial: string): Option => ({
  name,
  type: { kind: 'boolean' },
  default: initial,
  doc: '',
});

const RESELECT: readonly Option[] = [
  {
    name: 'type',
    type: { kind: 'enum', values: ['reselect'], aliases: { [JAVA_CLASS]: 'reselect' } },
    required: true,
    doc: 'reselect is the only one.',
  },
  { name: INCLUDE, type: { kind: 'regex-list' }, doc: '' },
  { name: EXCLUDE, type: { kind: 'regex-list' }, doc: '' },
  flag('reselect.unavailable.values', 'true'),
  flag('reselect.null.values', 'true'),
  flag('reselect.use.event.key', 'false'),
  {
    name: 'reselect.error.handling.mode',
    type: { kind: 'enum', values: ['warn', 'fail', 'skip'] },
    default: 'warn',
    doc: '',
  },
];

/** The post processors in their order. Throws RangeError, which says what is wrong with them. */
export function postProcessorSettings(options: ResolvedOptions): readonly ReselectSetting[] {
  const names = options.list('post.processors');
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new RangeError(`${twice} is named twice`);
  return names.map((name) => reselectSetting(name, options));
}

function reselectSetting(name: string, options: ResolvedOptions): ReselectSetting {
  // References were replaced when the section was read; what stands here is taken as it is.
  const context = { where: name, providers: { environment: {}, folder: '.' } };
  const examined = examineOptions(RESELECT, ownedProperties(name, options), context);
  const [problem] = examined.problems;
  if (problem !== undefined) throw new RangeError(problem.message);
  const [stray] = examined.options.warnings;
  if (stray !== undefined) throw new RangeError(stray);
  const own = examined.options;
  if (own.has(INCLUDE) && own.has(EXCLUDE)) {
    throw new RangeError(`${name}: ${INCLUDE} and ${EXCLUDE} exclude each other: give one of them`);
  }
  const setting: ReselectSetting = {
    name,
    columnInclude: own.patterns(INCLUDE),
    columnExclude: own.patterns(EXCLUDE),
    unavailableValues: own.boolean('reselect.unavailable.values'),
    nullValues: own.boolean('reselect.null.values'),
    useEventKey: own.boolean('reselect.use.event.key'),
    onError: own.string('reselect.error.handling.mode') as ReselectSetting['onError'],
  };
  if (setting.unavailableValues || setting.nullValues) return setting;
  throw new RangeError(`${name} reads neither unavailable values nor nulls: remove it`);
}

/** Everything about post processors that can be told before the start. */
export const POST_PROCESSOR_RULES: readonly OptionRule[] = [
  {
    properties: ['post.processors'],
    check: (options) => {
      try {
        postProcessorSettings(options);
        return undefined;
      } catch (error) {
        if (error instanceof RangeError) return `cannot be used: ${error.message}`;
        throw error;
      }
    },
  },
];
