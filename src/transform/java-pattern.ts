import { TidemarkError } from '../foundation/errors.ts';

/** Java's regular expression; it also takes flags at the beginning, as in `(?i)abc`. */
export function javaPattern(property: string, text: string, whole: boolean): RegExp {
  const leading = /^\(\?([a-zA-Z]+)\)/.exec(text);
  const flags = [...(leading?.[1] ?? '')].filter((flag) => 'ims'.includes(flag)).join('');
  const source = leading === null ? text : text.slice(leading[0].length);
  try {
    return new RegExp(whole ? `^(?:${source})$` : source, flags);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new TidemarkError('CONFIG_INVALID', `${property}: ${reason}`, { cause });
  }
}

const KNOWN_MAX = 1000;

/** A rename by a pattern that has to match as a whole, as Java's `matches` and `replaceFirst`. */
export class JavaReplacement {
  readonly #whole: RegExp;
  readonly #first: RegExp;
  readonly #replacement: string;
  /** Topics come again with every record. */
  readonly #known = new Map<string, string | null>();

  constructor(property: string, pattern: string, replacement: string) {
    this.#whole = javaPattern(property, pattern, true);
    this.#first = javaPattern(property, pattern, false);
    this.#replacement = javaReplacement(replacement);
  }

  /** Null: it does not match. */
  apply(text: string): string | null {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    // The first match of its own may be shorter than the whole: what is behind it stays.
    const made = this.#whole.test(text) ? text.replace(this.#first, this.#replacement) : null;
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.set(text, made);
    return made;
  }
}

/** Java's `${name}` and `\$`, as JavaScript writes them; `$1` is the same. */
export function javaReplacement(text: string): string {
  return text
    .replaceAll(/\\([\s\S])/g, (_, char: string) => (char === '$' ? '$$' : char))
    .replaceAll(/\$\{(\w+)\}/g, '$<$1>');
}
