import { existsSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ERROR_TABLE } from '../src/foundation/error-table.ts';
import type { SourceFile } from './support/source-tree.ts';
import {
  documentedExports,
  forbiddenSyntax,
  functionsOf,
  globalUses,
  isTypesOnly,
  loadSources,
  parseSource,
  ROOT,
  stringLiterals,
} from './support/source-tree.ts';
import type { Exceptions } from './support/tidy-exceptions.ts';
import * as exceptions from './support/tidy-exceptions.ts';

/** Who may import whom: `src/ARCHITECTURE.md` explains the table. */
const MATRIX: Readonly<Record<string, readonly string[]>> = {
  foundation: [],
  model: ['foundation'],
  dialects: ['foundation', 'model'],
  config: ['foundation'],
  source: ['foundation', 'model', 'dialects', 'config'],
  envelope: ['foundation', 'model', 'schemas', 'config'],
  transform: ['foundation', 'model', 'config'],
  converter: ['foundation', 'model', 'config'],
  transport: ['foundation', 'config'],
  sink: ['foundation', 'model', 'dialects', 'config'],
  evolution: ['foundation', 'model', 'converter', 'config'],
  alert: ['foundation', 'model', 'config', 'transport'],
  rowpath: ['foundation', 'model', 'dialects', 'envelope', 'converter'],
  verify: ['foundation', 'model', 'dialects', 'config', 'source', 'sink'],
  runtime: [
    'foundation',
    'model',
    'dialects',
    'schemas',
    'config',
    'source',
    'envelope',
    'transform',
    'converter',
    'transport',
    'sink',
    'evolution',
    'alert',
    'rowpath',
    'verify',
  ],
  rest: ['foundation', 'model', 'config', 'evolution', 'runtime'],
  cli: ['foundation', 'model', 'config', 'evolution', 'runtime'],
  dashboard: ['foundation', 'model', 'config', 'evolution', 'runtime'],
  demo: ['foundation', 'model', 'dialects', 'config', 'evolution', 'runtime'],
  main: [
    'foundation',
    'model',
    'config',
    'evolution',
    'runtime',
    'rest',
    'cli',
    'dashboard',
    'demo',
  ],
  launcher: [],
};

/** The formatter never breaks an import of one name. */
const ONE_IMPORT = /^import (type )?\{ [A-Za-z_]+ \} from '[^']+';$/;
const BANNED_NAMES = /^(index|utils?|helpers?|common|misc|types)\.(ts|mjs)$/;

const shipped = loadSources('src', 'dialects');
const tests = loadSources('test');
const everything = [
  ...shipped,
  ...tests,
  parseSource('vitest.config.ts', readFileSync(path.join(ROOT, 'vitest.config.ts'), 'utf8')),
];
const typescript = shipped.filter((file) => file.path.endsWith('.ts'));

/** `src/source/x/y.ts` → `source`; `dialects/…` → `dialects`; `src/main.ts` → `main`. */
function folderOf(file: string): string {
  const [top, second = ''] = file.split('/');
  return top === 'src' ? second.replace(/\.ts$/, '') : (top ?? '');
}

/** What the families of sources share. */
const OF_ALL_SOURCES: readonly (string | undefined)[] = ['incremental', 'snapshot'];

/**
 * `source/postgres` for a file in it; undefined for files directly in `source/`, or shared. What
 * dialects share, too, lies directly in `dialects/`.
 */
function siblingOf(file: string): string | undefined {
  const [top, ...inside] = file.split('/');
  if (top === 'dialects') return inside.length > 1 ? inside[0] : undefined;
  const [folder, sibling, rest] = inside;
  if (folder === 'source' && OF_ALL_SOURCES.includes(sibling)) return undefined;
  return rest !== undefined && (folder === 'source' || folder === 'sink') ? sibling : undefined;
}

/** Runs a rule over files and takes off what the list excuses; useless excuses are findings too. */
function check(
  files: readonly SourceFile[],
  excused: Exceptions,
  rule: (file: SourceFile) => string[],
): string[] {
  const needed = new Set<string>();
  const findings = files.flatMap((file) => {
    const found = rule(file).map((what) => `${file.path}:${what}`);
    if (found.length > 0 && file.path in excused) {
      needed.add(file.path);
      return [];
    }
    return found;
  });
  const useless = Object.keys(excused).filter((name) => !needed.has(name));
  return [...findings, ...useless.map((name) => `${name}: the exception is no longer needed`)];
}

