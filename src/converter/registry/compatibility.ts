import { parseAvroType, simpleName } from '../avro-type.ts';
import type { AvroField, AvroPrimitive, AvroRecord, AvroType } from '../avro-type.ts';

export const COMPATIBILITY_LEVELS = [
  'NONE',
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
] as const;
export type CompatibilityLevel = (typeof COMPATIBILITY_LEVELS)[number];

/** Confluent's default. */
export const DEFAULT_COMPATIBILITY: CompatibilityLevel = 'BACKWARD';

/** Whether the text names one of the seven levels. */
export function isCompatibilityLevel(text: string): text is CompatibilityLevel {
  return (COMPATIBILITY_LEVELS as readonly string[]).includes(text);
}

/**
 * Why a new schema may not follow the existing ones (oldest first) at a level; empty: it may.
 * BACKWARD: the new one reads what the old wrote; FORWARD: the old one reads what the new writes
 * (PITFALLS C36). Without `_TRANSITIVE` only the latest counts (C39).
 */
export function compatibilityProblems(
  level: CompatibilityLevel,
  newSchema: string,
  existing: readonly string[],
): readonly string[] {
  if (level === 'NONE' || existing.length === 0) return [];
  const compared = level.endsWith('_TRANSITIVE') ? existing : existing.slice(-1);
  const fresh = parseAvroType(newSchema);
  const problems = new Set<string>();
  for (const text of compared) {
    const old = parseAvroType(text);
    if (!level.startsWith('FORWARD')) {
      for (const problem of readingProblems(fresh, old)) {
        problems.add(`the new schema cannot read data of the old one: ${problem}`);
      }
    }
    if (!level.startsWith('BACKWARD')) {
      for (const problem of readingProblems(old, fresh)) {
        problems.add(`the old schema cannot read data of the new one: ${problem}`);
      }
    }
  }
  return [...problems];
}

/** What keeps `reader` from reading everything that `writer` writes (Avro's schema resolution). */
export function readingProblems(reader: AvroType, writer: AvroType): readonly string[] {
  const check = new ReadCheck();
  check.types(reader, writer, '');
  return check.problems;
}

/** What a reader's primitive also takes from a writer, by promotion. */
const PROMOTIONS: Readonly<Partial<Record<AvroPrimitive, readonly AvroPrimitive[]>>> = {
  long: ['int'],
  float: ['int', 'long'],
  double: ['int', 'long', 'float'],
  string: ['bytes'],
  bytes: ['string'],
};

class ReadCheck {
  readonly problems: string[] = [];
  /** Pairs of records being compared right now: a record may contain itself. */
  readonly #open: Map<AvroRecord, Set<AvroRecord>>;

  constructor(open = new Map<AvroRecord, Set<AvroRecord>>()) {
    this.#open = open;
  }

  types(reader: AvroType, writer: AvroType, path: string): void {
    if (writer.kind === 'union') {
      for (const branch of writer.branches) this.types(reader, branch, path);
      return;
    }
    if (reader.kind === 'union') {
      const fits = reader.branches.some((branch) => this.#reads(branch, writer));
      if (fits) return;
      // A record that the union knows by name: say what is wrong inside it.
      const same = reader.branches.find(
        (branch) => branch.kind === writer.kind && namesMatch(branch, writer),
      );
      if (same === undefined) this.#problem(path, `no branch of the union takes ${shown(writer)}`);
      else this.types(same, writer, path);
      return;
    }
    this.#plain(reader, writer, path);
  }

  #reads(reader: AvroType, writer: AvroType): boolean {
    const check = new ReadCheck(this.#open);
    check.types(reader, writer, '');
    return check.problems.length === 0;
  }

  #plain(reader: AvroType, writer: AvroType, path: string): void {
    if (reader.kind !== writer.kind) {
      const taken = PROMOTIONS[reader.kind as AvroPrimitive] ?? [];
      if (!taken.includes(writer.kind as AvroPrimitive)) {
        this.#problem(path, `${shown(reader)} cannot be read from ${shown(writer)}`);
      }
      return;
    }
    if (!namesMatch(reader, writer)) {
      this.#problem(path, `${shown(writer)} is now called ${shown(reader)}`);
      return;
    }
    if (reader.kind === 'record' && writer.kind === 'record') this.#records(reader, writer, path);
    else if (reader.kind === 'array' && writer.kind === 'array') {
      this.types(reader.items, writer.items, `${path}[]`);
    } else if (reader.kind === 'map' && writer.kind === 'map') {
      this.types(reader.values, writer.values, `${path}{}`);
    } else if (reader.kind === 'fixed' && writer.kind === 'fixed') {
      if (reader.size !== writer.size) this.#problem(path, `size of ${shown(reader)} changed`);
    } else if (reader.kind === 'enum' && writer.kind === 'enum' && !reader.hasDefault) {
      const missing = writer.symbols.filter((symbol) => !reader.symbols.includes(symbol));
      if (missing.length > 0) {
        this.#problem(path, `${shown(reader)} does not know ${missing.join(', ')}`);
      }
    }
  }

  #records(reader: AvroRecord, writer: AvroRecord, path: string): void {
    let open = this.#open.get(reader);
    if (open?.has(writer)) return;
    if (open === undefined) this.#open.set(reader, (open = new Set()));
    open.add(writer);
    for (const field of reader.fields) {
      const at = path === '' ? field.name : `${path}.${field.name}`;
      const written = writtenField(field, writer);
      if (written !== undefined) this.types(field.type, written.type, at);
      else if (!field.hasDefault) this.#problem(at, 'the field has no default and is not written');
    }
    open.delete(writer);
  }

  #problem(path: string, what: string): void {
    this.problems.push(path === '' ? what : `${path}: ${what}`);
  }
}

function writtenField(field: AvroField, writer: AvroRecord): AvroField | undefined {
  return (
    writer.fields.find((written) => written.name === field.name) ??
    writer.fields.find((written) => field.aliases.includes(written.name))
  );
}

/** Names match without their namespaces, or by an alias of the reader. */
function namesMatch(reader: AvroType, writer: AvroType): boolean {
  if (!('name' in reader) || !('name' in writer)) return true;
  return (
    simpleName(reader.name) === simpleName(writer.name) || reader.aliases.includes(writer.name)
  );
}

function shown(type: AvroType): string {
  return 'name' in type ? `${type.kind} ${type.name}` : type.kind;
}
