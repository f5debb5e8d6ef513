import type { SubjectStrategy } from '../../config/registry-options.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectSchema } from '../../model/connect-schema.ts';

/** The subject of a topic's schema (PITFALLS C40). Throws SCHEMA_INVALID. */
export type SubjectNaming = (topic: string, schema: ConnectSchema) => string;

/** Confluent's strategy of that name; `unnamed` is what a struct without name is called. */
export function subjectNaming(
  strategy: SubjectStrategy,
  isKey: boolean,
  unnamed: string,
): SubjectNaming {
  const side = isKey ? 'key' : 'value';
  if (strategy === 'topic') return (topic) => `${topic}-${side}`;
  return (topic, schema) => {
    const name = recordName(topic, side, schema, unnamed);
    return strategy === 'record' ? name : `${topic}-${name}`;
  };
}

function recordName(topic: string, side: string, schema: ConnectSchema, unnamed: string): string {
  if (schema.type === 'struct') return schema.name ?? unnamed;
  throw new TidemarkError(
    'SCHEMA_INVALID',
    `the ${side} of ${topic} is no record but ${schema.type}: it has no name for a subject`,
    { cure: `Set ${side}.converter.${side}.subject.name.strategy to topic.` },
  );
}