describe('imports', () => {
  test('obey the matrix', () => {
    const findings = check(shipped, {}, (file) => {
      const from = folderOf(file.path);
      const allowed = MATRIX[from];
      if (allowed === undefined) return [`1: folder ${from} is not in the matrix`];
      return file.imports.flatMap(({ target, line }) => {
        if (target === undefined) return [];
        const to = folderOf(target);
        if (to !== from) return allowed.includes(to) ? [] : [`${line}: ${from} imports ${to}`];
        const [ours, theirs] = [siblingOf(file.path), siblingOf(target)];
        const strangers = ours !== undefined && theirs !== undefined && ours !== theirs;
        return strangers ? [`${line}: ${from}/${ours} imports its sibling ${theirs}`] : [];
      });
    });
    expect(findings).toEqual([]);
  });

  test('form no cycle', () => {
    const byPath = new Map(shipped.map((file) => [file.path, file]));
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (name: string, trail: readonly string[]): void => {
      if (trail.includes(name))
        cycles.push([...trail.slice(trail.indexOf(name)), name].join(' → '));
      if (done.has(name) || trail.includes(name)) return;
      for (const { target } of byPath.get(name)?.imports ?? []) {
        if (target !== undefined) visit(target, [...trail, name]);
      }
      done.add(name);
    };
    for (const { path: name } of shipped) visit(name, []);
    expect(cycles).toEqual([]);
  });

  test('name files that exist, with their ending', () => {
    const findings = check(everything, {}, (file) =>
      file.imports.flatMap(({ target, line }) =>
        target === undefined || existsSync(path.join(ROOT, target)) ? [] : [`${line}: ${target}`],
      ),
    );
    expect(findings).toEqual([]);
  });

  test('name packages that package.json lists, and every listed one is used', () => {
    const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
      optionalDependencies: Record<string, string>;
    };
    const listed = { ...manifest.dependencies, ...manifest.optionalDependencies };
    const packageOf = (specifier: string): string =>
      specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/');
    const used = new Set<string>();
    const findings = check(shipped, {}, (file) =>
      file.imports.flatMap(({ specifier, line }) => {
        if (/^(\.|node:)/.test(specifier)) return [];
        used.add(packageOf(specifier));
        return packageOf(specifier) in listed ? [] : [`${line}: ${specifier} is not a dependency`];
      }),
    );
    const excused = exceptions.UNIMPORTED_PACKAGES;
    const unused = Object.keys(listed).filter((name) => !used.has(name) && !(name in excused));
    expect({ findings, unused }).toEqual({ findings: [], unused: [] });
  });

  test('of the launcher are builtins or its own files', () => {
    const launcher = shipped.filter((file) => folderOf(file.path) === 'launcher');
    expect(launcher.length).toBeGreaterThan(0);
    const findings = check(launcher, {}, (file) =>
      file.imports.flatMap(({ specifier, line }) =>
        /^(node:|\.\/)/.test(specifier) ? [] : [`${line}: ${specifier}`],
      ),
    );
    expect(findings).toEqual([]);
  });
});

describe('files', () => {
  test('have telling names in kebab-case', () => {
    const findings = check(everything, {}, (file) => {
      const name = path.posix.basename(file.path);
      if (BANNED_NAMES.test(name)) return [`1: ${name} says nothing about its content`];
      return /^[a-z0-9.-]+$/.test(name) ? [] : [`1: ${name} is not kebab-case`];
    });
    expect(findings).toEqual([]);
  });

  test('have at most 400 lines', () => {
    const findings = check(everything, exceptions.LONG_FILES, (file) =>
      file.lines.length - 1 > 400 ? [`1: ${file.lines.length - 1} lines`] : [],
    );
    expect(findings).toEqual([]);
  });

  test('have lines of at most 100 columns', () => {
    const findings = check(everything, exceptions.WIDE_LINES, (file) =>
      file.lines.flatMap((line, at) =>
        [...line].length > 100 && !ONE_IMPORT.test(line)
          ? [`${at + 1}: ${[...line].length} columns`]
          : [],
      ),
    );
    expect(findings).toEqual([]);
  });

  test('are imported by another, or are an entry', () => {
    const imported = new Set(shipped.flatMap((file) => file.imports.map(({ target }) => target)));
    const findings = check(typescript, exceptions.ENTRIES, (file) =>
      imported.has(file.path) ? [] : ['1: nothing that ships imports this file'],
    );
    expect(findings).toEqual([]);
  });

  test('have a test of the same name', () => {
    const names = tests.map((file) => file.path);
    const findings = check(typescript, exceptions.UNTESTED, (file) => {
      const stem = `test/${file.path.replace(/^src\//, '').replace(/\.ts$/, '')}.`;
      const has = names.some((name) => name.startsWith(stem) && name.endsWith('test.ts'));
      return has || isTypesOnly(file) ? [] : ['1: no test file'];
    });
    expect(findings).toEqual([]);
  });
});

