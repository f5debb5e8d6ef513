import type { ConnectSchema } from '../../model/connect-schema.ts';

const KEPT_MAX = 1000;

/** One object for all schemas that say the same: converters know schemas by identity. */
export class SameSchemas {
  readonly #known = new Map<string, ConnectSchema>();

  /** The first schema that said the same as this one. */
  same(schema: ConnectSchema): ConnectSchema {
    const text = JSON.stringify(schema, (_key, value: unknown) =>
      typeof value === 'bigint' ? `${value}n` : value,
    );
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    // JSON from outside can have any number of shapes.
    if (this.#known.size >= KEPT_MAX) this.#known.clear();
    this.#known.set(text, schema);
    return schema;
  }
}
