import type { CONNECT_TRANSFORMS } from '../config/connect-transform-options.ts';
import type { ResolvedOptions } from '../config/option.ts';
import { Cast } from './connect/cast.ts';
import { DropHeaders } from './connect/drop-headers.ts';
import { DropRecord } from './connect/drop-record.ts';
import { ExtractField } from './connect/extract-field.ts';
import { Flatten } from './connect/flatten.ts';
import { HeaderFrom } from './connect/header-from.ts';
import { HoistField } from './connect/hoist-field.ts';
import { InsertField } from './connect/insert-field.ts';
import { InsertHeader } from './connect/insert-header.ts';
import { MaskField } from './connect/mask-field.ts';
import { RegexRouter } from './connect/regex-router.ts';
import { ReplaceField } from './connect/replace-field.ts';
import { SetSchemaMetadata } from './connect/set-schema-metadata.ts';
import { TimestampConverter } from './connect/timestamp-converter.ts';
import { TimestampRouter } from './connect/timestamp-router.ts';
import { ValueToKey } from './connect/value-to-key.ts';
import type { HypertableCatalog } from './hypertable-catalog.ts';
import type { RecordSide } from './record-side.ts';
import type { RecordTransform } from './record-transform.ts';

/** Makes a transform of its options; `side` is what `$Key` or `$Value` chose. */
export type MakeTransform = (
  options: ResolvedOptions,
  side: RecordSide,
  warn: (text: string) => void,
  /** Null: there is no database to ask, as on sinks. */
  hypertables: HypertableCatalog | null,
) => RecordTransform;

/** Kafka Connect's transforms. */
export const MAKE_CONNECT: Readonly<Record<keyof typeof CONNECT_TRANSFORMS, MakeTransform>> = {
  Cast: (options, side) => new Cast(options, side),
  DropHeaders: (options) => new DropHeaders(options),
  ExtractField: (options, side) => new ExtractField(options, side),
  Filter: () => new DropRecord(),
  Flatten: (options, side) => new Flatten(options, side),
  HeaderFrom: (options, side) => new HeaderFrom(options, side),
  HoistField: (options, side) => new HoistField(options, side),
  InsertField: (options, side) => new InsertField(options, side),
  InsertHeader: (options) => new InsertHeader(options),
  MaskField: (options, side) => new MaskField(options, side),
  RegexRouter: (options) => new RegexRouter(options.string('regex'), options.string('replacement')),
  ReplaceField: (options, side) => new ReplaceField(options, side),
  SetSchemaMetadata: (options, side) => new SetSchemaMetadata(options, side),
  TimestampConverter: (options, side) => new TimestampConverter(options, side),
  TimestampRouter: (options) => new TimestampRouter(options),
  ValueToKey: (options) => new ValueToKey(options),
};
