/** Something that Avro's JSON has. */
type Avro = string | readonly Avro[] | { readonly [name: string]: unknown };

interface Field {
  readonly name: string;
  readonly type: Avro;
  readonly default?: unknown;
  readonly aliases?: readonly string[];
}

type Below = (below: number) => number;

/** Array.isArray takes a readonly array for one of anything. */
function isUnion(type: Avro): type is readonly Avro[] {
  return Array.isArray(type);
}

const PRIMITIVES = ['int', 'long', 'float', 'double', 'string', 'bytes', 'boolean'] as const;
const SYMBOLS = ['A', 'B', 'C', 'D'];

/** A record as tables make them, and others: unions, enums with and without default, nesting. */
export function randomRecord(below: Below): readonly Field[] {
  return Array.from({ length: 1 + below(5) }, (_, i) => randomField(`f${i}`, below, 2));
}

/** The same after one to three things that happen to tables, and to schemas. */
export function evolved(fields: readonly Field[], below: Below): readonly Field[] {
  let now = fields;
  for (let steps = 1 + below(3); steps > 0; steps--) now = step(now, below);
  return now;
}

/** `name`: records may be called otherwise, too. */
export function recordText(fields: readonly Field[], name = 'Value'): string {
  return JSON.stringify({ type: 'record', name, namespace: 'shop.t', fields });
}

function step(fields: readonly Field[], below: Below): readonly Field[] {
  const at = below(fields.length);
  const field = fields[at];
  const replaced = (next: Field): readonly Field[] => fields.with(at, next);
  if (field === undefined) return [randomField('g0', below, 2)];
  switch (below(9)) {
    case 0: {
      const name = `g${below(1_000_000)}`;
      return [...fields, randomField(name, below, 2)];
    }
    case 1:
      return fields.toSpliced(at, 1);
    case 2:
      return replaced({ ...field, name: `${field.name}r`, aliases: [field.name] });
    case 3:
      return replaced({ name: `${field.name}q`, type: field.type });
    case 4:
      return replaced(randomField(field.name, below, 2));
    case 5:
      return replaced({ name: field.name, type: toggled(field.type) });
    case 6:
      return replaced({ name: field.name, type: field.type });
    case 7:
      return replaced({ ...field, type: within(field.type, below) });
    default:
      return fields.toReversed();
  }
}

/** Nullable, or not any more. */
function toggled(type: Avro): Avro {
  if (!isUnion(type)) return ['null', type];
  const rest = type.filter((branch) => branch !== 'null');
  return rest.length === 1 ? (rest[0] ?? 'int') : rest;
}

function within(type: Avro, below: Below): Avro {
  if (typeof type === 'string') return PRIMITIVES[below(PRIMITIVES.length)] ?? 'int';
  if (isUnion(type)) {
    const at = below(type.length);
    return distinct(type.with(at, within(type[at] ?? 'null', below)));
  }
  const of = type;
  switch (of['type']) {
    case 'enum':
      return { ...enumOf('', below), name: of['name'] };
    case 'fixed':
      return { ...of, size: 1 + below(3) };
    case 'array':
      return { ...of, items: within(of['items'] as Avro, below) };
    case 'map':
      return { ...of, values: within(of['values'] as Avro, below) };
    case 'record':
      return { ...of, fields: evolved(of['fields'] as readonly Field[], below) };
    default:
      return of;
  }
}

function randomField(name: string, below: Below, depth: number): Field {
  const type = randomType(name, below, depth);
  if (isUnion(type) && type[0] === 'null' && below(3) > 0) {
    return { name, type, default: null };
  }
  return below(3) > 0 ? { name, type } : withDefault(name, type);
}

function withDefault(name: string, type: Avro): Field {
  if (type === 'string') return { name, type, default: 'x' };
  if (type === 'boolean') return { name, type, default: true };
  const isNumber = typeof type === 'string' && ['int', 'long', 'float', 'double'].includes(type);
  return isNumber ? { name, type, default: 7 } : { name, type };
}

function randomType(name: string, below: Below, depth: number): Avro {
  const kind = below(depth > 0 ? 12 : 5);
  if (kind < 5) return PRIMITIVES[below(PRIMITIVES.length)] ?? 'int';
  const inner = (): Avro => randomType(`${name}i`, below, depth - 1);
  switch (kind) {
    case 5:
      return { type: 'array', items: inner() };
    case 6:
      return { type: 'map', values: inner() };
    case 7:
      return enumOf(name, below);
    case 8:
      return { type: 'fixed', name: `Fixed${name}`, size: 1 + below(3) };
    case 9: {
      const fields = Array.from({ length: 1 + below(3) }, (_, i) =>
        randomField(`${name}n${i}`, below, 0),
      );
      return { type: 'record', name: `R${name}`, fields };
    }
    default:
      return distinct(['null', inner(), ...(below(4) === 0 ? [inner()] : [])]);
  }
}

/** A union holds no union, and each kind once. */
function distinct(branches: readonly Avro[]): Avro {
  const kinds = new Map<string, Avro>();
  for (const branch of branches.flatMap((one) => (isUnion(one) ? one : [one]))) {
    const kind = typeof branch === 'string' ? branch : String((branch as { type: unknown }).type);
    if (!kinds.has(kind)) kinds.set(kind, branch);
  }
  return [...kinds.values()];
}

function enumOf(name: string, below: Below) {
  const symbols = SYMBOLS.filter(() => below(2) === 0);
  const named = symbols.length === 0 ? ['A'] : symbols;
  const made = { type: 'enum', name: `Mood${name}`, symbols: named };
  return below(3) === 0 ? { ...made, default: named[0] } : made;
}
