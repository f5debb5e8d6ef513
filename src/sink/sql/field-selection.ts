import type { ConnectField } from '../../model/connect-schema.ts';
import type { SinkRecord } from '../../model/sink-record.ts';

/** A field of the rows of all topics, or of one. */
export interface FieldEntry {
  /** Null: of every topic. */
  readonly topic: string | null;
  readonly field: string;
}

/** `fields.whitelist`, `field.include.list` or `field.exclude.list`. */
export interface FieldSelection {
  readonly kind: 'include' | 'exclude';
  readonly entries: readonly FieldEntry[];
}

/** An entry of Debezium's lists: `field`, or `topic:field`. */
export function fieldEntry(text: string): FieldEntry {
  const colon = text.indexOf(':');
  return colon < 0
    ? { topic: null, field: text }
    : { topic: text.slice(0, colon).trim(), field: text.slice(colon + 1).trim() };
}

/**
 * The fields of a record's row that are written. `column` is the name of a field's column in the
 * source, which may be spelt otherwise: either name will do. Topics are those that a transform of
 * the sink gave, as in Connect.
 */
export function selectedFields(
  { kind, entries }: FieldSelection,
  { topic, destination = topic }: Pick<SinkRecord, 'topic' | 'destination'>,
  fields: readonly ConnectField[],
  column: (field: ConnectField) => string,
): readonly ConnectField[] {
  const names = new Set(
    entries
      .filter((entry) => entry.topic === null || entry.topic === destination)
      .map(({ field }) => field),
  );
  return fields.filter((field) => {
    const isListed = names.has(field.name) || names.has(column(field));
    return isListed === (kind === 'include');
  });
}
