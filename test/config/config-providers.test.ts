import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { expandReferences, parseProperties } from '../../src/config/config-providers.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-providers-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(path.join(folder, 'db.properties'), '# secrets\npassword = s3:cr=et \nuser=me\n');
writeFileSync(path.join(folder, 'token'), 'abc\n');

const context = { environment: { NAME: 'value', TRICKY: '${env:NAME}', EMPTY: '' }, folder };

test.each([
  ['plain', 'plain', false],
  ['a ${env:NAME} b', 'a value b', true],
  ['${file:db.properties:password}', 's3:cr=et ', true],
  [`\${file:${folder}/db.properties:user}`, 'me', true],
  ['${dir:.:token}', 'abc', true],
  [`\${directory:${folder}:token}`, 'abc', true],
  ['${env:EMPTY}', '', true],
  // What a provider gives is not looked at again: a password may contain anything.
  ['${env:TRICKY}', '${env:NAME}', true],
  // Placeholders of table names are no references.
  ['${source.schema}.${topic}', '${source.schema}.${topic}', false],
])('%s', (text, expected, fromProvider) => {
  expect(expandReferences(text, context)).toEqual({ text: expected, fromProvider, problems: [] });
});

test.each([
  ['${env:MISSING}', 'the environment variable MISSING is not set'],
  ['${file:db.properties:nothing}', 'the file db.properties has no key nothing'],
  ['${file:absent.properties:a}', 'the file absent.properties cannot be read (ENOENT)'],
  ['${file:db.properties}', 'a reference must have the form ${file:/path:key}'],
  ['${dir:.:../token}', '../token is not the name of a file in .'],
  ['${vault:a:b}', '${vault:…} names no known provider'],
])('%s cannot be resolved', (text, problem) => {
  const { problems } = expandReferences(text, context);
  expect(problems).toEqual([expect.stringContaining(problem)]);
});

test('all references of a text are tried', () => {
  expect(expandReferences('${env:A}${env:B}', context).problems).toHaveLength(2);
});

test('a properties file', () => {
  const text = '! comment\n\nuser: me\npassword=a = b\r\nempty=\n';
  expect([...parseProperties(text)]).toEqual([
    ['user', 'me'],
    ['password', 'a = b'],
    ['empty', ''],
  ]);
});
