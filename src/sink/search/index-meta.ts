import type { JsonNode, JsonObject } from '../../foundation/lossless-json.ts';
import { isJsonObject } from '../../foundation/lossless-json.ts';

/**
 * What the versions of an index's documents are taken from. `revision`: they are counted, since
 * several rows make a document (`document.nest`).
 */
export type VersionKind = 'position' | 'offset' | 'revision';

/** Where the documents of an index come from that is to take the place of another one. */
export interface Filling {
  /** The index that it replaces. */
  readonly of: string;
  /** Indices that were to replace it before. */
  readonly instead: readonly string[];
  /** What the source reads again. */
  readonly topic: string;
  readonly table: string;
}

/**
 * What the sink keeps in an index (`_meta` of its mapping), since it must hold for whoever writes
 * to it next.
 */
export interface SinkMeta {
  /** Of each topic that is written to it the generation of its documents. */
  readonly generations: ReadonlyMap<string, number>;
  /** Null: nothing was written yet, or documents have no versions. */
  readonly versions: VersionKind | null;
  /** The sink made it, and may replace it. */
  readonly made: boolean;
  /** The index that is to take its place; null: none. */
  readonly next: string | null;
  /** Null: it has all documents. */
  readonly filling: Filling | null;
  /**
   * The version of the first record that its predecessor could not take. All rows were read anew
   * since, so that a record up to this one that does not fit has nothing to say.
   */
  readonly since: string | null;
}

const NAME = 'tidemark';
const KINDS: readonly VersionKind[] = ['position', 'offset', 'revision'];

/** Of an index that somebody else made. */
export const FOREIGN_INDEX: SinkMeta = {
  generations: new Map(),
  versions: null,
  made: false,
  next: null,
  filling: null,
  since: null,
};

/** Nothing where somebody else made the index. */
export function readMeta(meta: JsonNode | undefined): SinkMeta {
  const own = isJsonObject(meta) ? meta[NAME] : undefined;
  const { generations, versions, made, next, filling, since } = isJsonObject(own) ? own : {};
  return {
    generations: new Map(
      Object.entries(isJsonObject(generations) ? generations : {}).flatMap(([topic, number]) =>
        typeof number === 'number' ? [[topic, number] as const] : [],
      ),
    ),
    versions: KINDS.find((kind) => kind === versions) ?? null,
    made: made === true,
    next: textOf(next),
    filling: readFilling(filling),
    since: textOf(since),
  };
}

/** `_meta` with ours in it; what others have there stays. */
export function writeMeta(kept: JsonObject, meta: SinkMeta): JsonObject {
  const { generations, versions, made, next, filling, since } = meta;
  const own: Record<string, JsonNode> = {
    generations: Object.fromEntries(generations),
    versions,
    made,
  };
  if (next !== null) own['next'] = next;
  if (filling !== null) own['filling'] = { ...filling, instead: [...filling.instead] };
  if (since !== null) own['since'] = since;
  return { ...kept, [NAME]: own };
}

function readFilling(node: JsonNode | undefined): Filling | null {
  if (!isJsonObject(node)) return null;
  const [of, topic, table] = [textOf(node['of']), textOf(node['topic']), textOf(node['table'])];
  if (of === null || topic === null || table === null) return null;
  const instead = Array.isArray(node['instead']) ? (node['instead'] as readonly JsonNode[]) : [];
  return { of, topic, table, instead: instead.flatMap((name) => textOf(name) ?? []) };
}

function textOf(node: JsonNode | undefined): string | null {
  return typeof node === 'string' ? node : null;
}

/** Generations with that of a topic, unless a later one is there. */
export function raised(
  generations: SinkMeta['generations'],
  topic: string,
  generation: number,
): SinkMeta['generations'] {
  const before = generations.get(topic) ?? 0;
  return new Map(generations).set(topic, Math.max(before, generation));
}
