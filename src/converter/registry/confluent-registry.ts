import type { RegistrySettings } from '../../config/registry-options.ts';
import { BoundedCache } from '../../foundation/bounded-cache.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import { RegistryError } from '../../model/registry-error.ts';
import type { SchemaRegistry, SchemaType } from '../converter.ts';
import { isCompatibilityLevel } from './compatibility.ts';
import type { CompatibilityLevel } from './compatibility.ts';
import { jsonRulesAt } from './json-compatibility.ts';
import { judgeJsonSchema } from './json-verdict.ts';
import type { RegistryAnswer } from './registry-http.ts';
import { refusalOf, refused, RegistryHttp } from './registry-http.ts';
import type { EarlierVersion, SchemaVerdict } from './schema-verdict.ts';
import { describeChanges, describeJsonChanges, judgeSchema, sameLayout } from './schema-verdict.ts';

/** Told of each new version before it is registered; also of one that is forbidden. */
export type VerdictListener = (subject: string, verdict: SchemaVerdict) => void;

interface RegisteredSchema {
  readonly id: number;
  readonly version: number;
  readonly schema: string;
}

/**
 * A registry behind Confluent's REST API. A schema is looked up before it is registered, and judged
 * before that: what the level forbids is never sent (PITFALLS C37, C38). The same schema is asked
 * for once, also by callers that come at the same time.
 */
export class ConfluentRegistry implements SchemaRegistry {
  readonly #settings: RegistrySettings;
  readonly #http: RegistryHttp;
  readonly #onVerdict: VerdictListener;
  /** By subject, type and text. */
  readonly #ids: BoundedCache<string, number>;
  readonly #texts: BoundedCache<number, string>;
  readonly #flights = new Map<string, Promise<unknown>>();

  constructor(settings: RegistrySettings, onVerdict: VerdictListener = () => undefined) {
    this.#settings = settings;
    this.#http = new RegistryHttp(settings);
    this.#onVerdict = onVerdict;
    this.#ids = new BoundedCache(settings.cacheSize);
    this.#texts = new BoundedCache(settings.cacheSize);
  }

  /** For messages: where it is, without what is secret. */
  get address(): string {
    return this.#http.address;
  }

