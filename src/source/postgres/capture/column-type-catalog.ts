import type { TypeInfo } from '../../../../dialects/postgres/postgres-catalog.ts';
import { sourceTypeParameters } from '../../../../dialects/postgres/postgres-source-type.ts';
import { mapPostgresType } from '../../../../dialects/postgres/postgres-types.ts';
import type { TypedColumn } from '../../../../dialects/postgres/postgres-types.ts';
import type { ValueModes } from '../../../../dialects/postgres/postgres-value-modes.ts';
import type { ColumnType, ColumnTypes } from './column-types.ts';

/** The types of one database, by oid, under the configured handling modes. */
export class ColumnTypeCatalog implements ColumnTypes {
  readonly #types = new Map<number, TypeInfo>();
  readonly #modes: ValueModes;
  readonly #lookup = (oid: number): TypeInfo | undefined => this.#types.get(oid);

  constructor(types: readonly TypeInfo[], modes: ValueModes) {
    this.#modes = modes;
    this.add(types);
  }

  /** Newer descriptions replace older ones: an enum may have got a label (PITFALLS P85). */
  add(types: readonly TypeInfo[]): void {
    for (const type of types) this.#types.set(type.oid, type);
  }

  get(oid: number): TypeInfo | undefined {
    return this.#types.get(oid);
  }

  typeOf(column: TypedColumn): ColumnType | null {
    const mapping = mapPostgresType(column, this.#lookup, this.#modes);
    if (!mapping.supported) return null;
    const { schema, format, rootName } = mapping;
    return { schema, format, rootName };
  }

  /** The server's own name of the type, such as `int4`; of a domain its own. */
  nameOf({ typeOid, typeText }: Pick<TypedColumn, 'typeOid' | 'typeText'>): string {
    return this.#lookup(typeOid)?.name ?? typeText;
  }

  /** What column.propagate.source.type adds to the column's schema. */
  parametersOf(column: TypedColumn & { readonly name: string }): Readonly<Record<string, string>> {
    return sourceTypeParameters(column, this.#lookup);
  }
}
