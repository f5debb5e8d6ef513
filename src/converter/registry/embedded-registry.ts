import { TidemarkError } from '../../foundation/errors.ts';
import { RegistryError } from '../../model/registry-error.ts';
import { normalizedAvroText, parseAvroType } from '../avro-type.ts';
import type { SchemaRegistry } from '../converter.ts';
import {
  compatibilityProblems,
  DEFAULT_COMPATIBILITY,
  isCompatibilityLevel,
} from './compatibility.ts';
import type { CompatibilityLevel } from './compatibility.ts';

/** Where the registry keeps its documents: the transport's DocumentStore has this shape. */
export interface RegistryStorage {
  get(collection: string, key: string): string | null;
  entries(collection: string): readonly { readonly key: string; readonly value: string }[];
  /** All writes or none; durable when resolved. */
  write(writes: readonly RegistryWrite[]): Promise<void>;
}

interface RegistryWrite {
  readonly collection: string;
  readonly key: string;
  readonly value: string | null;
}

/** One version of a subject, with its schema. */
export interface SubjectVersion {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  readonly schema: string;
}

export type RegistryMode = 'READWRITE' | 'READONLY' | 'READONLY_OVERRIDE' | 'IMPORT';

interface VersionEntry {
  readonly version: number;
  readonly id: number;
  readonly deleted?: true;
}

interface ConfigEntry {
  readonly compatibility?: CompatibilityLevel;
  readonly mode?: RegistryMode;
}

const SCHEMAS = 'registry.schemas';
const SUBJECTS = 'registry.subjects';
const CONFIG = 'registry.config';
/** Key of the global settings; no subject can be empty. */
const GLOBAL = '';

/**
 * Confluent's registry over the embedded store: ids are global and dense, one schema has one id in
 * all subjects, versions count per subject. State is only in the documents; an id is handed out
 * after the write that makes it durable (no record may name an id that a crash forgets). Ids of
 * deleted versions stay readable: records in the log may still name them.
 */
export class EmbeddedRegistry implements SchemaRegistry {
  readonly #storage: RegistryStorage;
  /** Ids by normalized text; filled at the first registration. */
  #ids: Map<string, number> | null = null;
  /** Changes run one after the other: two new schemas must not take the same id. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(storage: RegistryStorage) {
    this.#storage = storage;
  }

  register(subject: string, schema: string): Promise<number> {
    return this.#exclusive(() => this.#register(subject, schema));
  }

  async #register(subject: string, schema: string): Promise<number> {
    parseAvroType(schema);
    const text = normalizedAvroText(schema);
    const versions = this.#versions(subject);
    const live = versions.filter((entry) => entry.deleted !== true);
    const known = this.#idsByText().get(text);
    if (known !== undefined && live.some((entry) => entry.id === known)) return known;
    this.#requireWritable(subject);
    const existing = live.map((entry) => this.#text(entry.id));
    const problems = compatibilityProblems(this.compatibility(subject), text, existing);
    if (problems.length > 0) throw this.#incompatible(subject, problems);
    const id = known ?? this.#nextId();
    const version = (versions.at(-1)?.version ?? 0) + 1;
    const writes: RegistryWrite[] = [this.#subjectWrite(subject, [...versions, { version, id }])];
    if (known === undefined) writes.push({ collection: SCHEMAS, key: String(id), value: text });
    await this.#storage.write(writes);
    this.#idsByText().set(text, id);
    return id;
  }

  schemaById(id: number): Promise<string> {
    const text = this.#storage.get(SCHEMAS, String(id));
    if (text !== null) return Promise.resolve(text);
    return Promise.reject(new RegistryError(40403, 'SCHEMA_UNKNOWN', `Schema ${id} not found`));
  }

  subjects(withDeleted = false): readonly string[] {
    return this.#storage
      .entries(SUBJECTS)
      .filter(({ value }) => parseVersions(value).some((entry) => shows(entry, withDeleted)))
      .map(({ key }) => key)
      .toSorted();
  }

  versions(subject: string, withDeleted = false): readonly number[] {
    return this.#existing(subject, withDeleted).map((entry) => entry.version);
  }

  version(subject: string, wanted: number | 'latest', withDeleted = false): SubjectVersion {
    const entries = this.#existing(subject, withDeleted);
    const entry =
      wanted === 'latest' ? entries.at(-1) : entries.find(({ version }) => version === wanted);
    if (entry === undefined) {
      throw new RegistryError(40402, 'SCHEMA_UNKNOWN', `Version ${wanted} not found.`);
    }
    return { subject, version: entry.version, id: entry.id, schema: this.#text(entry.id) };
  }

  /** The version under which the subject knows the schema. */
  lookup(subject: string, schema: string, withDeleted = false): SubjectVersion {
    parseAvroType(schema);
    const entries = this.#existing(subject, withDeleted);
    const id = this.#idsByText().get(normalizedAvroText(schema));
    const entry = entries.find((candidate) => candidate.id === id);
    if (entry === undefined) throw new RegistryError(40403, 'SCHEMA_UNKNOWN', 'Schema not found');
    return { subject, version: entry.version, id: entry.id, schema: this.#text(entry.id) };
  }

  versionsOfId(id: number): readonly { readonly subject: string; readonly version: number }[] {
    if (this.#storage.get(SCHEMAS, String(id)) === null) {
      throw new RegistryError(40403, 'SCHEMA_UNKNOWN', `Schema ${id} not found`);
    }
    return this.#storage.entries(SUBJECTS).flatMap(({ key, value }) =>
      parseVersions(value)
        .filter((entry) => entry.id === id && entry.deleted !== true)
        .map(({ version }) => ({ subject: key, version })),
    );
  }