  async register(subject: string, schema: string, type: SchemaType = 'AVRO'): Promise<number> {
    const key = `${type} ${subject}\n${schema}`;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    return this.#once(key, async () => {
      const id = await this.#idOf(subject, schema, type);
      this.#ids.set(key, id);
      return id;
    });
  }

  async schemaById(id: number): Promise<string> {
    const known = this.#texts.get(id);
    if (known !== undefined) return known;
    return this.#once(`id ${id}`, async () => {
      const answer = await this.#http.request('GET', `schemas/ids/${id}`);
      if (answer.status !== 200) {
        const { code, message } = refusalOf(answer);
        throw new RegistryError(code, 'SCHEMA_UNKNOWN', `${message} (at ${this.address})`);
      }
      const text = textOf(answer, 'schema');
      this.#texts.set(id, text);
      return text;
    });
  }

  /** The level that holds for a subject: its own, else the global one (C36). */
  async compatibility(subject?: string): Promise<CompatibilityLevel> {
    if (subject !== undefined) {
      const own = await this.#http.request(
        'GET',
        `config/${encodeURIComponent(subject)}?defaultToGlobal=true`,
      );
      if (own.status === 200) return levelOf(own);
    }
    const global = await this.#http.request('GET', 'config');
    if (global.status === 200) return levelOf(global);
    throw refused('tell its compatibility level', global);
  }

  /** What registering the schema would change; null: nothing, or the subject is new. */
  async judge(subject: string, schema: string, type: SchemaType): Promise<SchemaVerdict | null> {
    const level = await this.compatibility(subject);
    if (type === 'JSON') return this.#judgeJson(subject, level, schema);
    return judgeSchema(level, schema, await this.earlierVersions(subject, level));
  }

  /** By our own rules, and then by the registry itself: products differ in theirs. */
  async #judgeJson(
    subject: string,
    level: CompatibilityLevel,
    schema: string,
  ): Promise<SchemaVerdict | null> {
    const earlier = await this.earlierVersions(subject, level);
    const latest = earlier.at(-1);
    if (latest === undefined) return null;
    const ours = judgeJsonSchema(level, schema, earlier, jsonRulesAt(this.#settings.urls));
    const path = `compatibility/subjects/${encodeURIComponent(subject)}/versions`;
    const which = level.endsWith('_TRANSITIVE') ? '' : '/latest';
    const body = content(schema, 'JSON');
    const answer = await this.#http.request('POST', `${path}${which}?verbose=true`, body);
    const { is_compatible: told } = (answer.body ?? {}) as Record<string, unknown>;
    const fits = told !== false;
    const isOurs = typeof told !== 'boolean' || (ours?.grade !== 'breaking') === fits;
    if (ours !== undefined && isOurs) return ours;
    const { version } = latest;
    const changes = ours?.changes ?? describeJsonChanges(latest.schema, schema);
    const what = changes.join('; ') || 'the schema changes';
    if (fits)
      return { grade: 'info', level, version, changes, text: `${what}: ${level} allows it` };
    const text = `${what}: ${level} forbids it (compared with version ${version})`;
    return { grade: 'breaking', level, version, changes, text };
  }

  /** The id under which the subject knows the schema already; null: it does not. */
  async lookup(subject: string, schema: string, type: SchemaType): Promise<number | null> {
    const answer = await this.#http.request('POST', this.#path(subject), content(schema, type));
    if (answer.status === 200) return numberOf(answer, 'id');
    // 40401 no such subject, 40403 not under it.
    if (answer.status === 404) return null;
    throw refused(`look a schema up in subject ${subject}`, answer);
  }

  /** What `register` would do, without doing it; throws what it would throw. */
  async preview(subject: string, schema: string, type: SchemaType = 'AVRO'): Promise<void> {
    await this.#known(subject, schema, type);
  }

  async #idOf(subject: string, schema: string, type: SchemaType): Promise<number> {
    const known = await this.#known(subject, schema, type);
    return typeof known === 'number' ? known : this.#add(subject, schema, type, known);
  }

  /** The id that the schema has, or what it changes if it may be registered. */
  async #known(
    subject: string,
    schema: string,
    type: SchemaType,
  ): Promise<number | SchemaVerdict | null> {
    const { autoRegister, useLatest } = this.#settings;
    if (!autoRegister && useLatest) return this.#latestId(subject, schema, type);
    const id = await this.lookup(subject, schema, type);
    if (id !== null) return id;
    if (!autoRegister) throw this.#missing(subject, await this.#latest(subject), schema, type);
    const verdict = await this.judge(subject, schema, type);
    if (verdict !== null) this.#onVerdict(subject, verdict);
    if (verdict?.grade === 'breaking') throw incompatible(subject, verdict.text);
    return verdict;
  }

  async #add(
    subject: string,
    schema: string,
    type: SchemaType,
    verdict: SchemaVerdict | null,
  ): Promise<number> {
    const path = this.#path(subject, '/versions');
    const answer = await this.#http.request('POST', path, content(schema, type));
    if (answer.status === 200) return numberOf(answer, 'id');
    // Somebody may have been quicker with the same schema.
    const other = await this.lookup(subject, schema, type);
    if (other !== null) return other;
    const { code, message } = refusalOf(answer);
    const changes = verdict === null ? '' : `${verdict.changes.join('; ')}: `;
    if (answer.status === 409) throw incompatible(subject, `${changes}${message}`);
    if (code === 42201) {
      throw new RegistryError(
        code,
        'SCHEMA_INVALID',
        `the schema registry takes the schema of subject ${subject} for invalid: ${message}`,
      );
    }
    throw refused(`register a schema under subject ${subject}`, answer);
  }

  async #latestId(subject: string, schema: string, type: SchemaType): Promise<number> {
    const latest = await this.#latest(subject);
    if (latest === null) throw this.#missing(subject, null, schema, type);
    // The bytes are made by our own schema: the latest has to have the same order and types.
    const fits = type === 'AVRO' ? sameLayout(latest.schema, schema) : latest.schema === schema;
    const strict = this.#settings.latestStrict && type === 'AVRO';
    const verdict = strict
      ? judgeSchema('FULL', schema, [{ version: latest.version, schema: latest.schema }])
      : null;
    if (fits && verdict?.grade !== 'breaking') return latest.id;
    throw this.#missing(subject, latest, schema, type);
  }

  #missing(
    subject: string,
    latest: RegisteredSchema | null,
    schema: string,
    type: SchemaType,
  ): TidemarkError {
    const told =
      latest === null
        ? 'the subject has no schema'
        : `its latest version, ${latest.version}, is another${differences(latest, schema, type)}`;
    return new TidemarkError(
      'REGISTRY_REFUSED',
      `subject ${subject} does not have the schema of these records: ${told}`,
      {
        cure:
          'Register the schema under that subject, or set auto.register.schemas to true. ' +
          `The schema is: ${schema}`,
      },
    );
  }

  async #latest(subject: string): Promise<RegisteredSchema | null> {
    return this.#version(subject, 'latest');
  }

  async #version(subject: string, version: number | 'latest'): Promise<RegisteredSchema | null> {
    const path = `subjects/${encodeURIComponent(subject)}/versions/${version}`;
    const answer = await this.#http.request('GET', path);
    if (answer.status === 404) return null;
    if (answer.status !== 200) throw refused(`show version ${version} of ${subject}`, answer);
    return {
      id: numberOf(answer, 'id'),
      version: numberOf(answer, 'version'),
      schema: textOf(answer, 'schema'),
    };
  }

  /** The versions that the level compares with, oldest first. */
  /** What a new schema is compared with under a level, oldest first. */
  async earlierVersions(
    subject: string,
    level: CompatibilityLevel,
  ): Promise<readonly EarlierVersion[]> {
    const latest = await this.#latest(subject);
    if (latest === null || !level.endsWith('_TRANSITIVE')) return latest === null ? [] : [latest];
    const path = `subjects/${encodeURIComponent(subject)}/versions`;
    const answer = await this.#http.request('GET', path);
    const numbers = Array.isArray(answer.body) ? (answer.body as readonly number[]) : [];
    const versions: EarlierVersion[] = [];
    for (const number of numbers) {
      const version = await this.#version(subject, number);
      // Deleted meanwhile.
      if (version !== null) versions.push(version);
    }
    return versions;
  }

  #path(subject: string, rest = ''): string {
    const normalize = this.#settings.normalize ? '?normalize=true' : '';
    return `subjects/${encodeURIComponent(subject)}${rest}${normalize}`;
  }

  #once<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const flying = this.#flights.get(key);
    if (flying !== undefined) return flying as Promise<T>;
    const flight = ask().finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }
}

