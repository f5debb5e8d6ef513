import { isFileSinkClass } from '../config/file-sink-options.ts';
import type { ResolvedOptions } from '../config/option.ts';
import type { ConnectorConfig, PipelineConfig } from '../config/pipeline-config.ts';
import { isSearchSinkClass } from '../config/search-sink-options.ts';
import { deadLetterTopicOf, type ErrorDefaults, parkModeOf } from '../config/sink-error-options.ts';
import type { ParkMode } from '../model/dead-letter.ts';
import { sourceLetterTopicOf, toleratesErrors } from '../config/source-error-options.ts';
import type { StageClasses } from './dead-letter-headers.ts';
import type { LetterLogging } from './dead-letter-log.ts';
import type { SourceLetterSettings } from './source-dead-letters.ts';
import type { DeadLetterSettings } from './dead-letter-topic.ts';

/** What a sink does with records that it cannot apply. */
export interface SinkErrorSettings {
  readonly park: ParkMode;
  /** Null: nothing becomes a dead letter. */
  readonly letters: DeadLetterSettings | null;
  readonly retryTimeoutMs: number;
}

/** Java's names of the converters; of Confluent's and Connect's own. */
const CONVERTER_CLASSES: Readonly<Record<string, string>> = {
  avro: 'io.confluent.connect.avro.AvroConverter',
  json: 'org.apache.kafka.connect.json.JsonConverter',
  jsonschema: 'io.confluent.connect.json.JsonSchemaConverter',
  string: 'org.apache.kafka.connect.storage.StringConverter',
  bytearray: 'org.apache.kafka.connect.converters.ByteArrayConverter',
};

/** Of transforms that are no module of the user's. */
const JAVA_CLASS = /^[a-z]\w*(?:\.\w+)*\.[A-Z][\w$]*$/;

function defaultsOf({ flavour, connectorClass }: ConnectorConfig): ErrorDefaults {
  if (flavour !== 'tidemark') return 'connect';
  return isSearchSinkClass(connectorClass) ? 'search' : 'tidemark';
}

/** Null: a sink that takes every record. */
export function sinkErrorsOf(
  sink: ConnectorConfig,
  source: ResolvedOptions,
): SinkErrorSettings | null {
  if (isFileSinkClass(sink.connectorClass)) return null;
  const { options } = sink;
  const park = parkModeOf(options, defaultsOf(sink)) as ParkMode;
  return {
    park,
    letters: park === 'key' || park === 'record' ? lettersOf(sink, source, park) : null,
    retryTimeoutMs: options.number('errors.retry.timeout'),
  };
}

function lettersOf(
  sink: ConnectorConfig,
  source: ResolvedOptions,
  mode: ParkMode,
): DeadLetterSettings {
  const { name, options } = sink;
  return {
    sink: name,
    topic: deadLetterTopicOf(options, name, defaultsOf(sink)),
    // Absent on the embedded log.
    replicationFactor:
      options.optionalNumber('errors.deadletterqueue.topic.replication.factor') ?? -1,
    headers: mode === 'key' || options.boolean('errors.deadletterqueue.context.headers.enable'),
    classes: classesOf(source, options),
    log: loggingOf(options),
  };
}

/** Null: a change of which no record can be made stops the source. */
export function sourceErrorsOf({ name, source }: PipelineConfig): SourceLetterSettings | null {
  const { options } = source;
  if (!toleratesErrors(options)) return null;
  return {
    pipeline: name,
    topic: sourceLetterTopicOf(options, name, defaultsOf(source)),
    // Absent on the embedded log.
    replicationFactor:
      options.optionalNumber('errors.deadletterqueue.topic.replication.factor') ?? -1,
    classes: classesOf(options, options),
    log: loggingOf(options),
  };
}

function classesOf(source: ResolvedOptions, own: ResolvedOptions): StageClasses {
  const converterClass = (side: 'key' | 'value'): string => {
    const converter = source.string(`${side}.converter`);
    return CONVERTER_CLASSES[converter] ?? converter;
  };
  return {
    KEY_CONVERTER: converterClass('key'),
    VALUE_CONVERTER: converterClass('value'),
    TRANSFORMATION: 'org.apache.kafka.connect.transforms.Transformation',
    TASK_PUT: 'org.apache.kafka.connect.sink.SinkTask',
    transforms: new Map(
      own.list('transforms').flatMap((name): (readonly [string, string])[] => {
        const type = own.optionalString(`transforms.${name}.type`) ?? '';
        return JAVA_CLASS.test(type) ? [[name, type]] : [];
      }),
    ),
  };
}

function loggingOf(options: ResolvedOptions): LetterLogging {
  return {
    each: options.boolean('errors.log.enable'),
    places: options.boolean('errors.log.include.messages'),
  };
}

/** Topics of dead letters of source and sinks: none of them is a topic that a sink applies. */
export function deadLetterTopics(config: PipelineConfig): readonly string[] {
  const ofSource = sourceErrorsOf(config)?.topic ?? null;
  const ofSinks = config.sinks.flatMap((sink) => {
    if (isFileSinkClass(sink.connectorClass)) return [];
    return deadLetterTopicOf(sink.options, sink.name, defaultsOf(sink)) ?? [];
  });
  return ofSource === null ? ofSinks : [ofSource, ...ofSinks];
}
