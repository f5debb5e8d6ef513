import type { TypeInfo } from '../../dialects/postgres/postgres-catalog.ts';
import { DEFAULT_VALUE_MODES } from '../../dialects/postgres/postgres-value-modes.ts';
import type { ValueModes } from '../../dialects/postgres/postgres-value-modes.ts';
import type { ColumnSchema } from '../../src/model/table-schema.ts';
import { ColumnTypeCatalog } from '../../src/source/postgres/capture/column-type-catalog.ts';
import { columnInfo, typeInfo } from './table-fixtures.ts';

/*
 * The schema that a column of PostgreSQL has in the records, from the name of its type alone: what
 * a server's catalog would say of it is made up here. The tests that ask real servers for the types
 * of their targets hold it to the truth.
 */

type Form = Pick<ColumnSchema, 'schema' | 'format'>;

/** As our short class has them. */
const MODES: ValueModes = { ...DEFAULT_VALUE_MODES, interval: 'string', bitVarying: 'string' };

/** What format_type calls differently from pg_type. */
const INTERNAL: Readonly<Record<string, string>> = {
  smallint: 'int2',
  integer: 'int4',
  bigint: 'int8',
  real: 'float4',
  'double precision': 'float8',
  boolean: 'bool',
  'character varying': 'varchar',
  character: 'bpchar',
  '"char"': 'char',
  'bit varying': 'varbit',
  'time without time zone': 'time',
  'time with time zone': 'timetz',
  'timestamp without time zone': 'timestamp',
  'timestamp with time zone': 'timestamptz',
};

/** Of users and extensions. */
const OWN: Readonly<Record<string, Partial<TypeInfo>>> = {
  citext: { extension: 'citext' },
  ltree: { extension: 'ltree' },
  isbn: { extension: 'isn' },
  hstore: { extension: 'hstore' },
  mood: { kind: 'enum', labels: ['sad', 'ok', 'so, so "fine"'] },
  pair: { kind: 'composite' },
  floats: { kind: 'range' },
};
/** What domains stand on. */
const DOMAINS: Readonly<Record<string, string>> = {
  d_price: 'numeric(12,2)',
  d_mood: 'mood',
  d_numbers: 'integer[]',
};

/** Numbers in brackets stand where format_type has them. */
const MODIFIED = /^([^(]+?)(?:\((-?\d+)(?:,(-?\d+))?\))?( with(?:out)? time zone)?$/;

function typmodOf(name: string, first: string | undefined, second: string | undefined): number {
  if (first === undefined) return name === 'bpchar' || name === 'bit' ? 5 : -1;
  const size = Number(first);
  if (name === 'numeric') return ((size << 16) | (Number(second ?? 0) & 0x7ff)) + 4;
  return name === 'varchar' || name === 'bpchar' ? size + 4 : size;
}

class MadeUpCatalog {
  readonly types: TypeInfo[] = [];

  /** The oid of the type, and the modifier of a column that is declared with it. */
  declare(text: string): { readonly oid: number; readonly typmod: number } {
    if (text.endsWith('[]')) {
      const element = this.declare(text.replace(/(?:\[\])+$/, ''));
      const oid = this.#add('_array', { category: 'A', elementOid: element.oid });
      return { oid, typmod: element.typmod };
    }
    const domain = DOMAINS[text];
    if (domain !== undefined) {
      const base = this.declare(domain);
      const more = { schema: 'public', kind: 'domain', baseOid: base.oid } as const;
      return { oid: this.#add(text, { ...more, baseTypmod: base.typmod }), typmod: -1 };
    }
    const own = OWN[text];
    if (own !== undefined) {
      return { oid: this.#add(text, { schema: 'public', ...own }), typmod: -1 };
    }
    const [, word = text, first, second, zone = ''] = MODIFIED.exec(text) ?? [];
    const name = INTERNAL[word + zone] ?? word;
    return { oid: this.#add(name, { kind: kindOf(name) }), typmod: typmodOf(name, first, second) };
  }

  #add(name: string, more: Partial<TypeInfo>): number {
    const oid = this.types.length + 1;
    this.types.push(typeInfo(name, { ...more, oid }));
    return oid;
  }
}

function kindOf(name: string): TypeInfo['kind'] {
  if (name.endsWith('multirange')) return 'multirange';
  return name.endsWith('range') ? 'range' : 'base';
}

/** What a nullable column `v` of this type, as format_type prints it, has in the records. */
export function postgresColumnForm(type: string): Form {
  const made = new MadeUpCatalog();
  const { oid, typmod } = made.declare(type);
  // As the server shows it; a second pair of brackets is told by `dimensions`.
  const typeText = type.replace(/(?:\[\])+$/, '[]');
  const dimensions = type.split('[]').length - 1;
  const column = columnInfo('v', { typeOid: oid, typmod, typeText, dimensions });
  const catalog = new ColumnTypeCatalog(made.types, MODES);
  const form = catalog.typeOf(column);
  if (form === null) throw new Error(`${type} is refused by the source`);
  const parameters = { ...form.schema.parameters, ...catalog.parametersOf(column) };
  return { schema: { ...form.schema, optional: true, parameters }, format: form.format };
}