/** Avro is the type that is not named: older registries know no other. */
function content(schema: string, type: SchemaType): Readonly<Record<string, string>> {
  return type === 'AVRO' ? { schema } : { schema, schemaType: type };
}

function differences({ schema: old }: RegisteredSchema, schema: string, type: SchemaType): string {
  const changes = type === 'AVRO' ? describeChanges(old, schema) : describeJsonChanges(old, schema);
  return changes.length === 0 ? ' in names, defaults or properties' : ` (${changes.join('; ')})`;
}

function incompatible(subject: string, text: string): RegistryError {
  return new RegistryError(
    409,
    'SCHEMA_INCOMPATIBLE',
    `the new schema of subject ${subject} is not compatible: ${text}`,
    {
      cure:
        `Undo the change of the table, or allow it: PUT /config/${encodeURIComponent(subject)} ` +
        'with {"compatibility":"NONE"}.',
    },
  );
}

function levelOf(answer: RegistryAnswer): CompatibilityLevel {
  const level = textOf(answer, 'compatibilityLevel');
  if (isCompatibilityLevel(level)) return level;
  throw new TidemarkError('REGISTRY_REFUSED', `${level} is not a compatibility level`);
}

function textOf(answer: RegistryAnswer, name: string): string {
  const value = (answer.body as Record<string, unknown> | null)?.[name];
  if (typeof value === 'string') return value;
  throw strange(name);
}

function numberOf(answer: RegistryAnswer, name: string): number {
  const value = (answer.body as Record<string, unknown> | null)?.[name];
  if (typeof value === 'number') return value;
  throw strange(name);
}

function strange(name: string): TidemarkError {
  return new TidemarkError(
    'REGISTRY_REFUSED',
    `an answer of the schema registry has no ${name}: it does not speak Confluent's API`,
  );
}
