import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadableSourceOptions, loadedSourceOptions } from '../../src/runtime/column-converters.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const GOOD = `
  type Facts = { readonly name: string };
  export default (column: Facts, properties: Record<string, string>) =>
    column.name === 'x'
      ? { schema: { type: 'string' }, convert: (text: string) => text + properties.suffix }
      : null;
`;

async function folderWith(files: Readonly<Record<string, string>>): Promise<TemporaryFolder> {
  const folder = await temporaryFolder('converters');
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder.path, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  return folder;
}

function configOf(folder: string, source: Readonly<Record<string, unknown>>) {
  return parsedPipeline({ source }, path.join(folder, 'p.yaml'));
}

const FACTS = {
  name: 'x',
  database: 'shop',
  schema: 'public',
  table: 't',
  type: 'text',
  typeName: 'text',
  length: null,
  scale: null,
  optional: false,
  default: null,
};

describe('loading', () => {
  test('TypeScript beside the pipeline file, an absolute path, a package', async () => {
    const manifest = '{"name":"conv-pack","main":"./lib.mjs"}';
    const script = 'export default () => ({ schema: { type: "int32" }, convert: Number });';
    await using folder = await folderWith({
      'sub/good.ts': GOOD,
      'node_modules/conv-pack/package.json': manifest,
      'node_modules/conv-pack/lib.mjs': script,
    });
    for (const type of ['./sub/good.ts', path.join(folder.path, 'sub/good.ts')]) {
      const source = { converters: 'a', 'a.type': type, 'a.suffix': '!' };
      const options = await loadedSourceOptions(configOf(folder.path, source));
      expect(options.columnConversions?.of(FACTS)?.format.convert('y')).toBe('y!');
      expect(options.columnConversions?.of({ ...FACTS, name: 'z' })).toBeNull();
    }
    const source = { converters: 'a', 'a.type': 'conv-pack' };
    const options = await loadedSourceOptions(configOf(folder.path, source));
    expect(options.columnConversions?.of(FACTS)?.format.convert('12')).toBe(12);
  });

  test('without converters nothing is loaded, and the options say so', async () => {
    const options = await loadedSourceOptions(configOf('/', {}));
    expect(options.columnConversions).toBeUndefined();
  });
});

describe('what cannot be loaded', () => {
  test.each<[string, string, string]>([
    ['no such file', './none.ts', 'there is no file /'],
    ['no such package', 'no-such-package-at-all', 'there is no file /'],
    ['one that throws', './throws.ts', 'Error: not today'],
    ['one that is no TypeScript', './broken.ts', 'cannot be loaded'],
    ['one without a default export', './named.ts', 'it exports convert'],
    ['one that exports nothing', './empty.ts', 'it exports nothing'],
    ['one whose default is no function', './object.ts', 'no function as its default export'],
  ])('%s', async (_, type, reason) => {
    await using folder = await folderWith({
      'good.ts': GOOD,
      'throws.ts': `throw new Error('not today');`,
      'broken.ts': 'export default (=> ;',
      'named.ts': 'export const convert = () => null;',
      'empty.ts': 'export {};',
      'object.ts': 'export default {};',
    });
    const config = configOf(folder.path, { converters: 'a', 'a.type': type });
    const { problems, options } = await loadableSourceOptions(config);
    expect(problems).toEqual([
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('source: a.type: ') as string,
      }),
    ]);
    expect(problems[0]?.message).toContain(reason);
    expect(problems[0]?.message).toContain(path.basename(type));
    expect(options.columnConversions?.of(FACTS)).toBeNull();
    await expect(loadedSourceOptions(config)).rejects.toThrow(reason);
  });

  test('all of them at once', async () => {
    const source = { converters: 'a,b', 'a.type': './no-a.ts', 'b.type': './no-b.ts' };
    const config = configOf('/tmp', source);
    expect((await loadableSourceOptions(config)).problems).toHaveLength(2);
    await expect(loadedSourceOptions(config)).rejects.toThrow(/no-a[\s\S]*no-b/);
  });
});
