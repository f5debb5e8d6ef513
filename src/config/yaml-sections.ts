import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
  type YAMLError,
} from 'yaml';
import { TidemarkError } from '../foundation/errors.ts';

/** A map of the file: its values as text, and where each name stands. */
export interface YamlSection {
  readonly values: Readonly<Record<string, unknown>>;
  readonly lineOf: ReadonlyMap<string, number>;
}

/**
 * A pipeline file as nodes with line numbers. All scalars stay the text that was written: the
 * option tables decide about types, and a password of digits keeps its leading zero.
 */
export class YamlSections {
  readonly #document: Document;
  readonly #lines: LineCounter;
  readonly #file: string;

  /** Throws CONFIG_SYNTAX with line, column and the line itself, without its secrets. */
  constructor(text: string, file: string) {
    this.#file = file;
    this.#lines = new LineCounter();
    this.#document = parseDocument(text, {
      schema: 'failsafe',
      lineCounter: this.#lines,
      prettyErrors: false,
    });
    const error = this.#document.errors[0];
    if (error !== undefined) throw syntaxError(text, file, error, this.#lines);
    visit(this.#document, {
      Alias: (_key, node) => {
        if (node.resolve(this.#document) !== undefined) return;
        throw this.#syntax(
          text,
          node.range?.[0] ?? 0,
          'an alias without its anchor; quote the text',
        );
      },
    });
  }

  /** The top-level map. Throws CONFIG_SYNTAX when the file is not a map. */
  root(): ReadonlyMap<string, Node | null> {
    const { contents } = this.#document;
    if (contents === null) return new Map();
    const entries = this.entries(contents);
    if (entries !== undefined) return entries;
    throw new TidemarkError('CONFIG_SYNTAX', `${this.#file} is not a map of sections`);
  }

  /** All of the file as one node. */
  contents(): Node | null {
    return this.#document.contents;
  }

  /** The nodes of a map by name, or undefined when the node is none. */
  entries(node: Node | null): ReadonlyMap<string, Node | null> | undefined {
    const entries = node === null ? [] : this.#entries(node);
    return entries && new Map(entries.map(({ name, value }) => [name, value]));
  }

  /** A map's values, or undefined when the node is none. An empty node is an empty section. */
  section(node: Node | null): YamlSection | undefined {
    const entries = isEmpty(node) ? [] : this.#entries(node as Node);
    if (entries === undefined) return undefined;
    return {
      values: Object.fromEntries(
        entries.map(({ name, value }) => [name, value?.toJS(this.#document) as unknown]),
      ),
      lineOf: new Map(entries.map(({ name, line }) => [name, line])),
    };
  }

  /** A list's items, or undefined when the node is none. An empty node is an empty list. */
  items(node: Node | null): readonly (Node | null)[] | undefined {
    if (isEmpty(node)) return [];
    const resolved = this.#resolve(node);
    return isSeq(resolved) ? (resolved.items as (Node | null)[]) : undefined;
  }

  text(node: Node | null): string | undefined {
    const resolved = node === null ? null : this.#resolve(node);
    return isScalar(resolved) ? String(resolved.value) : undefined;
  }

  line(node: Node | null): number | undefined {
    return node?.range === undefined || node.range === null
      ? undefined
      : this.#lineAt(node.range[0]);
  }

  #entries(node: Node): { name: string; value: Node | null; line: number }[] | undefined {
    const resolved = this.#resolve(node);
    if (!isMap(resolved)) return undefined;
    return resolved.items.map((pair) => {
      const key = pair.key as Node;
      return {
        name: isScalar(key) ? String(key.value) : String(key),
        value: pair.value as Node | null,
        line: this.#lineAt(key.range?.[0] ?? 0),
      };
    });
  }

  #resolve(node: Node | null): Node | null | undefined {
    return isAlias(node) ? node.resolve(this.#document) : node;
  }

  #lineAt(offset: number): number {
    return this.#lines.linePos(offset).line;
  }

  #syntax(text: string, offset: number, what: string): TidemarkError {
    return excerptError(text, this.#file, this.#lines.linePos(offset), what);
  }
}

function isEmpty(node: Node | null): boolean {
  return node === null || (isScalar(node) && (node.value === null || node.value === ''));
}

function syntaxError(
  text: string,
  file: string,
  error: YAMLError,
  lines: LineCounter,
): TidemarkError {
  // The library's sentence may repeat text of the file after a colon.
  const what = error.message.split(/[:\n]/, 1)[0] ?? 'not valid YAML';
  return excerptError(text, file, lines.linePos(error.pos[0]), what);
}

function excerptError(
  text: string,
  file: string,
  at: { readonly line: number; readonly col: number },
  what: string,
): TidemarkError {
  const line = text.split('\n')[at.line - 1]?.replace(/\r$/, '') ?? '';
  const shown = withoutSecrets(line).slice(0, 100);
  const caret = `${' '.repeat(Math.min(at.col - 1, shown.length))}^`;
  const excerpt = shown.trim() === '' ? '' : `\n  ${shown}\n  ${caret}`;
  return new TidemarkError('CONFIG_SYNTAX', `${file}:${at.line}:${at.col}: ${what}${excerpt}`);
}

/** What follows a name that sounds like a secret, and passwords in URLs, become `***`. */
function withoutSecrets(line: string): string {
  return line
    .replace(
      /((?:password|secret|token|salt|credential|passphrase|key)\w*["']?\s*:\s*).+$/i,
      '$1***',
    )
    .replace(/(:\/\/[^:/\s]*:).*@/, '$1***@');
}
