import { TidemarkError } from '../foundation/errors.ts';
import type { JsonNode, JsonObject } from '../foundation/lossless-json.ts';
import { isJsonObject } from '../foundation/lossless-json.ts';
import type { SearchClient } from '../sink/search/search-client.ts';
import type { CheckFindings } from './check-findings.ts';

/** What of a search sink its cluster has to fit. */
export interface SearchTarget {
  /** Indices or aliases that are known by name. */
  readonly indices: readonly string[];
  /** Those that are missing are made. */
  readonly create: boolean;
  /** Deletes have to keep their version for so long. */
  readonly gcDeletesMs: number;
}

interface Inspection extends SearchTarget {
  readonly client: SearchClient;
  readonly signal: AbortSignal;
  readonly problems: TidemarkError[];
  readonly warnings: string[];
}

/** What turns every write into an error, by the setting's name. */
const BLOCKS = ['read_only', 'read_only_allow_delete', 'write', 'metadata'] as const;
const FIELDS_DEFAULT = 1000;
const GC_DELETES_DEFAULT_MS = 60_000;
/** From here on a table more may not fit. */
const NEARLY_FULL = 0.9;
/** What the servers take without being told. */
const WATERMARKS = { high: 90, flood_stage: 95 } as const;
const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** What is wrong with a cluster as a target; it is not changed, and asked only what it permits. */
export async function inspectSearchTarget(
  client: SearchClient,
  target: SearchTarget,
  signal: AbortSignal,
): Promise<CheckFindings> {
  const inspection: Inspection = { ...target, client, signal, problems: [], warnings: [] };
  const { name, major, assumed } = client.product;
  if (assumed === true) {
    inspection.warnings.push(`the cluster does not tell its version: taken for ${name} ${major}`);
  }
  await inspectRights(inspection);
  await inspectCluster(inspection);
  for (const index of target.indices) await inspectIndex(inspection, index);
  return { problems: inspection.problems, warnings: inspection.warnings };
}

/** Only Elasticsearch with security answers this; a server without has nothing to refuse. */
async function inspectRights(inspection: Inspection): Promise<void> {
  const { client, indices, create, signal, problems } = inspection;
  if (client.product.name !== 'elasticsearch' || indices.length === 0) return;
  const privileges = [
    'index',
    'delete',
    'read',
    'view_index_metadata',
    ...(create ? ['create_index', 'manage'] : []),
  ];
  const asked = JSON.stringify({ index: [{ names: indices, privileges }] });
  const path = '/_security/user/_has_privileges';
  const { status, body } = await client.request('POST', path, asked, signal);
  if (status !== 200 || !isJsonObject(body ?? undefined)) return;
  const { username, index: granted } = body as JsonObject;
  for (const index of indices) {
    const rights = objectAt(granted, index);
    const missing = privileges.filter((right) => rights[right] === false);
    if (missing.length === 0) continue;
    problems.push(
      new TidemarkError(
        'SINK_AUTH',
        `${text(username)} lacks rights to the index ${index}: ${missing.join(', ')}`,
        { cure: `Give a role of the user the privileges ${privileges.join(', ')} for it.` },
      ),
    );
  }
}

async function inspectCluster(inspection: Inspection): Promise<void> {
  const { problems, warnings } = inspection;
  const health = await read(inspection, '/_cluster/health');
  if (health?.['status'] === 'red') {
    warnings.push('the cluster is red: indices without their primary shard take no writes');
  }
  const settings = await read(inspection, '/_cluster/settings?flat_settings=true');
  if (settings === null) return;
  const set = { ...objectAt(settings, 'persistent'), ...objectAt(settings, 'transient') };
  for (const block of BLOCKS.slice(0, 2)) {
    if (text(set[`cluster.blocks.${block}`]) !== 'true') continue;
    problems.push(
      new TidemarkError('SINK_SCHEMA', `the cluster takes no writes (cluster.blocks.${block})`, {
        cure: `PUT /_cluster/settings {"persistent":{"cluster.blocks.${block}":null}}`,
      }),
    );
  }
  const disk = 'cluster.routing.allocation.disk.';
  if (text(set[`${disk}threshold_enabled`]) !== 'false') await inspectDisks(inspection, set, disk);
}

