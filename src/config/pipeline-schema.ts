import {
  REFUSED_CLASSES,
  SINK_CLASSES,
  SOURCE_CLASSES,
  type ConnectorClass,
} from './connector-classes.ts';
import { CHANNEL_TABLES, CHANNEL_TYPES } from './alert-channel-options.ts';
import { ALERT_OPTIONS, ALERT_RULE_OPTIONS, MAINTENANCE_OPTIONS } from './alert-options.ts';
import { HTTP_OPTIONS } from './http-options.ts';
import type { Option, OptionType } from './option.ts';
import { RUNTIME_OPTIONS } from './runtime-options.ts';
import { transportTable } from './transport-options.ts';
import { CHANGE_POLICY_OPTIONS, SCHEMA_OPTIONS } from './schema-change-options.ts';
import { VERIFY_OPTIONS } from './verify-options.ts';

type JsonSchema = { readonly [key: string]: unknown };

/**
 * The JSON Schema of a pipeline file, for editors. It follows from the option tables and says less
 * than they do: rules over several properties are the program's.
 */
export function pipelineJsonSchema(): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Tidemark pipeline file',
    type: 'object',
    required: ['name', 'source'],
    additionalProperties: false,
    properties: {
      name: {
        type: 'string',
        pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$',
        description: 'Names the pipeline in logs, metrics and offsets.',
      },
      transport: transport(),
      source: connector(SOURCE_CLASSES),
      sinks: { type: 'array', items: connector(SINK_CLASSES) },
      alerts: alerts(),
      schema: schemaChanges(),
      http: section(HTTP_OPTIONS),
      runtime: section(RUNTIME_OPTIONS),
      verify: section(VERIFY_OPTIONS),
    },
  };
}

/** A map, or the list of its channels alone. */
function alerts(): JsonSchema {
  const channels = {
    type: 'array',
    items: {
      type: 'object',
      required: ['type'],
      properties: { type: { enum: CHANNEL_TYPES } },
      allOf: CHANNEL_TYPES.map((type) => ({
        if: { properties: { type: { const: type } } },
        // oxlint-disable-next-line unicorn/no-thenable -- JSON Schema's keyword; nothing awaits it
        then: section(CHANNEL_TABLES[type].options.filter(({ name }) => name !== 'type')),
      })),
    },
  };
  const own = section(ALERT_OPTIONS);
  const lists = {
    channels,
    rules: { type: 'array', items: section(ALERT_RULE_OPTIONS) },
    maintenance: { type: 'array', items: section(MAINTENANCE_OPTIONS) },
  };
  const properties = own['properties'] as JsonSchema;
  return { anyOf: [channels, { ...own, properties: { ...properties, ...lists } }] };
}

function schemaChanges(): JsonSchema {
  const own = section(SCHEMA_OPTIONS);
  const rules = { 'change.policies': { type: 'array', items: section(CHANGE_POLICY_OPTIONS) } };
  return { ...own, properties: { ...(own['properties'] as JsonSchema), ...rules } };
}

/** Its type decides which properties there are. */
function transport(): JsonSchema {
  const isKafka = { properties: { type: { const: 'kafka' } }, required: ['type'] };
  return {
    type: 'object',
    if: isKafka,
    // oxlint-disable-next-line unicorn/no-thenable -- JSON Schema's keyword; nothing awaits it
    then: section(transportTable('kafka').options),
    else: section(transportTable('embedded').options),
  };
}

/** The class decides which properties there are and what they default to. */
function connector(classes: readonly ConnectorClass[]): JsonSchema {
  return {
    type: 'object',
    required: ['connector.class'],
    properties: {
      'connector.class': {
        enum: classes.flatMap(({ names }) => names),
        $comment: `not built: ${Object.keys(REFUSED_CLASSES).join(', ')}`,
      },
    },
    allOf: classes.map(({ names, options }) => ({
      if: { properties: { 'connector.class': { enum: names } } },
      // oxlint-disable-next-line unicorn/no-thenable -- JSON Schema's keyword; nothing awaits it
      then: section(options.filter((option) => option.name !== 'connector.class')),
    })),
  };
}

/** Unknown properties are only a warning, so the schema lets them pass. */
function section(options: readonly Option[]): JsonSchema {
  const known = options.filter(
    ({ name, status, listedAs, secret }) =>
      status !== 'refused' &&
      !name.includes('<') &&
      // One of many without effect, or that repeats a login: an editor need not offer it.
      (listedAs === undefined || (status !== 'accepted' && secret !== true)),
  );
  const required = known.filter((option) => option.required === true).map(({ name }) => name);
  return {
    type: 'object',
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(known.map((option) => [option.name, property(option)])),
  };
}

function property(option: Option): JsonSchema {
  return {
    description: option.doc,
    ...(option.default === undefined ? {} : { default: option.default }),
    ...(option.status === 'accepted' ? { deprecated: true } : typeSchema(option.type)),
  };
}

/** Any scalar may be a reference to a provider instead. */
const REFERENCE: JsonSchema = { type: 'string', pattern: '\\$\\{[a-z]+:[^}]*\\}' };

function typeSchema(type: OptionType): JsonSchema {
  switch (type.kind) {
    case 'boolean':
      return { anyOf: [{ type: 'boolean' }, { enum: ['true', 'false'] }, REFERENCE] };
    case 'int': {
      const bounds = {
        ...(type.min === undefined ? {} : { minimum: type.min }),
        ...(type.max === undefined ? {} : { maximum: type.max }),
      };
      return {
        anyOf: [
          { type: 'integer', ...bounds },
          { type: 'string', pattern: '^[+-]?\\d+$' },
          REFERENCE,
        ],
      };
    }
    case 'duration':
    case 'bytes':
      return { type: ['number', 'string'] };
    case 'enum':
      return { anyOf: [{ enum: [...type.values, ...Object.keys(type.aliases ?? {})] }, REFERENCE] };
    case 'list':
    case 'regex-list':
      return { type: ['string', 'array'], items: { type: 'string' } };
    case 'string':
    case 'regex':
      return { type: ['string', 'number', 'boolean'] };
  }
}
