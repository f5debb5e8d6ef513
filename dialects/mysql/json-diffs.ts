import type { ByteWriter } from '../../src/foundation/byte-writer.ts';
import { behind, invalidValue } from './binlog-value-bounds.ts';
import { JsonPrinter } from './json-binary.ts';
import { isContainer, isObject, JsonLayout, JsonType } from './json-layout.ts';
import { parseJsonPath } from './json-path.ts';
import type { JsonStep } from './json-path.ts';
import { writeJsonString } from './json-string.ts';

/*
 * Partial updates of JSON (PITFALLS B84): the row has only what changed, as a list of operations on
 * the value before. What no path leads into stays binary and is printed as it is.
 */

/**
 * Appends the text of the value before, which lies at `before` in the same bytes behind its length,
 * changed by the diffs at `at`; returns the position behind these.
 */
export type JsonDiffWriter = (
  bytes: Buffer,
  before: number,
  at: number,
  end: number,
  out: ByteWriter,
) => number;

const Operation = { replace: 0, insert: 1, remove: 2 } as const;

/** Where a binary value lies. */
interface BinaryNode {
  readonly kind: 'binary';
  readonly type: number;
  readonly start: number;
  readonly end: number;
}

/** A container that a path has led into: its values are nodes of their own. */
type OpenNode =
  | { readonly kind: 'object'; readonly members: Map<string, JsonNode> }
  | { readonly kind: 'array'; readonly items: JsonNode[] };

type JsonNode = BinaryNode | OpenNode;

/** For a column whose values have a length of `prefix` bytes; diffs always have four. */
export function jsonDiffWriter(prefix: number): JsonDiffWriter {
  const printer = new JsonPrinter();
  return (bytes, before, at, end, out) => {
    const first = behind(bytes, before, at, prefix);
    const last = behind(bytes, first, at, bytes.readUIntLE(before, prefix));
    const start = behind(bytes, at, end, 4);
    const next = behind(bytes, start, end, bytes.readUInt32LE(at));
    printer.allow(last - first + (next - start));
    const document = new JsonDocument(bytes, documentAt(bytes, first, last), printer);
    for (let from = start; from < next;) from = document.apply(from, next);
    document.print(document.root, out);
    return next;
  };
}

/** A document's own value; an empty one is a JSON null. */
function documentAt(bytes: Buffer, start: number, end: number): JsonNode {
  if (start === end) return { kind: 'binary', type: JsonType.literal, start: end, end };
  return { kind: 'binary', type: bytes[start] as number, start: start + 1, end };
}

class JsonDocument {
  root: JsonNode;
  #bytes: Buffer;
  #printer: JsonPrinter;
  #layout = new JsonLayout();

  constructor(bytes: Buffer, root: JsonNode, printer: JsonPrinter) {
    this.#bytes = bytes;
    this.root = root;
    this.#printer = printer;
  }

  /** Applies the diff at `at` and returns the position behind it. */
  apply(at: number, end: number): number {
    const bytes = this.#bytes;
    const operation = bytes[at] as number;
    if (operation > Operation.remove) invalidValue('an unknown JSON diff', bytes, at, end);
    const [pathStart, pathEnd] = this.#packed(at + 1, end);
    const path = parseJsonPath(bytes, pathStart, pathEnd);
    if (operation === Operation.remove) {
      if (!this.#remove(path)) this.#unfound(at, end);
      return pathEnd;
    }
    const [valueStart, valueEnd] = this.#packed(pathEnd, end);
    const value = documentAt(bytes, valueStart, valueEnd);
    const insert = operation === Operation.insert;
    if (!(insert ? this.#insert(path, value) : this.#replace(path, value))) this.#unfound(at, end);
    return valueEnd;
  }

  print(node: JsonNode, out: ByteWriter): void {
    if (node.kind === 'binary') {
      if (node.start === node.end) out.ascii('null');
      else this.#printer.printValue(this.#bytes, node.type, node.start, node.end, out);
    } else if (node.kind === 'array') {
      out.ascii('[');
      node.items.forEach((item, i) => {
        if (i > 0) out.ascii(', ');
        this.print(item, out);
      });
      out.ascii(']');
    } else this.#printObject(node.members, out);
  }

  /** Keys by length, then by bytes: the order in which the server stores them. */
  #printObject(members: ReadonlyMap<string, JsonNode>, out: ByteWriter): void {
    const keys = Array.from(members, ([key, value]) => ({ bytes: Buffer.from(key), value }));
    keys.sort((a, b) => a.bytes.length - b.bytes.length || Buffer.compare(a.bytes, b.bytes));
    out.ascii('{');
    keys.forEach(({ bytes, value }, i) => {
      if (i > 0) out.ascii(', ');
      writeJsonString(bytes, 0, bytes.length, out);
      out.ascii(': ');
      this.print(value, out);
    });
    out.ascii('}');
  }

  /** Start and end of the bytes behind a packed length. */
  #packed(at: number, end: number): readonly [start: number, end: number] {
    const bytes = this.#bytes;
    let start = behind(bytes, at, end, 1);
    let length = bytes[at] as number;
    if (length > 250) {
      const width = { 252: 2, 253: 3, 254: 8 }[length];
      if (width === undefined) return invalidValue('no length in a JSON diff', bytes, at, end);
      const digits = start;
      start = behind(bytes, start, end, width);
      // Eight bytes: what the upper four hold would reach over the end anyway.
      const high = width === 8 ? bytes.readUInt32LE(digits + 4) : 0;
      length = bytes.readUIntLE(digits, Math.min(width, 4)) + high * 0x1_0000_0000;
    }
    return [start, behind(bytes, start, end, length)];
  }

  #replace(path: readonly JsonStep[], value: JsonNode): boolean {
    const last = path.at(-1);
    if (last === undefined) {
      this.root = value;
      return true;
    }
    const parent = this.#opened(path.slice(0, -1));
    if (parent === null || !this.#has(parent, last)) return false;
    this.#set(parent, last, value);
    return true;
  }

  /** A new member, or a cell in front of those that stand from the index on. */
  #insert(path: readonly JsonStep[], value: JsonNode): boolean {
    const last = path.at(-1);
    const parent = last === undefined ? null : this.#opened(path.slice(0, -1));
    if (last === undefined || parent === null) return false;
    if (last.kind === 'member') {
      if (parent.kind !== 'object' || parent.members.has(last.key)) return false;
      parent.members.set(last.key, value);
      return true;
    }
    if (parent.kind !== 'array') return false;
    const length = parent.items.length;
    const index = last.fromLast ? Math.max(0, length - 1 - last.index) : last.index;
    parent.items.splice(Math.min(index, length), 0, value);
    return true;
  }

