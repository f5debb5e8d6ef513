import { importUserModule, userFunction } from '../config/user-module.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { ConnectRecord } from '../model/connect-record.ts';
import type { RecordTransform } from './record-transform.ts';
import { structTools } from './struct-tools.ts';

/**
 * Loads a transform of the user's own: model/transform-module.ts says what it is written against.
 * Throws CONFIG_INVALID for what is none.
 */
export async function loadUserTransform(
  name: string,
  file: string,
  folder: string,
  properties: Readonly<Record<string, string>>,
): Promise<RecordTransform> {
  const property = `transforms.${name}.type`;
  const module = await importUserModule(property, file, folder);
  const made = await madeBy(property, file, () =>
    userFunction(property, file, module, 'transform')(properties, structTools),
  );
  const apply = applyOf(made);
  if (apply === null) {
    throw new TidemarkError('CONFIG_INVALID', `${property}: ${file} made no transform`, {
      cure: 'transform(properties, tools) has to return a function (record) => record | null.',
    });
  }
  return { apply: (record) => checked(name, record, apply) };
}

/** The user's function may throw; it may also be async, as it is waited for only once. */
async function madeBy(property: string, file: string, make: () => unknown): Promise<unknown> {
  try {
    return await make();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TidemarkError('CONFIG_INVALID', `${property}: ${file}: ${reason}`, { cause });
  }
}

function applyOf(made: unknown): ((record: ConnectRecord) => unknown) | null {
  if (typeof made === 'function') return made as (record: ConnectRecord) => unknown;
  if (typeof made !== 'object' || made === null || !('apply' in made)) return null;
  if (typeof made.apply !== 'function') return null;
  return (record) => (made as { apply(of: ConnectRecord): unknown }).apply(record);
}

function checked(
  name: string,
  record: ConnectRecord,
  apply: (record: ConnectRecord) => unknown,
): ConnectRecord | null {
  let result: unknown;
  try {
    result = apply(record);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TidemarkError('TRANSFORM', `${name} failed on ${record.topic}: ${reason}`, { cause });
  }
  if (result === null || isRecord(result)) return result;
  const found = result instanceof Promise ? 'a promise' : typeof result;
  throw new TidemarkError('TRANSFORM', `${name} returned ${found}, not a record or null`, {
    cure: 'Return the record, a changed copy of it, or null. A transform cannot wait.',
  });
}

function isRecord(result: unknown): result is ConnectRecord {
  if (typeof result !== 'object' || result === null) return false;
  const { topic, key, value, headers } = result as Partial<ConnectRecord>;
  const isData = (data: unknown): boolean =>
    typeof data === 'object' && data !== null && 'schema' in data && 'value' in data;
  return typeof topic === 'string' && isData(key) && isData(value) && Array.isArray(headers);
}
