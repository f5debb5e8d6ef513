import { expect, test } from 'vitest';
import {
  documentedExports,
  forbiddenSyntax,
  functionsOf,
  globalUses,
  isTypesOnly,
  parseSource,
} from './support/source-tree.ts';

// A checker that finds nothing passes on every tree: each rule is shown what it must find.

const parse = (text: string): ReturnType<typeof parseSource> => parseSource('src/model/a.ts', text);

test('imports of every kind are seen, with the file they name', () => {
  const file = parse(
    `import { a } from '../config/b.ts';\nimport type { C } from './c.ts';\n` +
      `export { d } from './d.ts';\nconst e = await import('./e.ts');\nimport pg from 'pg';`,
  );
  expect(file.imports.map(({ target, specifier }) => target ?? specifier).toSorted()).toEqual([
    'pg',
    'src/config/b.ts',
    'src/model/c.ts',
    'src/model/d.ts',
    'src/model/e.ts',
  ]);
});

test.each([
  ['let a: any;', '`any`'],
  ['const a = b as unknown as Map<string, any>;', '`any`'],
  ['enum A { B }', '`enum`'],
  ['namespace A { export const b = 1; }', '`namespace`'],
  ['export default 1;', 'default export'],
  [`export * from './b.ts';`, '`export *`'],
])('%s is forbidden', (text, what) => {
  expect(forbiddenSyntax(parse(text)).map((finding) => finding.what)).toEqual([
    expect.stringContaining(what),
  ]);
});

test('a comment or a string that speaks of them is not', () => {
  const file = parse(`/* any enum */ const a = 'export default any'; declare module 'x' {}`);
  expect(forbiddenSyntax(file)).toEqual([]);
  expect(globalUses(parse(`const a = 'setTimeout()'; clock.setTimeout(1);`))).toEqual([]);
});

test('timers, console and process are found', () => {
  const file = parse(`setTimeout(f, 1);\nconsole.log(1);\nprocess.exit(1);\nprocess.once('x', f);`);
  expect(globalUses(file).map(({ name, line }) => `${line} ${name}`)).toEqual([
    '1 setTimeout',
    '2 console.log',
    '3 process.exit',
    '4 process.once',
  ]);
});

test('functions are measured from their first to their last line', () => {
  const file = parse(`describe('x', () => {\n  class A {\n    m(): void {\n    }\n  }\n});`);
  expect(functionsOf(file)).toEqual([
    { line: 1, lines: 6, argumentOf: 'describe' },
    { line: 3, lines: 2, argumentOf: undefined },
  ]);
});

test('only a doc comment right above an export counts', () => {
  const file = parse(
    `/** Yes. */\nexport function a(): void {}\n// no\nexport class B {}\nexport interface C {}\n`,
  );
  expect(documentedExports(file).map(({ name, doc }) => [name, doc !== undefined])).toEqual([
    ['a', true],
    ['B', false],
    ['C', false],
  ]);
});

test('a file of types has nothing to run', () => {
  expect(isTypesOnly(parse(`import type { A } from './a.ts';\nexport type B = A;`))).toBe(true);
  expect(isTypesOnly(parse(`export type B = 1;\nexport const b = 1;`))).toBe(false);
});
