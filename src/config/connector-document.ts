import type { Node } from 'yaml';
import type { YamlSections } from './yaml-sections.ts';

/**
 * The sections of a pipeline that a connector's configuration stands for. Kafka Connect has it in
 * two forms: `{"name": …, "config": {…}}`, as it is posted and as `GET /connectors/<name>` answers,
 * and the properties alone. Null: the file is a pipeline file.
 */
export function connectorSections(yaml: YamlSections): ReadonlyMap<string, Node | null> | null {
  const root = yaml.root();
  if (root.has('source') || root.has('sinks')) return null;
  if (root.has('connector.class')) {
    return new Map([
      ['name', root.get('name') ?? null],
      ['source', yaml.contents()],
    ]);
  }
  if (!root.has('config')) return null;
  const sections = new Map([...root].filter(([name]) => !ANSWERED.has(name)));
  const config = root.get('config') ?? null;
  const ownName = yaml.entries(config)?.get('name');
  if (!sections.has('name') && ownName !== undefined) sections.set('name', ownName);
  sections.delete('config');
  return sections.set('source', config);
}

/** What Connect's answer has beside name and config. */
const ANSWERED: ReadonlySet<string> = new Set(['tasks', 'type']);