describe('code', () => {
  test('has no any, enum, namespace, default export, export *', () => {
    const findings = check(everything, exceptions.DEFAULT_EXPORTS, (file) =>
      forbiddenSyntax(file).map(({ line, what }) => `${line}: ${what}`),
    );
    expect(findings).toEqual([]);
  });

  // Vitest and the compiler have parsers of their own, which take more.
  test('is what Node reads as it is', () => {
    const findings = check(typescript, {}, (file) => {
      try {
        stripTypeScriptTypes(file.text);
        return [];
      } catch (error) {
        return [`1: ${String(error)}`];
      }
    });
    expect(findings).toEqual([]);
  });

  test('silences neither compiler nor linter without a reason', () => {
    const findings = check(everything, {}, (file) =>
      file.comments.flatMap(({ value, start }) => {
        const bare = /^\s*(oxlint|eslint)-disable[\w-]*\s+[\w/@, -]+$/.test(value.trimEnd());
        const silences =
          /@ts-(ignore|nocheck|expect-error)/.test(value) || (bare && !/--/.test(value));
        return silences ? [`${file.lineOf(start)}:${value}`] : [];
      }),
    );
    expect(findings).toEqual([]);
  });

  test('uses timers, the console and the process only where they belong', () => {
    const findings = check(typescript, exceptions.GLOBALS, (file) => {
      const uses = globalUses(file).filter(
        ({ name }) => !(name.startsWith('console.') && file.path.startsWith('src/cli/')),
      );
      const modules = file.imports.filter(({ specifier }) => specifier.startsWith('node:timers'));
      return [
        ...uses.map(({ name, line }) => `${line}: ${name}`),
        ...modules.map(({ specifier, line }) => `${line}: ${specifier}`),
      ];
    });
    expect(findings).toEqual([]);
  });

  test('has functions of at most 70 lines', () => {
    const findings = check(everything, exceptions.LONG_FUNCTIONS, (file) =>
      functionsOf(file)
        .filter(
          ({ lines, argumentOf }) => lines > 70 && argumentOf?.startsWith('describe') !== true,
        )
        .map(({ line, lines }) => `${line}: a function of ${lines} lines`),
    );
    expect(findings).toEqual([]);
  });

  test('documents every exported class, interface and function with a sentence', () => {
    const findings = check(typescript, {}, (file) =>
      documentedExports(file).flatMap(({ name, line, doc }) => {
        if (doc === undefined) return [`${line}: ${name} has no doc comment`];
        const text = doc.replaceAll(/^[\s*]+/gm, ' ').trim();
        return /^[^a-z][\s\S]*[.:!?)]/.test(text) || /^`[\s\S]*[.:]/.test(text)
          ? []
          : [`${line}: the comment of ${name} does not begin with a sentence`];
      }),
    );
    expect(findings).toEqual([]);
  });

  test('has no test that does not run', () => {
    const findings = check(everything, {}, (file) => {
      if (file.path === 'test/tidy.test.ts') return [];
      const found = /\b(?:test|describe|it)\.(?:skip|skipIf|runIf|only|todo|fails)\b/.exec(
        file.text,
      );
      return found === null ? [] : [`${file.lineOf(found.index)}: ${found[0]}`];
    });
    expect(findings).toEqual([]);
  });

  test('leaves nothing to mend', () => {
    const findings = check(everything, {}, (file) =>
      file.comments.flatMap(({ value, start }) => {
        const open = /\b(FIXME|XXX)\b|\bTODO\b(?! ?\(#\d+\))/.exec(value);
        return open === null ? [] : [`${file.lineOf(start)}: ${open[0]}`];
      }),
    );
    expect(findings).toEqual([]);
  });
});

describe('the lock file', () => {
  interface LockedPackage {
    readonly version?: string;
    readonly resolved?: string;
    readonly optionalDependencies?: Readonly<Record<string, string>>;
  }
  const { packages } = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, LockedPackage>>;
  };

  test('has the optional packages of every platform (else: node .ci/complete-lock.mjs)', () => {
    const locked = new Set(
      Object.entries(packages).map(
        ([name, { version }]) => `${name.slice(name.lastIndexOf('node_modules/') + 13)}@${version}`,
      ),
    );
    const missing = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
      Object.entries(optionalDependencies)
        .map(([name, version]) => `${name}@${version}`)
        .filter((wanted) => /@\d/.test(wanted) && !locked.has(wanted)),
    );
    expect(missing).toEqual([]);
  });

  test('names no registry: which one is asked is for the machine to say', () => {
    expect(Object.values(packages).filter(({ resolved }) => resolved !== undefined)).toEqual([]);
  });
});

describe('error codes', () => {
  const codes = Object.keys(ERROR_TABLE);

  test('are each raised somewhere', () => {
    const raised = new Set(
      shipped
        .filter((file) => !/^src\/foundation\/(postgres-|mysql-)?error-table\.ts$/.test(file.path))
        .flatMap((file) => [...stringLiterals(file)]),
    );
    expect(codes.filter((code) => !raised.has(code))).toEqual([]);
  });

  test('are each in the README', () => {
    const readme = path.join(ROOT, 'README.md');
    const text = existsSync(readme) ? readFileSync(readme, 'utf8') : codes.join(' ');
    expect(codes.filter((code) => !text.includes(code))).toEqual([]);
  });
});
