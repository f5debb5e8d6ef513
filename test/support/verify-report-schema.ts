import { readFile } from 'node:fs/promises';
import path from 'node:path';
import Fastify from 'fastify';

/** What the report's schema says against a report; empty: nothing. */
export async function reportProblems(
  report: unknown,
  name = 'verify-report.schema.json',
): Promise<string> {
  const file = path.join(import.meta.dirname, '../../schemas', name);
  const schema = JSON.parse(await readFile(file, 'utf8')) as object;
  // Fastify brings a validator of its own; it is to change nothing of what it looks at.
  const customOptions = {
    removeAdditional: false,
    coerceTypes: false,
    useDefaults: false,
  } as const;
  const app = Fastify({ ajv: { customOptions } });
  app.post('/', { schema: { body: schema } }, (_request, reply) => reply.send({}));
  const payload = report as object;
  const { statusCode, body } = await app.inject({ method: 'POST', url: '/', payload });
  await app.close();
  return statusCode === 200 ? '' : body;
}
