/** `collection.naming.style`, `column.naming.style`. */
export type NamingStyle = 'default' | 'snake_case' | 'camel_case' | 'upper_case' | 'lower_case';

/** What an option's value has in front of a name, behind it, and how it writes the name itself. */
export interface NameParts {
  readonly prefix: string;
  readonly suffix: string;
  readonly style: NamingStyle;
}

/** A name in a style, as Debezium's NamingStyleUtils and Strings make it. */
export function styledName(name: string, { prefix, suffix, style }: NameParts): string {
  return `${prefix}${STYLES[style](name)}${suffix}`;
}

const STYLES: Readonly<Record<NamingStyle, (name: string) => string>> = {
  default: (name) => name,
  snake_case: (name) => name.replaceAll(WORD_END, '$1$3$5_$2$4$6').toLowerCase(),
  camel_case: camelCase,
  upper_case: (name) => name.toUpperCase(),
  lower_case: (name) => name.toLowerCase(),
};

/** Only ASCII letters begin a word, and a run of capitals is one. */
const WORD_END = /([a-z])([A-Z])|([a-zA-Z])([0-9])|([0-9])([a-zA-Z])|\./g;

/** A leading dot or underscore makes an empty first word, so that the next one has a capital. */
function camelCase(name: string): string {
  return name
    .split(/[._]+/)
    .map((word, i) => (i === 0 ? word.toLowerCase() : capitalized(word)))
    .join('');
}

/** Java's upper case of a single character is one character: ß stays. */
function capitalized(word: string): string {
  const first = word.charAt(0);
  const upper = first.toUpperCase();
  return (upper.length === 1 ? upper : first) + word.slice(1).toLowerCase();
}
