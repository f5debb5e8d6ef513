import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { renderErrorReference } from '../../src/cli/error-reference.ts';
import { renderOptionReference } from '../../src/config/option-reference.ts';
import { pipelineJsonSchema } from '../../src/config/pipeline-schema.ts';
import { renderTypeMapping } from './type-mapping-page.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface ReferenceFile {
  readonly file: string;
  readonly present: string;
  readonly wanted: string;
}

/** The files that follow from the tables in the source: as they are, and as they should be. */
export async function referenceFiles(): Promise<readonly ReferenceFile[]> {
  const readme = path.join(ROOT, 'README.md');
  const schema = path.join(ROOT, 'schemas/pipeline.schema.json');
  const types = path.join(ROOT, 'docs/type-mapping.md');
  const text = readFileSync(readme, 'utf8');
  const withOptions = between(text, 'options', renderOptionReference());
  const withErrors = between(withOptions, 'errors', renderErrorReference());
  return [
    { file: readme, present: text, wanted: await pretty(withErrors, readme) },
    {
      file: schema,
      present: readOrEmpty(schema),
      wanted: await pretty(JSON.stringify(pipelineJsonSchema()), schema),
    },
    {
      file: types,
      present: readOrEmpty(types),
      wanted: await pretty(renderTypeMapping(), types),
    },
  ];
}

/** Replaces what stands between the two markers of that name. */
function between(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`README.md lacks the markers ${begin} and ${end}`);
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
}

async function pretty(text: string, file: string): Promise<string> {
  return await format(text, { ...(await resolveConfig(file)), filepath: file });
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
