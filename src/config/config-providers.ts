import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** What `${…}` may refer to; a parameter so that tests bring their own environment. */
export interface ProviderContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Relative paths of `${file:…}` and `${dir:…}` start here. */
  readonly folder: string;
}

/** A text after its references were replaced. */
export interface ExpandedText {
  readonly text: string;
  /** True when a part came from a provider: such text is not repeated in messages. */
  readonly fromProvider: boolean;
  /** One sentence for each reference that could not be resolved. */
  readonly problems: readonly string[];
}

/** A secret is a line, not a file of megabytes: a wrong path shall not fill the memory. */
const SECRET_BYTES_MAX = 1024 * 1024;

const REFERENCE = /\$\{([a-z]+):([^}]*)\}/g;

/**
 * Replaces `${env:NAME}`, `${file:/path:key}` (a properties file) and `${dir:/path:file}` (one file
 * for each secret). Problems name the reference, never a value. Replaced text is not expanded
 * again: a password may contain `${`.
 */
export function expandReferences(text: string, context: ProviderContext): ExpandedText {
  const problems: string[] = [];
  let fromProvider = false;
  const expanded = text.replaceAll(REFERENCE, (_whole, provider: string, rest: string) => {
    fromProvider = true;
    try {
      return resolveReference(provider, rest, context);
    } catch (error) {
      if (!(error instanceof ReferenceProblem)) throw error;
      problems.push(error.message);
      return '';
    }
  });
  return { text: expanded, fromProvider, problems };
}

class ReferenceProblem extends Error {}

function resolveReference(provider: string, rest: string, context: ProviderContext): string {
  switch (provider) {
    case 'env':
      return resolveEnvironment(rest, context);
    case 'file':
      return resolveFileKey(rest, context);
    case 'dir':
    case 'directory':
      return resolveDirectory(rest, context);
    default:
      throw new ReferenceProblem(
        `\${${provider}:…} names no known provider; there are \${env:NAME}, \${file:/path:key} ` +
          'and ${dir:/path:file}',
      );
  }
}

function resolveEnvironment(name: string, context: ProviderContext): string {
  const value = context.environment[name];
  if (value === undefined)
    throw new ReferenceProblem(`the environment variable ${name} is not set`);
  return value;
}

function resolveFileKey(rest: string, context: ProviderContext): string {
  const [file, key] = splitReference(rest, '${file:/path:key}');
  const properties = parseProperties(readSecret(file, context));
  const value = properties.get(key);
  if (value === undefined) throw new ReferenceProblem(`the file ${file} has no key ${key}`);
  return value;
}

function resolveDirectory(rest: string, context: ProviderContext): string {
  const [folder, file] = splitReference(rest, '${dir:/path:file}');
  if (file.includes('/') || file === '..') {
    throw new ReferenceProblem(`${file} is not the name of a file in ${folder}`);
  }
  // Editors and `echo` end a file with a newline that is not part of the secret.
  return readSecret(path.join(folder, file), context).replace(/\r?\n$/, '');
}

function splitReference(rest: string, form: string): [string, string] {
  const at = rest.lastIndexOf(':');
  if (at < 1 || at === rest.length - 1) {
    throw new ReferenceProblem(`a reference must have the form ${form}`);
  }
  return [rest.slice(0, at), rest.slice(at + 1)];
}

function readSecret(file: string, context: ProviderContext): string {
  const absolute = path.resolve(context.folder, file);
  try {
    const { size } = statSync(absolute);
    if (size > SECRET_BYTES_MAX) throw new ReferenceProblem(`the file ${file} is larger than 1 MB`);
    return readFileSync(absolute, 'utf8');
  } catch (error) {
    if (error instanceof ReferenceProblem) throw error;
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new ReferenceProblem(`the file ${file} cannot be read (${reason})`);
  }
}

/** The part of Java's properties format that secrets use: `key=value`, `key: value`, comments. */
export function parseProperties(text: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*([^#!\s=:][^=:\s]*)\s*[=:\s]\s*(.*)$/.exec(line);
    if (match?.[1] !== undefined) properties.set(match[1], match[2] ?? '');
  }
  return properties;
}
