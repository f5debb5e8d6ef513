import { TidemarkError } from '../foundation/errors.ts';

/**
 * The names that a field option leads through. V1: the text is one name. V2 (KIP-821): dots part
 * names; backticks around a name protect its dots, and a backslash a backtick in it.
 */
export function fieldPath(text: string, nested: boolean): readonly string[] {
  if (!nested || !/[.`]/.test(text)) return [text];
  const names: string[] = [];
  let rest = text;
  for (;;) {
    if (!rest.startsWith('`')) {
      const dot = rest.indexOf('.');
      names.push(dot < 0 ? rest : rest.slice(0, dot));
      if (dot < 0) return names;
      rest = rest.slice(dot + 1);
      continue;
    }
    // A closing backtick stands before a dot or at the end.
    const quoted = /^`((?:\\`|[^`]|`(?!\.|$))*)`(\.|$)/.exec(rest);
    if (quoted === null) {
      throw new TidemarkError('CONFIG_INVALID', `field: a backtick of ${text} is not closed`);
    }
    names.push((quoted[1] ?? '').replaceAll('\\`', '`'));
    if (quoted[2] === '') return names;
    rest = rest.slice(quoted[0].length);
  }
}
