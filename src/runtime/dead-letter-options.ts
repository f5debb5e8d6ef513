import { isFileSinkClass } from '../config/file-sink-options.ts';
import type { ResolvedOptions } from '../config/option.ts';
import type { ConnectorConfig, PipelineConfig } from '../config/pipeline-config.ts';
import { deadLetterTopicOf, type ErrorDefaults, parkModeOf } from '../config/sink-error-options.ts';
import type { ParkMode } from '../model/dead-letter.ts';
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

function defaultsOf({ flavour }: ConnectorConfig): ErrorDefaults {
  return flavour === 'tidemark' ? 'tidemark' : 'connect';
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
  const converterClass = (side: 'key' | 'value'): string => {
    const converter = source.string(`${side}.converter`);
    return CONVERTER_CLASSES[converter] ?? converter;
  };
  return {
    sink: name,
    topic: deadLetterTopicOf(options, name, defaultsOf(sink)),
    // Absent on the embedded log.
    replicationFactor:
      options.optionalNumber('errors.deadletterqueue.topic.replication.factor') ?? -1,
    headers: mode === 'key' || options.boolean('errors.deadletterqueue.context.headers.enable'),
    classes: {
      KEY_CONVERTER: converterClass('key'),
      VALUE_CONVERTER: converterClass('value'),
      TRANSFORMATION: 'org.apache.kafka.connect.transforms.Transformation',
      TASK_PUT: 'org.apache.kafka.connect.sink.SinkTask',
    },
    log: {
      each: options.boolean('errors.log.enable'),
      places: options.boolean('errors.log.include.messages'),
    },
  };
}

/** Topics of dead letters of all sinks: none of them is a topic that a sink applies. */
export function deadLetterTopics(config: PipelineConfig): readonly string[] {
  return config.sinks.flatMap((sink) => {
    if (isFileSinkClass(sink.connectorClass)) return [];
    return deadLetterTopicOf(sink.options, sink.name, defaultsOf(sink)) ?? [];
  });
}
