import path from 'node:path';
import { expect, test } from 'vitest';
import { SINK_CLASSES, SOURCE_CLASSES } from '../../src/config/connector-classes.ts';
import { pipelineJsonSchema } from '../../src/config/pipeline-schema.ts';
import { referenceFiles } from '../support/reference-files.ts';

test('README and JSON Schema are as the tables say (npm run docs)', async () => {
  for (const { file, present, wanted } of await referenceFiles()) {
    expect(present, `${path.basename(file)} is out of date: npm run docs`).toBe(wanted);
  }
});

test('every class has its branch, with its own defaults', () => {
  const text = JSON.stringify(pipelineJsonSchema());
  for (const { names } of [...SOURCE_CLASSES, ...SINK_CLASSES]) {
    for (const name of names) expect(text).toContain(JSON.stringify(name));
  }
  const { properties } = pipelineJsonSchema() as { properties: { source: { allOf: Branch[] } } };
  const defaultsOf = (name: string) =>
    properties.source.allOf
      .map(({ then }) => then.properties[name]?.default)
      .filter((value) => value !== undefined);
  expect(defaultsOf('publication.autocreate.mode')).toEqual(['filtered', 'all_tables']);
  expect(defaultsOf('zero.date.handling.mode')).toEqual(['fail', 'null', 'fail', 'null']);
});

interface Branch {
  readonly then: { readonly properties: Readonly<Record<string, { readonly default?: string }>> };
}
