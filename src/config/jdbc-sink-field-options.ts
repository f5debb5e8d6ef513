import type { Option } from './option.ts';
import type { OptionRule } from './resolve-options.ts';
import { exclusive } from './source-shaping-options.ts';

/** Which fields are written, by Debezium's names. */
export const FIELD_LIST_OPTIONS: readonly Option[] = [
  {
    name: 'field.include.list',
    type: { kind: 'list' },
    doc:
      'The only fields of rows that are created and written: `field`, or `topic:field` of one ' +
      'topic. Fields of the key always are.',
  },
  {
    name: 'field.exclude.list',
    type: { kind: 'list' },
    doc:
      'Fields of rows that are neither created nor written: `field`, or `topic:field` of one ' +
      'topic. Fields of the key always are.',
  },
];

/** The same by Confluent's name, which knows no topics. */
export const FIELD_WHITELIST: Option = {
  name: 'fields.whitelist',
  type: { kind: 'list' },
  doc: 'The only fields of rows that are created and written, beside those of the key.',
};

/** Rules over Debezium's lists. */
export const FIELD_LIST_RULES: readonly OptionRule[] = [
  exclusive('field.include.list', 'field.exclude.list'),
  entriesRule('field.include.list'),
  entriesRule('field.exclude.list'),
];

/** Of the classes that have these lists and Confluent's. */
export const FIELD_WHITELIST_RULES: readonly OptionRule[] = [
  exclusive('field.include.list', 'fields.whitelist'),
  exclusive('field.exclude.list', 'fields.whitelist'),
];

/** `field`, or `topic:field`: names of topics have no colon. */
const ENTRY = /^[^:]+(?::[^:]+)?$/;

function entriesRule(name: string): OptionRule {
  return {
    properties: [name],
    check: (options) => {
      const wrong = options.list(name).find((entry) => !ENTRY.test(entry));
      return wrong === undefined
        ? undefined
        : `has an entry that is neither field nor topic:field: ${wrong}`;
    },
  };
}
