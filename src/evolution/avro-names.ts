import type { ConnectField, ConnectSchema } from '../model/connect-schema.ts';

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Schemas with names that Avro takes, and the way back: JSON has columns of any name, and what
 * their readers can read is asked of Avro's rules all the same.
 */
export class AvroNames {
  readonly #originals: string[] = [];
  readonly #replaced = new Map<string, string>();

  of(schema: ConnectSchema): ConnectSchema {
    const { fields, keySchema, valueSchema, name } = schema;
    return {
      ...schema,
      ...(name === undefined
        ? {}
        : {
            name: name
              .split('.')
              .map((part) => this.#one(part))
              .join('.'),
          }),
      ...(fields === undefined ? {} : { fields: fields.map((field) => this.#field(field)) }),
      ...(keySchema === undefined ? {} : { keySchema: this.of(keySchema) }),
      ...(valueSchema === undefined ? {} : { valueSchema: this.of(valueSchema) }),
    };
  }

  /** In a text about such schemas. */
  restored(text: string): string {
    return text.replace(/tidemark_name_(\d+)_/g, (token, at: string) => {
      return this.#originals[Number(at)] ?? token;
    });
  }

  #field({ name, schema }: ConnectField): ConnectField {
    return { name: this.#one(name), schema: this.of(schema) };
  }

  #one(name: string): string {
    if (NAME.test(name)) return name;
    let replaced = this.#replaced.get(name);
    if (replaced === undefined) {
      replaced = `tidemark_name_${this.#originals.length}_`;
      this.#originals.push(name);
      this.#replaced.set(name, replaced);
    }
    return replaced;
  }
}
