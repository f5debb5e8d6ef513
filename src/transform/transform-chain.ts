import type { TransformSetting } from '../config/transform-options.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { ConnectHeader, ConnectRecord } from '../model/connect-record.ts';
import { MAKE_CONNECT } from './connect-transforms.ts';
import { MAKE_DEBEZIUM } from './debezium-transforms.ts';
import type { HypertableCatalog } from './hypertable-catalog.ts';
import { predicateOf } from './predicate.ts';
import type { RecordPredicate } from './predicate.ts';
import type { RecordTransform } from './record-transform.ts';
import { TransformFailure } from './transform-failure.ts';
import { loadUserTransform } from './user-transform.ts';

/**
 * The whole chain: the record that takes the place of this one; null: it was dropped. What some
 * transforms of the original also add to the headers of the tombstone behind a delete, because the
 * two share them, goes into `shared`. Throws TransformWaits where one has to ask somebody first.
 */
export type ApplyChain = (record: ConnectRecord, shared?: ConnectHeader[]) => ConnectRecord | null;

/** What transforms get of what is around them. */
export interface ChainContext {
  /** Where paths of modules start: the folder of the pipeline file. */
  readonly folder: string;
  readonly warn: (text: string) => void;
  /** Absent: there is no database to ask, as on sinks. */
  readonly hypertables?: HypertableCatalog;
}

interface Step {
  readonly name: string;
  readonly transform: RecordTransform;
  readonly applies: RecordPredicate | null;
}

const MAKE = { ...MAKE_CONNECT, ...MAKE_DEBEZIUM };

/**
 * Makes the transforms, one after the other, each where its predicate holds. Throws CONFIG_INVALID
 * for values that only they can judge, and for modules that cannot be loaded.
 */
export async function transformChain(
  settings: readonly TransformSetting[],
  context: ChainContext,
): Promise<ApplyChain> {
  const steps: Step[] = [];
  for (const setting of settings) steps.push(await stepOf(setting, context));
  return (record, shared) => {
    let current: ConnectRecord = record;
    let sharing = shared;
    for (const { name, transform, applies } of steps) {
      const before = current;
      try {
        if (applies !== null && !applies(before)) continue;
        const after = transform.apply(before);
        if (after === null) return null;
        current = after;
      } catch (thrown) {
        throw named(name, thrown);
      }
      if (sharing === undefined || current === before) continue;
      const inPlace = transform.addsHeadersInPlace;
      if (inPlace !== undefined) sharing.push(...current.headers.slice(before.headers.length));
      // A copy has headers of its own: what comes later is no longer the tombstone's.
      if (inPlace !== 'kept') sharing = undefined;
    }
    return current;
  };
}

async function stepOf(setting: TransformSetting, context: ChainContext): Promise<Step> {
  const { name, predicate, negate } = setting;
  try {
    const test = predicate === null ? null : predicateOf(predicate);
    const applies =
      test === null || !negate ? test : (record: ConnectRecord): boolean => !test(record);
    return { name, transform: await transformOf(setting, context), applies };
  } catch (thrown) {
    throw named(name, thrown);
  }
}

async function transformOf(
  setting: TransformSetting,
  context: ChainContext,
): Promise<RecordTransform> {
  const { name } = setting;
  if (setting.kind === 'module') {
    return loadUserTransform(name, setting.path, context.folder, setting.properties);
  }
  const warn = (text: string): void => {
    context.warn(`transforms.${name}: ${text}`);
  };
  const { hypertables = null } = context;
  return MAKE[setting.type](setting.options, setting.side ?? 'value', warn, hypertables);
}

/** Says which of the transforms it was. */
function named(name: string, thrown: unknown): unknown {
  if (!(thrown instanceof TidemarkError)) return thrown;
  const where = `transforms.${name}`;
  const { code, message, cure, cause } = thrown;
  const text = message.startsWith(where) ? message : `${where}: ${message}`;
  return new TransformFailure(name, code, text, { cure, cause });
}
