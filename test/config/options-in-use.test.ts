import type { Expression, SpreadElement } from 'oxc-parser';
import { Visitor } from 'oxc-parser';
import { expect, test } from 'vitest';
import { SINK_CLASSES, SOURCE_CLASSES } from '../../src/config/connector-classes.ts';
import { CONNECT_TRANSFORMS, PREDICATES } from '../../src/config/connect-transform-options.ts';
import { DEBEZIUM_TRANSFORMS } from '../../src/config/debezium-transform-options.ts';
import { HTTP_OPTIONS } from '../../src/config/http-options.ts';
import type { Option } from '../../src/config/option.ts';
import { RUNTIME_OPTIONS } from '../../src/config/runtime-options.ts';
import { transportTable } from '../../src/config/transport-options.ts';
import type { SourceFile } from '../support/source-tree.ts';
import { loadSources, parseSource } from '../support/source-tree.ts';

/** Options that no call names, and what makes them work all the same. */
const OTHERWISE: Readonly<Record<string, string>> = {
  'column.mask.with.<N>.chars': 'column-mask-options.ts takes the names apart',
  'column.mask.hash.<algorithm>.with.salt.<salt>': 'column-mask-options.ts takes the names apart',
  'column.truncate.to.<N>.chars': 'column-mask-options.ts takes the names apart',
  'transforms.<name>.<property>': 'transform-options.ts asks for all that begin so',
  'predicates.<name>.<property>': 'transform-options.ts asks for all that begin so',
  'connection.<property>': 'jdbc-sink-connection-options.ts asks for all that begin so',
};

/** Calls that make rules or texts: they read an option, or name it, and do nothing with it. */
const RULES = new Set([
  'clientKeyRule',
  'exclusive',
  'needsStream',
  'renamedTo',
  'replacementRule',
]);

/** The names that arguments of calls give, as forms: what is put into a template is any text. */
function namesInCalls(file: SourceFile): Set<string> {
  const constants = new Map<string, string>();
  const found = new Set<string>();
  const read = (node: Expression | SpreadElement): void => {
    if (node.type === 'ConditionalExpression') {
      read(node.consequent);
      read(node.alternate);
    } else if (node.type === 'Literal' && typeof node.value === 'string') {
      found.add(node.value);
    } else if (node.type === 'Identifier') {
      found.add(constants.get(node.name) ?? '');
    } else if (node.type === 'TemplateLiteral') {
      const put = node.expressions.map((part) =>
        part.type === 'Identifier' ? (constants.get(part.name) ?? '*') : '*',
      );
      found.add(node.quasis.map(({ value }, at) => `${value.raw}${put[at] ?? ''}`).join(''));
    }
  };
  new Visitor({
    VariableDeclarator({ id, init }) {
      if (id.type !== 'Identifier' || init?.type !== 'Literal') return;
      if (typeof init.value === 'string') constants.set(id.name, init.value);
    },
  }).visit(file.program);
  new Visitor({
    CallExpression({ callee, arguments: given }) {
      if (callee.type === 'Identifier' && RULES.has(callee.name)) return;
      for (const argument of given) read(argument);
    },
  }).visit(file.program);
  return found;
}

function isForm(form: string, name: string): boolean {
  const parts = form.split('*');
  // Of a form without text every name would be.
  if (parts.join('').length < 5) return form === name;
  return new RegExp(`^${parts.map((part) => RegExp.escape(part)).join('.+')}$`).test(name);
}

/** An option that allows one value needs nobody to read it. */
function hasChoice({ type, status = 'supported' }: Option): boolean {
  return status === 'supported' && (type.kind !== 'enum' || type.values.length > 1);
}

/** Properties of a client are asked for without what stands before them. */
function ownName({ name, listedAs }: Option): string {
  return listedAs === undefined ? name : name.slice(listedAs.indexOf('<'));
}

function unused(options: readonly Option[], files: readonly SourceFile[]): string[] {
  const forms = [...new Set(files.flatMap((file) => [...namesInCalls(file)]))];
  const names = new Set(options.filter(hasChoice).map(ownName));
  return [...names].filter((name) => !forms.some((form) => isForm(form, name)));
}

const sources = loadSources('src').filter(({ path }) => !path.startsWith('src/demo/'));

test('every option of a section is read somewhere, or stands here with its reason', () => {
  const tables = [...SOURCE_CLASSES, ...SINK_CLASSES].flatMap(({ options }) => options);
  const transports = [transportTable('embedded'), transportTable('kafka')];
  const sections = [...HTTP_OPTIONS, ...RUNTIME_OPTIONS, ...transports.flatMap((t) => t.options)];
  // Names of transforms' options are short; they are looked for where transforms are.
  const files = sources.filter(
    ({ path }) => !/^src\/(transform\/|config\/\w+-transform-options|config\/option)/.test(path),
  );
  expect(unused([...tables, ...sections], files).toSorted()).toEqual(
    Object.keys(OTHERWISE).toSorted(),
  );
});

test('every option of a transform is read by one', () => {
  const all = { ...CONNECT_TRANSFORMS, ...DEBEZIUM_TRANSFORMS, ...PREDICATES };
  const options = Object.values(all).flatMap((transform) => transform.options);
  const files = sources.filter(({ path }) => /^src\/(transform|runtime)\//.test(path));
  // Of a transform of events that PostgreSQL does not have.
  expect(unused(options, files)).toEqual(['schema.change.event.exclude.list']);
});

test('what no call names is found', () => {
  const option = (name: string, values: readonly string[]): Option => ({
    name,
    type: { kind: 'enum', values },
    doc: '',
  });
  const names = ['a.one', 'a.two', 'part.three', 'side.converter', 'never'];
  const options = [...names.map((name) => option(name, ['x', 'y'])), option('single', ['x'])];
  const file = parseSource(
    'x.ts',
    `const ONE = 'a.one'; const P = 'part'; const T = { name: 'never' };
     f(ONE); f(x ? 'a.two' : 'b'); f(\`\${P}.three\`); f(\`\${side}.converter\`); f(\`\${all}\`);
     exclusive('never', 'single');`,
  );
  expect(unused(options, [file])).toEqual(['never']);
});