  #remove(path: readonly JsonStep[]): boolean {
    const last = path.at(-1);
    const parent = last === undefined ? null : this.#opened(path.slice(0, -1));
    if (last === undefined || parent === null || !this.#has(parent, last)) return false;
    if (parent.kind === 'object' && last.kind === 'member') parent.members.delete(last.key);
    else if (parent.kind === 'array') parent.items.splice(cell(parent.items, last), 1);
    return true;
  }

  /** The container at the path, opened like all on the way to it; null: there is none. */
  #opened(path: readonly JsonStep[]): OpenNode | null {
    let node: OpenNode | null = this.#open(this.root);
    if (node === null) return null;
    this.root = node;
    for (const step of path) {
      const child = childOf(node, step);
      const opened: OpenNode | null = child === undefined ? null : this.#open(child);
      if (opened === null) return null;
      this.#set(node, step, opened);
      node = opened;
    }
    return node;
  }

  #has(parent: OpenNode, step: JsonStep): boolean {
    if (parent.kind === 'array') return cell(parent.items, step) in parent.items;
    return step.kind === 'member' && parent.members.has(step.key);
  }

  #set(parent: OpenNode, step: JsonStep, value: JsonNode): void {
    if (parent.kind === 'array') parent.items[cell(parent.items, step)] = value;
    else if (step.kind === 'member') parent.members.set(step.key, value);
  }

  /** One level of a binary container as objects; null for a scalar. */
  #open(node: JsonNode): OpenNode | null {
    if (node.kind !== 'binary') return node;
    if (!isContainer(node.type) || node.start === node.end) return null;
    const bytes = this.#bytes;
    const layout = this.#layout;
    layout.open(bytes, node.type, node.start, node.end);
    this.#printer.use(layout.headBytes, node.start, node.end);
    const items = Array.from({ length: layout.count }, (_, i): JsonNode => {
      const start = layout.valueStart(i);
      return { kind: 'binary', type: layout.valueType(i), start, end: layout.end };
    });
    if (!isObject(node.type)) return { kind: 'array', items };
    const members = new Map<string, JsonNode>();
    items.forEach((item, i) => {
      const start = layout.keyStart(i);
      const end = behind(bytes, start, layout.end, layout.keyLength(i));
      this.#printer.use(end - start, start, end);
      members.set(bytes.toString('utf8', start, end), item);
    });
    return { kind: 'object', members };
  }

  #unfound(at: number, end: number): never {
    invalidValue('a JSON diff that does not fit its value', this.#bytes, at, end);
  }
}

function childOf(node: OpenNode, step: JsonStep): JsonNode | undefined {
  if (node.kind === 'array') return node.items[cell(node.items, step)];
  return step.kind === 'member' ? node.members.get(step.key) : undefined;
}

/** Index of a cell; -1: no cell of an array. */
function cell(items: readonly JsonNode[], step: JsonStep): number {
  if (step.kind === 'member') return -1;
  return step.fromLast ? items.length - 1 - step.index : step.index;
}
