import type { Option } from './option.ts';
import { compilePattern, PatternError, splitPatterns } from './pattern-list.ts';
import type { OptionRule } from './resolve-options.ts';
import { guardOptions } from './source-guard-options.ts';

/**
 * What happens at the edges of a slot, an offset or a server. Values whose effect would be missed
 * are refused, not ignored.
 */
export const POSTGRES_GUARD_OPTIONS: readonly Option[] = [
  {
    name: 'offset.mismatch.strategy',
    type: {
      kind: 'enum',
      values: ['trust_offset', 'trust_slot', 'trust_greater_lsn'],
      aliases: { no_validation: 'trust_offset' },
    },
    default: 'trust_offset',
    doc:
      'When the slot does not fit the stored offset. trust_offset (and no_validation): stop at ' +
      'any gap. trust_greater_lsn: pass over a gap of the same server, with a warning. ' +
      'trust_slot: also go on with the slot of another server, e.g. after pg_upgrade; and, with ' +
      '`snapshot.mode: no_data`, take over a slot that others made and read no more.',
  },
  {
    name: 'replica.identity.autoset.values',
    type: { kind: 'string' },
    doc:
      'Replica identities that captured tables are given at the start: ' +
      '`schema.table:FULL,schema.other:INDEX name`, regular expressions and one of DEFAULT, ' +
      'FULL, NOTHING, INDEX name. The role must own the tables.',
  },
  {
    name: 'lsn.flush.mode',
    type: {
      kind: 'enum',
      values: ['connector', 'manual'],
      aliases: { connector_and_driver: 'connector' },
    },
    default: 'connector',
    doc:
      'connector (and connector_and_driver): the server may discard what is durable in the log, ' +
      'and WAL of an idle database. manual: it is never told; somebody else advances the slot.',
  },
  {
    name: 'flush.lsn.source',
    type: { kind: 'enum', values: ['true'], refused: { false: 'use lsn.flush.mode: manual' } },
    default: 'true',
    doc: 'Old name of lsn.flush.mode.',
  },
  {
    name: 'xmin.fetch.interval.ms',
    type: { kind: 'duration', min: 0 },
    default: '0',
    doc:
      'How often `source.xmin` is read: the oldest transaction whose catalog rows the slot ' +
      'keeps. 0: never, and the field is null.',
  },
  ...guardOptions('changes of system tables are not in the logical WAL'),
  {
    name: 'snapshot.isolation.mode',
    type: {
      kind: 'enum',
      values: ['repeatable_read'],
      aliases: {
        serializable: 'repeatable_read',
        read_committed: 'repeatable_read',
        read_uncommitted: 'repeatable_read',
      },
    },
    default: 'repeatable_read',
    doc: 'Tables are read as of one moment, whichever of the four levels is named.',
  },
];

/** Rules over several properties. */
export const POSTGRES_GUARD_RULES: readonly OptionRule[] = [
  {
    properties: ['replica.identity.autoset.values'],
    check: (options) => {
      const text = options.optionalString('replica.identity.autoset.values');
      return text === undefined || parseReplicaIdentities(text) !== undefined
        ? undefined
        : 'must have the form schema.table:FULL,schema.other:INDEX name';
    },
  },
];

/** An entry of replica.identity.autoset.values. */
export interface ReplicaIdentityRule {
  readonly table: RegExp;
  readonly identity: 'default' | 'full' | 'nothing' | 'index';
  /** Of `index`: its name. */
  readonly index: string | null;
}

/** `regex:VALUE,regex:INDEX name`; undefined when the form is not right. */
export function parseReplicaIdentities(text: string): readonly ReplicaIdentityRule[] | undefined {
  const rules: ReplicaIdentityRule[] = [];
  for (const entry of splitPatterns(text)) {
    const match = /^(.+):\s*(?:(default|full|nothing)|index\s+(\S+))\s*$/i.exec(entry);
    if (match === null) return undefined;
    const [, table = '', word, index = null] = match;
    const identity = (word?.toLowerCase() ?? 'index') as ReplicaIdentityRule['identity'];
    try {
      rules.push({ table: compilePattern(table.trim(), 'i'), identity, index });
    } catch (error) {
      if (error instanceof PatternError) return undefined;
      throw error;
    }
  }
  return rules;
}
