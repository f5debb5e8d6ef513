import type { Option, ResolvedOptions } from './option.ts';
import type { OptionRule } from './resolve-options.ts';

const NAME = 'custom.metric.tags';
/** Labels that the metrics have by themselves. */
const TAKEN: readonly string[] = ['plugin', 'name', 'context', 'sink'];

/** Labels that the user gives to all metrics of a pipeline. */
export const METRIC_TAG_OPTIONS: readonly Option[] = [
  {
    name: NAME,
    type: { kind: 'list' },
    doc: 'Labels that all metrics of the pipeline get beside their own: `team=shop,stage=test`.',
  },
];

/** Rules over these properties. */
export const METRIC_TAG_RULES: readonly OptionRule[] = [
  {
    properties: [NAME],
    check: (options) => {
      const tags = options.list(NAME).map(splitTag);
      for (const [at, [tag, value]] of tags.entries()) {
        if (value === undefined) return `has ${tag}, which is not of the form tag=value`;
        if (!/^(?!__)[a-z_]\w*$/i.test(tag)) {
          return `has the tag ${tag}: a label has letters, digits and underscores`;
        }
        if (TAKEN.includes(tag)) return `has the tag ${tag}, a label that metrics have already`;
        if (tags.findIndex(([other]) => other === tag) < at) return `has the tag ${tag} twice`;
      }
      return undefined;
    },
  },
];

/** The labels of custom.metric.tags, in order. */
export function metricTags(options: ResolvedOptions): Readonly<Record<string, string>> {
  return Object.fromEntries(
    options.list(NAME).map((text) => {
      const [tag, value = ''] = splitTag(text);
      return [tag, value] as const;
    }),
  );
}

function splitTag(text: string): readonly [tag: string, value: string | undefined] {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}
