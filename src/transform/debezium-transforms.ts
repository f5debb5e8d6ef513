import type { DEBEZIUM_TRANSFORMS } from '../config/debezium-transform-options.ts';
import type { MakeTransform } from './connect-transforms.ts';
import { ByLogicalTableRouter } from './debezium/by-logical-table-router.ts';
import { CollectionNameTransformation } from './debezium/collection-name-transformation.ts';
import { ContentBasedRouter } from './debezium/content-based-router.ts';
import { DecodeMessageContent } from './debezium/decode-message-content.ts';
import { EnforceRecordSize } from './debezium/enforce-record-size.ts';
import { EventRouter } from './debezium/event-router.ts';
import { ExtractChangedRecordState } from './debezium/extract-changed-record-state.ts';
import { ExtractNewRecordState } from './debezium/extract-new-record-state.ts';
import { ExtractSchemaToNewRecord } from './debezium/extract-schema-to-new-record.ts';
import { FieldNameTransformation } from './debezium/field-name-transformation.ts';
import { Filter } from './debezium/filter.ts';
import { GeometryFormatTransformer } from './debezium/geometry-format-transformer.ts';
import { HeaderToValue } from './debezium/header-to-value.ts';
import { PartitionRouting } from './debezium/partition-routing.ts';
import { PassThrough } from './debezium/pass-through.ts';
import { ReadToInsertEvent } from './debezium/read-to-insert-event.ts';
import { SchemaChangeEventFilter } from './debezium/schema-change-event-filter.ts';
import { SwapGeometryCoordinates } from './debezium/swap-geometry-coordinates.ts';
import { TimescaleDb } from './debezium/timescale-db.ts';
import { TimezoneConverter } from './debezium/timezone-converter.ts';
import { VectorToJsonConverter } from './debezium/vector-to-json-converter.ts';

type DebeziumName = keyof typeof DEBEZIUM_TRANSFORMS | 'ScriptFilter';

/** Debezium's transforms. */
export const MAKE_DEBEZIUM: Readonly<Record<DebeziumName, MakeTransform>> = {
  ExtractNewRecordState: (options) => new ExtractNewRecordState(options),
  EventRouter: (options, _side, warn) => new EventRouter(options, warn),
  ExtractChangedRecordState: (options) => new ExtractChangedRecordState(options),
  ExtractSchemaToNewRecord: () => new ExtractSchemaToNewRecord(),
  ByLogicalTableRouter: (options) => new ByLogicalTableRouter(options),
  ContentBasedRouter: (options) => new ContentBasedRouter(options),
  ScriptFilter: (options) => new Filter(options),
  PartitionRouting: (options) => new PartitionRouting(options),
  TimezoneConverter: (options) => new TimezoneConverter(options),
  HeaderToValue: (options) => new HeaderToValue(options),
  SchemaChangeEventFilter: () => new SchemaChangeEventFilter(),
  EnforceRecordSize: (options) => new EnforceRecordSize(options),
  VectorToJsonConverter: () => new VectorToJsonConverter(),
  DecodeLogicalDecodingMessageContent: (options) => new DecodeMessageContent(options),
  GeometryFormatTransformer: (options) => new GeometryFormatTransformer(options),
  SwapGeometryCoordinates: (options) => new SwapGeometryCoordinates(options),
  CollectionNameTransformation: (options) => new CollectionNameTransformation(options),
  FieldNameTransformation: (options) => new FieldNameTransformation(options),
  ActivateTracingSpan: (_options, _side, warn) => new PassThrough('there is no tracing', warn),
  OpenLineage: (_options, _side, warn) => new PassThrough('lineage is not told', warn),
  ReadToInsertEvent: () => new ReadToInsertEvent(),
  TimescaleDb: (options, _side, warn, hypertables) => new TimescaleDb(options, hypertables, warn),
};
