/** What a line of JAAS says: a login module and its options. */
export interface JaasConfig {
  /** The last part of the class name. */
  readonly module: string;
  readonly options: Readonly<Record<string, string>>;
}

/** The text is no line of JAAS; the message repeats nothing of it, for it has a password. */
class JaasError extends Error {}

const MECHANISMS: Readonly<Record<string, string>> = {
  PLAIN: 'PlainLoginModule',
  'SCRAM-SHA-256': 'ScramLoginModule',
  'SCRAM-SHA-512': 'ScramLoginModule',
  OAUTHBEARER: 'OAuthBearerLoginModule',
};

const FLAGS: ReadonlySet<string> = new Set(['required', 'requisite', 'sufficient', 'optional']);

/** `class flag name="value" …;` as Java's tokenizer reads it: quotes of both kinds, escapes. */
export function parseJaasConfig(text: string): JaasConfig {
  const tokens = tokenize(text);
  const [module, flag, ...rest] = tokens;
  if (module?.kind !== 'word') throw new JaasError('must begin with the class of a login module');
  if (flag?.kind !== 'word' || !FLAGS.has(flag.text.toLowerCase()))
    throw new JaasError('must have the word required after the class');
  const options: Record<string, string> = {};
  let at = 0;
  for (; rest[at]?.kind === 'word'; at += 3) {
    const [name, equals, value] = [rest[at], rest[at + 1], rest[at + 2]];
    if (equals?.kind !== '=' || (value?.kind !== 'word' && value?.kind !== 'quoted'))
      throw new JaasError('must have a value for each option, as in username="me"');
    options[name?.text ?? ''] = value.text;
  }
  if (rest[at]?.kind !== ';') throw new JaasError('must end with a semicolon');
  if (rest.length > at + 1) throw new JaasError('must name one login module only');
  return { module: module.text.slice(module.text.lastIndexOf('.') + 1), options };
}

/** What is wrong with the text for the mechanism, as a sentence that follows its name. */
export function jaasProblem(text: string, mechanism: string): string | undefined {
  try {
    const { module, options } = parseJaasConfig(text);
    const wanted = MECHANISMS[mechanism] ?? '';
    // The module of OAuth is also what Strimzi and the cloud providers ship under other names.
    if (module !== wanted) return `has ${module}, and ${mechanism} needs ${wanted}`;
    if (mechanism === 'OAUTHBEARER') {
      const extension = Object.keys(options).find((name) => name.startsWith('extension_'));
      return extension === undefined ? undefined : `has ${extension}: extensions are not built`;
    }
    const missing = ['username', 'password'].find((name) => (options[name] ?? '') === '');
    return missing === undefined ? undefined : `has no ${missing}`;
  } catch (error) {
    if (error instanceof JaasError) return error.message;
    throw error;
  }
}

interface Token {
  readonly kind: 'word' | 'quoted' | '=' | ';';
  readonly text: string;
}

const SPACE = /\s/;

function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length;) {
    const char = text[at] ?? '';
    if (SPACE.test(char)) at++;
    else if (char === '=' || char === ';') {
      tokens.push({ kind: char, text: char });
      at++;
    } else if (char === '"' || char === "'") {
      const quoted = quotedFrom(text, at);
      tokens.push({ kind: 'quoted', text: quoted.text });
      at = quoted.end;
    } else {
      const word = /^[^\s=;"']+/.exec(text.slice(at))?.[0] ?? char;
      tokens.push({ kind: 'word', text: word });
      at += word.length;
    }
  }
  return tokens;
}

const ESCAPED: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  f: '\f',
  b: '\b',
  a: '\u0007',
  v: '\v',
};

function quotedFrom(text: string, start: number): { readonly text: string; readonly end: number } {
  const quote = text[start];
  let value = '';
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at] ?? '';
    if (char === quote) return { text: value, end: at + 1 };
    if (char !== '\\') {
      value += char;
      continue;
    }
    const octal = /^(?:[0-3][0-7]{2}|[0-7]{1,2})/.exec(text.slice(at + 1))?.[0];
    if (octal !== undefined) {
      value += String.fromCharCode(Number.parseInt(octal, 8));
      at += octal.length;
    } else {
      at++;
      const escaped = text[at] ?? '';
      value += ESCAPED[escaped] ?? escaped;
    }
  }
  throw new JaasError('has a quote that is not closed');
}
