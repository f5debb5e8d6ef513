import type { ResolvedOptions } from '../../config/option.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectHeader, ConnectRecord } from '../../model/connect-record.ts';
import { isStruct, optional } from '../../model/connect-schema.ts';
import type { ConnectSchema, Struct } from '../../model/connect-schema.ts';
import { requireStruct } from '../record-side.ts';
import type { RecordTransform } from '../record-transform.ts';
import { structIn } from '../record-transform.ts';
import { schemaBasics } from '../schema-shape.ts';

/** A header on its way into the value: `after.origin` is `['after', 'origin']`. */
interface Move {
  readonly header: ConnectHeader;
  readonly path: readonly string[];
}

/** Debezium's HeaderToValue: copies or moves headers into fields of the value. */
export class HeaderToValue implements RecordTransform {
  readonly #headers: readonly string[];
  readonly #paths: readonly (readonly string[])[];
  readonly #moves: boolean;
  /** By the old schema, then by the headers that are there with their schemas. */
  readonly #schemas = new WeakMap<ConnectSchema, Map<string, ConnectSchema>>();

  constructor(options: ResolvedOptions) {
    this.#headers = options.list('headers');
    const fields = options.list('fields');
    if (this.#headers.length !== fields.length) {
      const counts = `${this.#headers.length} headers, ${fields.length} fields`;
      throw new TidemarkError('CONFIG_INVALID', `headers and fields go in pairs: ${counts}`);
    }
    this.#paths = fields.map((field) => field.split('.'));
    this.#moves = options.string('operation') === 'move';
  }

  apply(record: ConnectRecord): ConnectRecord {
    if (record.value.value === null) return record;
    const struct = requireStruct(record.value, 'HeaderToValue');
    const moves = record.headers.flatMap((header): Move[] => {
      const path = this.#paths[this.#headers.indexOf(header.name)];
      return path === undefined ? [] : [{ header, path }];
    });
    if (moves.length === 0) return record;
    const headers = this.#moves
      ? record.headers.filter(({ name }) => !this.#headers.includes(name))
      : record.headers;
    const value = withMoves(struct, this.#schemaOf(struct, moves), moves);
    return { ...record, headers, value: { schema: value.schema, value } };
  }

  #schemaOf(struct: Struct, moves: readonly Move[]): ConnectSchema {
    const { schema } = struct;
    const variants = this.#schemas.get(schema) ?? new Map<string, ConnectSchema>();
    this.#schemas.set(schema, variants);
    const absent = moves.flatMap(({ path: [first = ''], path: { length } }) =>
      length > 1 && structIn(struct, first) === null ? [first] : [],
    );
    const key = JSON.stringify([absent, moves.map(({ header }) => [header.name, header.schema])]);
    const known = variants.get(key) ?? widened(schema, moves, absent);
    variants.set(key, known);
    return known;
  }
}

/**
 * As in the original a struct that gets a field becomes required. Where it is null the original
 * fails; here it then stays optional.
 */
function widened(
  schema: ConnectSchema,
  moves: readonly Move[],
  absent: readonly string[],
): ConnectSchema {
  const fields = (schema.fields ?? []).map((field) => {
    const inside = movesInto(field.name, moves);
    if (inside.length === 0 || field.schema.type !== 'struct') return field;
    const made = widened(field.schema, inside, []);
    return { name: field.name, schema: absent.includes(field.name) ? optional(made) : made };
  });
  for (const { header, path } of moves) {
    if (path.length !== 1) continue;
    fields.push({ name: path[0] ?? '', schema: header.schema ?? TEXT });
  }
  return { ...schemaBasics(schema), fields };
}

const TEXT: ConnectSchema = { type: 'string', optional: true };

function withMoves(struct: Struct, schema: ConnectSchema, moves: readonly Move[]): Struct {
  const values = struct.values.map((value, i) => {
    const field = schema.fields?.[i];
    if (value === null || field === undefined || !isStruct(value)) return value;
    const inside = movesInto(field.name, moves);
    return inside.length === 0 ? value : withMoves(value, field.schema, inside);
  });
  for (const { header, path } of moves) if (path.length === 1) values.push(header.value);
  return { schema, values };
}

function movesInto(name: string, moves: readonly Move[]): readonly Move[] {
  return moves
    .filter(({ path }) => path.length > 1 && path[0] === name)
    .map(({ header, path }) => ({ header, path: path.slice(1) }));
}
