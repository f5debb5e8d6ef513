import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Comment, Node, Program } from 'oxc-parser';
import { parseSync, Visitor } from 'oxc-parser';

/** The folder with package.json. */
export const ROOT = path.resolve(import.meta.dirname, '../..');

/** One import or re-export, with the path it names inside the repository if it is relative. */
export interface SourceImport {
  readonly specifier: string;
  /** Repository path of the file, when the specifier is relative. */
  readonly target: string | undefined;
  readonly line: number;
}

/** One function with a body. */
export interface SourceFunction {
  readonly line: number;
  readonly lines: number;
  /** Name of the function that it is an argument of: `describe`, `test` … */
  readonly argumentOf: string | undefined;
}

/** One source file, parsed. */
export interface SourceFile {
  /** Relative to the root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly program: Program;
  readonly comments: readonly Comment[];
  readonly imports: readonly SourceImport[];
  lineOf(offset: number): number;
}

/** Every .ts and .mjs file under the given folders. */
export function loadSources(...folders: string[]): SourceFile[] {
  return folders.flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|mjs)$/.test(name))
      .toSorted()
      .map((name) => parseFile(path.posix.join(folder, name))),
  );
}

function parseFile(file: string): SourceFile {
  return parseSource(file, readFileSync(path.join(ROOT, file), 'utf8'));
}

/** Parses text as if it were that file; the rules' own tests use it directly. */
export function parseSource(file: string, text: string): SourceFile {
  const { program, comments, errors, module } = parseSync(file, text);
  if (errors[0] !== undefined) throw new Error(`${file}: ${errors[0].message}`);
  const lineOf = lineCounter(text);
  const specifiers = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest),
    ...module.staticExports
      .flatMap(({ entries }) => entries)
      .flatMap(({ moduleRequest }) => (moduleRequest === null ? [] : [moduleRequest])),
  ].map(({ value, start }) => ({ value, start }));
  for (const { moduleRequest } of module.dynamicImports) {
    const literal = /^['"](.*)['"]$/.exec(text.slice(moduleRequest.start, moduleRequest.end));
    if (literal?.[1] !== undefined) {
      specifiers.push({ value: literal[1], start: moduleRequest.start });
    }
  }
  const imports = specifiers.map(({ value, start }) => ({
    specifier: value,
    target: value.startsWith('.')
      ? path.posix.normalize(path.posix.join(path.posix.dirname(file), value))
      : undefined,
    line: lineOf(start),
  }));
  return { path: file, text, lines: text.split('\n'), program, comments, imports, lineOf };
}

function lineCounter(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

/** Every function of a file that has a body, methods and callbacks included. */
export function functionsOf(file: SourceFile): SourceFunction[] {
  const found: SourceFunction[] = [];
  const argumentOf = new Map<Node, string>();
  const add = (node: Node): void => {
    const line = file.lineOf(node.start);
    const lines = file.lineOf(node.end) - line + 1;
    found.push({ line, lines, argumentOf: argumentOf.get(node) });
  };
  new Visitor({
    CallExpression(call) {
      const name = file.text.slice(call.callee.start, call.callee.end);
      for (const argument of call.arguments) argumentOf.set(argument, name);
    },
    FunctionDeclaration: add,
    FunctionExpression: add,
    ArrowFunctionExpression: add,
  }).visit(file.program);
  return found;
}

/** Something that the rules forbid, where it stands. */
export interface Finding {
  readonly line: number;
  readonly what: string;
}

/** Syntax that the house does not use: see the messages. */
export function forbiddenSyntax(file: SourceFile): Finding[] {
  const found: Finding[] = [];
  const add = (node: Node, what: string): void => {
    found.push({ line: file.lineOf(node.start), what });
  };
  new Visitor({
    TSAnyKeyword: (node) => add(node, '`any`: use `unknown` and narrow it'),
    TSEnumDeclaration: (node) => add(node, '`enum`: use a union of strings'),
    TSModuleDeclaration(node) {
      // `declare module 'x'` adds to a library's types, which is the one way to do it.
      if (node.id.type === 'Identifier') add(node, '`namespace`: use a file');
    },
    ExportDefaultDeclaration: (node) => add(node, 'default export: name it'),
    ExportAllDeclaration: (node) => add(node, '`export *`: import from the file itself'),
  }).visit(file.program);
  return found;
}

/** Uses of what belongs to one place of the program: timers, the console, the process. */
export function globalUses(file: SourceFile): { name: string; line: number }[] {
  const found: { name: string; line: number }[] = [];
  const timers = new Set(['setTimeout', 'setInterval', 'setImmediate']);
  new Visitor({
    CallExpression({ callee, start }) {
      if (callee.type === 'Identifier' && timers.has(callee.name)) {
        found.push({ name: callee.name, line: file.lineOf(start) });
      }
    },
    MemberExpression({ object, property, computed, start }) {
      if (computed || object.type !== 'Identifier' || property.type !== 'Identifier') return;
      const name = `${object.name}.${property.name}`;
      if (object.name === 'console' || /^process\.(exit|on|once|abort)$/.test(name)) {
        found.push({ name, line: file.lineOf(start) });
      }
    },
  }).visit(file.program);
  return found;
}

/** An exported class, interface or function. */
export interface ExportedDeclaration {
  readonly name: string;
  readonly line: number;
  /** Text of the doc comment right above it. */
  readonly doc: string | undefined;
}

/** The exports that need a doc comment. Of overloads the first carries it. */
export function documentedExports(file: SourceFile): ExportedDeclaration[] {
  const wanted = /^(Class|Function|TSInterface|TSDeclareFunction)/;
  const found = new Map<string, ExportedDeclaration>();
  for (const statement of file.program.body) {
    if (statement.type !== 'ExportNamedDeclaration' || statement.declaration === null) continue;
    const { declaration, start } = statement;
    if (!wanted.test(declaration.type) || !('id' in declaration)) continue;
    const { id } = declaration;
    const name = id?.type === 'Identifier' ? id.name : '';
    if (found.has(name)) continue;
    const above = file.comments.findLast((comment) => comment.end <= start);
    const adjacent = above !== undefined && file.text.slice(above.end, start).trim() === '';
    const doc = adjacent && above.value.startsWith('*') ? above.value : undefined;
    found.set(name, { name, line: file.lineOf(start), doc });
  }
  return [...found.values()];
}

/** True when the file has nothing to run: interfaces and types only. */
export function isTypesOnly(file: SourceFile): boolean {
  return file.program.body.every((statement) => {
    if (statement.type === 'ImportDeclaration') return statement.importKind === 'type';
    const inner = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    return inner === null || /^TS(Interface|TypeAlias)Declaration$/.test(inner.type);
  });
}

/** Every string literal of a file. */
export function stringLiterals(file: SourceFile): Set<string> {
  const found = new Set<string>();
  new Visitor({
    Literal(node) {
      if (typeof node.value === 'string') found.add(node.value);
    },
  }).visit(file.program);
  return found;
}
