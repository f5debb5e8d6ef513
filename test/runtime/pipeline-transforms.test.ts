import path from 'node:path';
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { PipelineConfig } from '../../src/config/pipeline-config.ts';
import { pipelineTransforms, transformProblems } from '../../src/runtime/pipeline-transforms.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { tombstone } from '../support/transform-records.ts';

const NO_CHUNKS = { load: () => Promise.resolve(new Map<string, never>()) };

function configOf(folder: string, source: Record<string, string>): PipelineConfig {
  return parsedPipeline({ source }, path.join(folder, 'p.yaml'));
}

test('no transforms, no chain', async () => {
  const { source, sinks } = await pipelineTransforms(configOf('/', {}), () => undefined, NO_CHUNKS);
  expect([source, sinks.size]).toEqual([null, 0]);
});

test('modules are found beside the pipeline file', async () => {
  await using folder = await temporaryFolder('transforms');
  const module = 'export const transform = () => (record) => ({ ...record, topic: "mine" });';
  writeFileSync(path.join(folder.path, 'mine.mjs'), module);
  const config = configOf(folder.path, { transforms: 'a', 'transforms.a.type': './mine.mjs' });
  const { source } = await pipelineTransforms(config, () => undefined, NO_CHUNKS);
  expect(source?.(tombstone())?.topic).toBe('mine');
  expect(await transformProblems(config)).toEqual([]);
});

test('what only making them tells is a problem with its section', async () => {
  const config = configOf('/', {
    transforms: 'a',
    'transforms.a.type': 'Cast$Value',
    'transforms.a.spec': 'x:y',
  });
  const [problem] = await transformProblems(config);
  expect(problem).toMatchObject({
    code: 'CONFIG_INVALID',
    message: 'source: transforms.a: spec: nothing can be cast to "y"',
  });
});
