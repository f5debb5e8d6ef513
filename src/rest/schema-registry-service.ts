/** A version of a subject, as the registry's REST API shows it. */
export interface RegistryVersion {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  readonly schema: string;
}

/**
 * What the registry routes need; the embedded registry has this shape (the faces may not import
 * the converters). Refusals are RegistryErrors.
 */
export interface SchemaRegistryService {
  register(subject: string, schema: string): Promise<number>;
  schemaById(id: number): Promise<string>;
  subjects(withDeleted?: boolean): readonly string[];
  versions(subject: string, withDeleted?: boolean): readonly number[];
  version(subject: string, wanted: number | 'latest', withDeleted?: boolean): RegistryVersion;
  lookup(subject: string, schema: string, withDeleted?: boolean): RegistryVersion;
  versionsOfId(id: number): readonly { readonly subject: string; readonly version: number }[];
  deleteSubject(subject: string, permanent?: boolean): Promise<readonly number[]>;
  deleteVersion(subject: string, wanted: number | 'latest', permanent?: boolean): Promise<number>;
  problems(subject: string, wanted: number | 'latest' | 'all', schema: string): readonly string[];
  compatibility(subject?: string): string;
  ownCompatibility(subject: string): string | null;
  setCompatibility(subject: string | undefined, level: string): Promise<void>;
  deleteCompatibility(subject: string | undefined): Promise<string>;
  mode(subject?: string): string;
  ownMode(subject: string): string | null;
  setMode(subject: string | undefined, mode: string): Promise<void>;
}
