import type { Option } from './option.ts';
import type { OptionRule } from './resolve-options.ts';

/** What `metadata.columns` may name. */
export const METADATA_COLUMNS = [
  'op',
  'source_ts',
  'tx_id',
  'position',
  'ingested_at',
  'topic',
  'partition',
  'offset',
] as const;

const NAMES = METADATA_COLUMNS.map((name) => `\`${name}\``).join(', ');

/** Of sinks into tables. */
export const METADATA_OPTION: Option = {
  name: 'metadata.columns',
  type: { kind: 'list' },
  doc:
    'What the target keeps of the change that a row comes from, in columns `_cdc_<name>`: ' +
    `${NAMES}.`,
};

/** No name but those. */
export const METADATA_RULE: OptionRule = {
  properties: ['metadata.columns'],
  check: (options) => {
    const unknown = options
      .list('metadata.columns')
      .filter((name) => !(METADATA_COLUMNS as readonly string[]).includes(name));
    if (unknown.length === 0) return undefined;
    return `does not know ${unknown.join(', ')}; there are ${METADATA_COLUMNS.join(', ')}`;
  },
};