/** Above the high watermark no index is made; above flood_stage none is written. */
async function inspectDisks(
  { client, signal, problems, warnings }: Inspection,
  set: JsonObject,
  disk: string,
): Promise<void> {
  const path = '/_cat/allocation?format=json&h=node,disk.percent';
  const { status, body } = await client.request('GET', path, undefined, signal);
  if (status !== 200 || !Array.isArray(body)) return;
  const limit = (name: keyof typeof WATERMARKS): number | null =>
    percent(set[`${disk}watermark.${name}`], WATERMARKS[name]);
  const [high, flood] = [limit('high'), limit('flood_stage')];
  for (const row of body as readonly JsonNode[]) {
    const { node, 'disk.percent': usedText } = isJsonObject(row) ? row : {};
    const used = Number(usedText ?? Number.NaN);
    const told = `the disk of the node ${text(node)} is ${used} % full`;
    if (flood !== null && used >= flood) {
      problems.push(
        new TidemarkError('SINK_SERVER', `${told}: indices on it take no writes`, {
          cure: 'Free space on it, or add a node.',
        }),
      );
    } else if (high !== null && used >= high) {
      warnings.push(`${told}: no new index is put there, and soon nothing is written`);
    }
  }
}

/** Null: as an amount of bytes, which only the server can compare. */
function percent(setting: JsonNode | undefined, otherwise: number): number | null {
  if (setting === undefined) return otherwise;
  const told = text(setting);
  if (told.endsWith('%')) return Number(told.slice(0, -1));
  const ratio = Number(told);
  return ratio > 0 && ratio <= 1 ? ratio * 100 : null;
}

async function inspectIndex(inspection: Inspection, index: string): Promise<void> {
  const { problems, create, client, signal } = inspection;
  const path = `/${encodeURIComponent(index)}`;
  const { status, body } = await client.request(
    'GET',
    `${path}?flat_settings=true`,
    undefined,
    signal,
  );
  if (status === 404 && !create) {
    problems.push(
      new TidemarkError('SINK_SCHEMA', `the index ${index} is not there`, {
        cure: `Make it, or switch auto.create on.`,
      }),
    );
  }
  if (status !== 200 || body === null || !isJsonObject(body)) return;
  const behind = Object.keys(body);
  const written =
    behind.length === 1 ? behind : behind.filter((name) => takesWrites(body, name, index));
  if (written.length !== 1) {
    const names = behind.join(', ');
    problems.push(
      new TidemarkError('SINK_SCHEMA', `the alias ${index} has no one index to write: ${names}`, {
        cure: `POST /_aliases: set is_write_index for ${index} in one of them.`,
      }),
    );
  }
  for (const name of written) inspectDefinition(inspection, name, objectAt(body, name));
}

function takesWrites(body: JsonObject, name: string, alias: string): boolean {
  const aliases = objectAt(objectAt(body, name), 'aliases');
  return objectAt(aliases, alias)['is_write_index'] === true;
}

function inspectDefinition(
  { problems, warnings, gcDeletesMs }: Inspection,
  name: string,
  definition: JsonObject,
): void {
  const settings = objectAt(definition, 'settings');
  for (const block of BLOCKS) {
    if (text(settings[`index.blocks.${block}`]) !== 'true') continue;
    problems.push(
      new TidemarkError(
        'SINK_SCHEMA',
        `the index ${name} takes no writes (index.blocks.${block})`,
        {
          cure: `PUT /${name}/_settings {"index.blocks.${block}":null}`,
        },
      ),
    );
  }
  const limit = Number(settings['index.mapping.total_fields.limit'] ?? FIELDS_DEFAULT);
  const fields = fieldCount(objectAt(definition, 'mappings'));
  if (fields >= limit * NEARLY_FULL) {
    warnings.push(
      `the index ${name} has ${fields} fields of ${limit} (index.mapping.total_fields.limit)`,
    );
  }
  const keptMs = durationMs(settings['index.gc_deletes']);
  if (keptMs < gcDeletesMs) {
    warnings.push(
      `the index ${name} forgets deletes after ${keptMs / 1000} s (index.gc_deletes): an older ` +
        'write that comes later would bring the document back',
    );
  }
}

/** Objects, fields and fields within fields count, as the servers do. */
function fieldCount(mapping: JsonObject): number {
  return ['properties', 'fields', 'runtime']
    .flatMap((part) => Object.values(objectAt(mapping, part)))
    .reduce<number>((sum, field) => sum + 1 + (isJsonObject(field) ? fieldCount(field) : 0), 0);
}

function durationMs(setting: JsonNode | undefined): number {
  const [, amount = '', unit = ''] = /^(\d+)\s*([a-z]+)$/.exec(text(setting)) ?? [];
  const unitMs = UNIT_MS[unit];
  return unitMs === undefined ? GC_DELETES_DEFAULT_MS : Number(amount) * unitMs;
}

async function read({ client, signal }: Inspection, path: string): Promise<JsonObject | null> {
  const { status, body } = await client.request('GET', path, undefined, signal);
  return status === 200 && body !== null && isJsonObject(body) ? body : null;
}

function objectAt(node: JsonNode | undefined, name: string): JsonObject {
  const inner = isJsonObject(node) ? node[name] : undefined;
  return isJsonObject(inner) ? inner : {};
}

function text(node: JsonNode | undefined): string {
  return typeof node === 'string' || typeof node === 'boolean' ? String(node) : '';
}
