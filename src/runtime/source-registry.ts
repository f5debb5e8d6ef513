import type { ResolvedOptions } from '../config/option.ts';
import type { SchemaRegistry } from '../converter/converter.ts';
import { ConfluentRegistry } from '../converter/registry/confluent-registry.ts';
import type { SchemaVerdict } from '../converter/registry/schema-verdict.ts';
import { convertersOf } from './converters.ts';
import type { HeldTopicParts } from './held-topics.ts';
import { HeldTopics } from './held-topics.ts';
import type { Logger } from './logger.ts';
import { RegistryOutage } from './registry-outage.ts';
import type { FormatConverter } from './table-encoders.ts';

/** How a source gets its ids, and what happens when it does not. */
export interface SourceRegistry {
  readonly converters: { readonly key: FormatConverter; readonly value: FormatConverter };
  readonly outage: RegistryOutage;
  readonly held: HeldTopics;
}

/** Converters of a source: an outage makes it wait, a refusal holds the topic concerned. */
export function sourceRegistry(
  options: ResolvedOptions,
  builtIn: SchemaRegistry,
  { transport, topicOptions, clock, logger: root }: Omit<HeldTopicParts, 'key' | 'value'>,
): SourceRegistry {
  const logger = root.child({ task: 'source' });
  const outage = new RegistryOutage(clock, logger);
  const converters = convertersOf(options, builtIn, (settings) =>
    outage.around(
      new ConfluentRegistry(settings, (subject, verdict) => tell(logger, subject, verdict)),
    ),
  );
  const { key, value } = converters;
  const held = new HeldTopics({
    transport,
    topicOptions,
    key: key.converter,
    value: value.converter,
    clock,
    logger,
  });
  return { converters, outage, held };
}

function tell(logger: Logger, subject: string, { grade, text }: SchemaVerdict): void {
  // What is forbidden is told as the error that it becomes.
  if (grade === 'breaking') return;
  logger[grade === 'warning' ? 'warn' : 'info'](
    { subject, grade },
    `the schema of subject ${subject} changes: ${text}`,
  );
}
