import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { toTidemarkError } from '../foundation/errors.ts';
import { RegistryError } from '../model/registry-error.ts';
import type { SchemaRegistryService } from './schema-registry-service.ts';

/** What Confluent's clients send and expect. */
const CONTENT_TYPES = [
  'application/vnd.schemaregistry.v1+json',
  'application/vnd.schemaregistry+json',
  'application/octet-stream',
];
const REPLY_TYPE = 'application/vnd.schemaregistry.v1+json';
const MAX_VERSION = 2 ** 31 - 1;

interface Params {
  readonly subject: string;
  readonly version: string;
  readonly id: string;
}
type Query = Readonly<Record<string, string | undefined>>;
type Handler = (request: RegistryRequest) => unknown;

/** The parts of a request, checked; fastify has decoded the subject (PITFALLS C40). */
class RegistryRequest {
  readonly #request: FastifyRequest;

  constructor(request: FastifyRequest) {
    this.#request = request;
  }

  get subject(): string {
    return (this.#request.params as Params).subject;
  }

  get id(): number {
    const text = (this.#request.params as Params).id;
    if (/^[0-9]{1,10}$/.test(text)) return Number(text);
    throw new RegistryError(40403, 'SCHEMA_UNKNOWN', `Schema ${text} not found`);
  }

  /** `latest`, -1 (the same) or a number from 1. */
  get version(): number | 'latest' {
    const text = (this.#request.params as Params).version;
    if (text === 'latest' || text === '-1') return 'latest';
    const version = /^[0-9]{1,10}$/.test(text) ? Number(text) : 0;
    if (version >= 1 && version <= MAX_VERSION) return version;
    throw new RegistryError(
      42202,
      'SCHEMA_INVALID',
      `The specified version '${text}' is not a valid version id. Allowed values are between ` +
        '[1, 2^31-1] and the string "latest"',
    );
  }

  flag(name: string): boolean {
    return (this.#request.query as Query)[name] === 'true';
  }

  /** The schema of the body; only Avro without references is spoken. */
  get schema(): string {
    const { schema, schemaType, references } = this.#body;
    if (schemaType !== undefined && schemaType !== null && schemaType !== 'AVRO') {
      throw invalidSchema(
        `Invalid schema type ${JSON.stringify(schemaType)}: only AVRO is supported`,
      );
    }
    if (Array.isArray(references) && references.length > 0) {
      throw invalidSchema('Schema references are not supported');
    }
    if (typeof schema === 'string' && schema !== '') return schema;
    throw invalidSchema('Empty schema');
  }

  text(name: string): string {
    const value = this.#body[name];
    return typeof value === 'string' ? value : '';
  }

  get #body(): Readonly<Record<string, unknown>> {
    const body = this.#request.body;
    if (typeof body !== 'object' || body === null) throw invalidSchema('The body is not JSON');
    return body as Readonly<Record<string, unknown>>;
  }
}

function invalidSchema(message: string): RegistryError {
  return new RegistryError(42201, 'SCHEMA_INVALID', message);
}

/**
 * Confluent's schema registry REST API, version 1, over the embedded registry: other tools read and
 * write schemas through it. Register it as a fastify plugin (its parsers stay inside).
 */
export function registryRoutes(registry: SchemaRegistryService) {
  return async (server: FastifyInstance): Promise<void> => {
    server.addContentTypeParser(CONTENT_TYPES, { parseAs: 'string' }, (_request, body, done) => {
      try {
        done(null, body === '' ? null : JSON.parse(String(body)));
      } catch {
        done(invalidSchema('The body is not JSON'));
      }
    });
    server.setErrorHandler((error, _request, reply) => {
      sendError(reply, error);
    });
    subjectRoutes(server, registry);
    schemaRoutes(server, registry);
    configRoutes(server, registry);
    modeRoutes(server, registry);
    await Promise.resolve();
  };
}

function subjectRoutes(server: FastifyInstance, registry: SchemaRegistryService): void {
  server.get(
    '/subjects',
    answer((request) => {
      return registry.subjects(request.flag('deleted'));
    }),
  );
  server.get(
    '/subjects/:subject/versions',
    answer((request) => registry.versions(request.subject, request.flag('deleted'))),
  );
  server.post(
    '/subjects/:subject/versions',
    answer(async (request) => ({ id: await registry.register(request.subject, request.schema) })),
  );
  server.post(
    '/subjects/:subject',
    answer((request) => registry.lookup(request.subject, request.schema, request.flag('deleted'))),
  );
  server.delete(
    '/subjects/:subject',
    answer((request) => registry.deleteSubject(request.subject, request.flag('permanent'))),
  );
  server.get(
    '/subjects/:subject/versions/:version',
    answer((request) => {
      return registry.version(request.subject, request.version, request.flag('deleted'));
    }),
  );
  server.get(
    '/subjects/:subject/versions/:version/schema',
    answer((request) => {
      const found = registry.version(request.subject, request.version, request.flag('deleted'));
      return new RawJson(found.schema);
    }),
  );
  server.delete(
    '/subjects/:subject/versions/:version',
    answer((request) => {
      return registry.deleteVersion(request.subject, request.version, request.flag('permanent'));
    }),
  );
  for (const path of ['/versions', '/versions/:version']) {
    server.post(
      `/compatibility/subjects/:subject${path}`,
      answer((request) => {
        const wanted = path === '/versions' ? 'all' : request.version;
        const problems = registry.problems(request.subject, wanted, request.schema);
        const verdict = { is_compatible: problems.length === 0 };
        return request.flag('verbose') ? { ...verdict, messages: problems } : verdict;
      }),
    );
  }
}

function schemaRoutes(server: FastifyInstance, registry: SchemaRegistryService): void {
  server.get(
    '/schemas/types',
    answer(() => ['AVRO']),
  );
  server.get(
    '/schemas/ids/:id',
    answer(async (request) => ({ schema: await registry.schemaById(request.id) })),
  );
  server.get(
    '/schemas/ids/:id/schema',
    answer(async (request) => new RawJson(await registry.schemaById(request.id))),
  );
  server.get(
    '/schemas/ids/:id/versions',
    answer((request) => registry.versionsOfId(request.id)),
  );
  server.get(
    '/schemas/ids/:id/subjects',
    answer((request) => [
      ...new Set(registry.versionsOfId(request.id).map((version) => version.subject)),
    ]),
  );
}

function configRoutes(server: FastifyInstance, registry: SchemaRegistryService): void {
  server.get(
    '/config',
    answer(() => ({ compatibilityLevel: registry.compatibility() })),
  );
  server.put(
    '/config',
    answer(async (request) => {
      await registry.setCompatibility(undefined, request.text('compatibility'));
      return { compatibility: request.text('compatibility') };
    }),
  );
  server.delete(
    '/config',
    answer(async () => ({ compatibilityLevel: await registry.deleteCompatibility(undefined) })),
  );
  server.get(
    '/config/:subject',
    answer((request) => {
      const own = registry.ownCompatibility(request.subject);
      if (own === null && !request.flag('defaultToGlobal')) {
        throw new RegistryError(
          40408,
          'SCHEMA_UNKNOWN',
          `Subject '${request.subject}' does not have subject-level compatibility configured`,
        );
      }
      return { compatibilityLevel: own ?? registry.compatibility() };
    }),
  );
  server.put(
    '/config/:subject',
    answer(async (request) => {
      await registry.setCompatibility(request.subject, request.text('compatibility'));
      return { compatibility: request.text('compatibility') };
    }),
  );
  server.delete(
    '/config/:subject',
    answer(async (request) => ({
      compatibilityLevel: await registry.deleteCompatibility(request.subject),
    })),
  );
}

function modeRoutes(server: FastifyInstance, registry: SchemaRegistryService): void {
  server.get(
    '/mode',
    answer(() => ({ mode: registry.mode() })),
  );
  server.put(
    '/mode',
    answer(async (request) => {
      await registry.setMode(undefined, request.text('mode'));
      return { mode: request.text('mode') };
    }),
  );
  server.get(
    '/mode/:subject',
    answer((request) => {
      const own = registry.ownMode(request.subject);
      if (own === null && !request.flag('defaultToGlobal')) {
        throw new RegistryError(
          40409,
          'SCHEMA_UNKNOWN',
          `Subject '${request.subject}' does not have subject-level mode configured`,
        );
      }
      return { mode: own ?? registry.mode() };
    }),
  );
  server.put(
    '/mode/:subject',
    answer(async (request) => {
      await registry.setMode(request.subject, request.text('mode'));
      return { mode: request.text('mode') };
    }),
  );
}

/** Schema text that is sent as it stands, not quoted. */
class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

function answer(handler: Handler) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const result = await handler(new RegistryRequest(request));
    const text = result instanceof RawJson ? result.text : JSON.stringify(result);
    return reply.type(REPLY_TYPE).serializer(String).send(text);
  };
}

/** `{error_code, message}` with Confluent's code; 42201 is any schema that is not valid. */
function sendError(reply: FastifyReply, thrown: unknown): void {
  const error = toTidemarkError(thrown);
  const registryCode =
    error instanceof RegistryError ? error.registryCode : (OTHER_CODES[error.code] ?? 50001);
  const status = registryCode < 1000 ? registryCode : Math.floor(registryCode / 100);
  const body = JSON.stringify({ error_code: registryCode, message: error.message });
  void reply.status(status).type(REPLY_TYPE).serializer(String).send(body);
}

const OTHER_CODES: Readonly<Record<string, number>> = {
  SCHEMA_INVALID: 42201,
  RECORD_FORMAT: 42201,
};