  deleteSubject(subject: string, permanent = false): Promise<readonly number[]> {
    return this.#exclusive(async () => {
      this.#requireWritable(subject);
      const entries = this.#existing(subject, permanent);
      if (permanent && entries.some((entry) => entry.deleted !== true)) {
        throw new RegistryError(
          40405,
          'SCHEMA_UNKNOWN',
          `Subject '${subject}' was not deleted first before being permanently deleted`,
        );
      }
      const left = permanent
        ? []
        : this.#versions(subject).map((entry) => ({ ...entry, deleted: true as const }));
      await this.#storage.write([
        this.#subjectWrite(subject, left),
        { collection: CONFIG, key: subject, value: null },
      ]);
      return entries.map((entry) => entry.version);
    });
  }

  deleteVersion(subject: string, wanted: number | 'latest', permanent = false): Promise<number> {
    return this.#exclusive(async () => {
      this.#requireWritable(subject);
      const { version } = this.version(subject, wanted, permanent);
      const entries = this.#versions(subject);
      const entry = entries.find((candidate) => candidate.version === version);
      if (permanent && entry?.deleted !== true) {
        throw new RegistryError(
          40407,
          'SCHEMA_UNKNOWN',
          `Subject '${subject}' Version ${version} was not deleted first before being ` +
            'permanently deleted',
        );
      }
      const left = permanent
        ? entries.filter((candidate) => candidate !== entry)
        : entries.map((candidate) =>
            candidate === entry ? { ...candidate, deleted: true as const } : candidate,
          );
      await this.#storage.write([this.#subjectWrite(subject, left)]);
      return version;
    });
  }

  /** Why the schema may not follow: compared with one version, or with the subject by its level. */
  problems(subject: string, wanted: number | 'latest' | 'all', schema: string): readonly string[] {
    parseAvroType(schema);
    const level = this.compatibility(subject);
    if (wanted !== 'all') {
      const only = this.version(subject, wanted).schema;
      return compatibilityProblems(level, schema, [only]);
    }
    const texts = this.#existing(subject, false).map((entry) => this.#text(entry.id));
    return compatibilityProblems(level, schema, texts);
  }

  /** The level that holds for the subject: its own, else the global one (C36). */
  compatibility(subject?: string): CompatibilityLevel {
    const own = subject === undefined ? undefined : this.#config(subject).compatibility;
    return own ?? this.#config(GLOBAL).compatibility ?? DEFAULT_COMPATIBILITY;
  }

  /** Null: the subject has no level of its own. */
  ownCompatibility(subject: string): CompatibilityLevel | null {
    return this.#config(subject).compatibility ?? null;
  }

  setCompatibility(subject: string | undefined, level: string): Promise<void> {
    return this.#exclusive(async () => {
      if (!isCompatibilityLevel(level)) {
        throw new RegistryError(42203, 'SCHEMA_INVALID', `Invalid compatibility level ${level}`);
      }
      await this.#writeConfig(subject ?? GLOBAL, { compatibility: level });
    });
  }

  deleteCompatibility(subject: string | undefined): Promise<CompatibilityLevel> {
    return this.#exclusive(async () => {
      const { compatibility, ...rest } = this.#config(subject ?? GLOBAL);
      if (compatibility === undefined && subject !== undefined) {
        throw new RegistryError(
          40408,
          'SCHEMA_UNKNOWN',
          `Subject '${subject}' does not have subject-level compatibility configured`,
        );
      }
      const value = Object.keys(rest).length === 0 ? null : JSON.stringify(rest);
      await this.#storage.write([{ collection: CONFIG, key: subject ?? GLOBAL, value }]);
      return compatibility ?? DEFAULT_COMPATIBILITY;
    });
  }

  mode(subject?: string): RegistryMode {
    const own = subject === undefined ? undefined : this.#config(subject).mode;
    return own ?? this.#config(GLOBAL).mode ?? 'READWRITE';
  }

  /** Null: the subject has no mode of its own. */
  ownMode(subject: string): RegistryMode | null {
    return this.#config(subject).mode ?? null;
  }

  setMode(subject: string | undefined, mode: string): Promise<void> {
    return this.#exclusive(async () => {
      if (!isMode(mode)) {
        throw new RegistryError(42204, 'SCHEMA_INVALID', `Invalid mode ${mode}`);
      }
      await this.#writeConfig(subject ?? GLOBAL, { mode });
    });
  }

  #exclusive<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(change);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  #idsByText(): Map<string, number> {
    const schemas = this.#storage.entries(SCHEMAS);
    // On Kafka another daemon of the pipeline may have registered some.
    if (this.#ids?.size !== schemas.length) {
      this.#ids = new Map(schemas.map(({ key, value }) => [value, Number(key)]));
    }
    return this.#ids;
  }

  #nextId(): number {
    let last = 0;
    for (const id of this.#idsByText().values()) last = Math.max(last, id);
    return last + 1;
  }

  #versions(subject: string): readonly VersionEntry[] {
    const text = this.#storage.get(SUBJECTS, subject);
    return text === null ? [] : parseVersions(text);
  }

  #existing(subject: string, withDeleted: boolean): readonly VersionEntry[] {
    const entries = this.#versions(subject).filter((entry) => shows(entry, withDeleted));
    if (entries.length > 0) return entries;
    throw new RegistryError(40401, 'SCHEMA_UNKNOWN', `Subject '${subject}' not found.`);
  }

  #text(id: number): string {
    const text = this.#storage.get(SCHEMAS, String(id));
    if (text === null) throw new TidemarkError('STORE_IO', `schema ${id} is missing in the store`);
    return text;
  }

  #config(key: string): ConfigEntry {
    const text = this.#storage.get(CONFIG, key);
    return text === null ? {} : (JSON.parse(text) as ConfigEntry);
  }

  #writeConfig(key: string, change: ConfigEntry): Promise<void> {
    const value = JSON.stringify({ ...this.#config(key), ...change });
    return this.#storage.write([{ collection: CONFIG, key, value }]);
  }

  #subjectWrite(subject: string, entries: readonly VersionEntry[]): RegistryWrite {
    const value = entries.length === 0 ? null : JSON.stringify(entries);
    return { collection: SUBJECTS, key: subject, value };
  }

  #requireWritable(subject: string): void {
    const mode = this.mode(subject);
    if (mode === 'READWRITE' || mode === 'IMPORT') return;
    throw new RegistryError(42205, 'SCHEMA_INVALID', `Subject ${subject} is in ${mode} mode`, {
      cure: `Set the mode of the subject or of the registry to READWRITE (PUT /mode).`,
    });
  }

  #incompatible(subject: string, problems: readonly string[]): RegistryError {
    const level = this.compatibility(subject);
    return new RegistryError(
      409,
      'SCHEMA_INCOMPATIBLE',
      `Schema being registered is incompatible with an earlier schema of subject "${subject}" ` +
        `(compatibility ${level}): ${problems.join('; ')}`,
      {
        cure:
          `Undo the change of the table, or allow it: PUT /config/${encodeURIComponent(subject)} ` +
          'with {"compatibility":"NONE"}.',
      },
    );
  }
}

function parseVersions(text: string): readonly VersionEntry[] {
  return JSON.parse(text) as readonly VersionEntry[];
}

function shows(entry: VersionEntry, withDeleted: boolean): boolean {
  return withDeleted || entry.deleted !== true;
}

function isMode(text: string): text is RegistryMode {
  return ['READWRITE', 'READONLY', 'READONLY_OVERRIDE', 'IMPORT'].includes(text);
}
