import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Node } from 'yaml';
import { must } from '../foundation/assert.ts';
import type { ErrorCode } from '../foundation/error-table.ts';
import { TidemarkError } from '../foundation/errors.ts';
import { readAlerts, type SectionReading } from './alert-section.ts';
import type { ProviderContext } from './config-providers.ts';
import { expandReferences } from './config-providers.ts';
import {
  type ConnectorClass,
  REFUSED_CLASSES,
  SINK_CLASSES,
  SOURCE_CLASSES,
} from './connector-classes.ts';
import { connectorSections } from './connector-document.ts';
import { HTTP_OPTIONS, HTTP_RULES, parseListen } from './http-options.ts';
import { repeatedLoginProblems } from './kafka-security-options.ts';
import { healingProblems } from './last-stage-options.ts';
import { nearestName } from './nearest-name.ts';
import type { Option, ResolvedOptions } from './option.ts';
import type { ConnectorConfig, PipelineConfig } from './pipeline-config.ts';
import { propertiesAsYaml } from './properties-text.ts';
import { ConfigErrors, examineOptions, type OptionRule } from './resolve-options.ts';
import { RUNTIME_OPTIONS, RUNTIME_RULES } from './runtime-options.ts';
import { connectorTable, transportTable, type TransportType } from './transport-options.ts';
import { readSchemaChanges, schemaChangeProblems } from './schema-section.ts';
import { sourceLetterProblems } from './source-error-options.ts';
import { transactionProblems } from './sink-transaction-options.ts';
import { VERIFY_OPTIONS, VERIFY_RULES } from './verify-options.ts';
import { type YamlSection, YamlSections } from './yaml-sections.ts';

/** Sections of a pipeline file. */
export const SECTIONS = [
  'name',
  'transport',
  'source',
  'sinks',
  'alerts',
  'schema',
  'http',
  'runtime',
  'verify',
] as const;

const FILE_BYTES_MAX = 4 * 1024 * 1024;

/** Reads and checks a pipeline file. Throws CONFIG_FILE, CONFIG_SYNTAX, or ConfigErrors. */
export function loadPipelineFile(
  file: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): PipelineConfig {
  return parsePipeline(readPipelineFile(file), file, environment);
}

/** The pipeline in a text. `file` names it in messages, and relative paths start in its folder. */
export function parsePipeline(
  text: string,
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): PipelineConfig {
  const folder = path.dirname(path.resolve(file));
  const yaml = file.endsWith('.properties') ? propertiesAsYaml(text) : text;
  return new PipelineParser(new YamlSections(yaml, file), file, { environment, folder }).parse();
}

function readPipelineFile(file: string): string {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > FILE_BYTES_MAX) throw new RangeError('it is larger than 4 MB');
    return bytes.toString('utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : (code ?? (error as Error).message);
    throw new TidemarkError('CONFIG_FILE', `${file}: ${reason}`, { cause: error });
  }
}

/** One reading of one file; collects problems from all sections before it gives up. */
class PipelineParser {
  readonly #yaml: YamlSections;
  readonly #file: string;
  readonly #providers: ProviderContext;
  readonly #root: ReadonlyMap<string, Node | null>;
  #transportType: TransportType = 'embedded';
  readonly #problems: TidemarkError[] = [];
  readonly #warnings: string[] = [];

  constructor(yaml: YamlSections, file: string, providers: ProviderContext) {
    this.#yaml = yaml;
    this.#file = file;
    this.#providers = providers;
    this.#root = connectorSections(yaml) ?? yaml.root();
  }

  parse(): PipelineConfig {
    this.#unknownSections();
    const name = this.#name();
    const transport = this.#transport();
    const source = this.#source(name);
    const sinks = this.#sinks();
    const http = this.#section('http', HTTP_OPTIONS, HTTP_RULES);
    const runtime = this.#section('runtime', RUNTIME_OPTIONS, RUNTIME_RULES);
    const verify = this.#section('verify', VERIFY_OPTIONS, VERIFY_RULES);
    if (this.#transportType === 'kafka') this.#logins(transport, source, sinks);
    if (source !== undefined) this.#betweenConnectors(source, sinks);
    const reading = this.#reading(sinks);
    const alerts = readAlerts(this.#root.get('alerts') ?? null, reading);
    const schemaChanges = readSchemaChanges(this.#root.get('schema') ?? null, reading);
    this.#unsupported(schemaChangeProblems(schemaChanges, sinks));
    if (this.#problems.length > 0) throw new ConfigErrors(this.#problems, this.#warnings);
    const storePath = transport.optionalString('path') ?? `${name}-data`;
    return Object.freeze({
      name,
      file: this.#file,
      storePath: path.resolve(this.#providers.folder, storePath),
      transport,
      transportType: this.#transportType,
      source: must(source, 'a source without problems'),
      sinks: Object.freeze(sinks),
      http: Object.freeze({
        // The rule of the section has refused what is no address.
        listen: parseListen(http.string('listen')) ?? null,
        token: http.optionalString('token'),
      }),
      runtime,
      verify,
      alerts,
      schemaChanges,
      warnings: Object.freeze(this.#warnings),
    });
  }

  #unknownSections(): void {
    for (const [name, node] of this.#root) {
      if ((SECTIONS as readonly string[]).includes(name)) continue;
      const nearest = nearestName(name, SECTIONS);
      const hint =
        nearest === undefined ? `there are ${SECTIONS.join(', ')}` : `did you mean ${nearest}?`;
      this.#problem('CONFIG_INVALID', `${name} is not a section of a pipeline file: ${hint}`, node);
    }
  }

  #name(): string {
    const node = this.#root.get('name') ?? null;
    const name = this.#yaml.text(node) ?? '';
    if (name === '') {
      this.#problem('CONFIG_INVALID', 'name is required: it names the pipeline', node);
    } else if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) {
      const rule = 'may have only letters, digits, dot, underscore and hyphen, at most 100';
      this.#problem('CONFIG_INVALID', `name ${rule}`, node);
    }
    return name;
  }

  #section(where: string, table: readonly Option[], rules: readonly OptionRule[]): ResolvedOptions {
    const section = this.#sectionOf(this.#root.get(where) ?? null, where);
    return this.#examine(section, where, table, rules);
  }

  /** Its type decides what it may have, and what connectors may. */
  #transport(): ResolvedOptions {
    const section = this.#sectionOf(this.#root.get('transport') ?? null, 'transport');
    const type = section.values['type'];
    const text = typeof type === 'string' ? expandReferences(type, this.#providers).text : '';
    this.#transportType = text.toLowerCase() === 'kafka' ? 'kafka' : 'embedded';
    const { options, rules } = transportTable(this.#transportType);
    return this.#examine(section, 'transport', options, rules);
  }

  /** Connectors may repeat how the brokers are reached; whoever says otherwise is told. */
  #logins(
    transport: ResolvedOptions,
    source: ConnectorConfig | undefined,
    sinks: readonly ConnectorConfig[],
  ): void {
    const told = [
      ...(source === undefined ? [] : [{ where: 'source', options: source.options }]),
      ...sinks.map(({ options }, at) => ({ where: `sinks[${at}]`, options })),
    ];
    for (const { where, options } of told) {
      const found = ['producer', 'consumer', 'admin'].flatMap((role) =>
        repeatedLoginProblems(transport, options, `${role}.override.`),
      );
      for (const text of found)
        this.#problems.push(new TidemarkError('CONFIG_UNSUPPORTED', `${where}: ${text}`));
    }
  }

  #betweenConnectors(source: ConnectorConfig, sinks: readonly ConnectorConfig[]): void {
    this.#unsupported(transactionProblems(source, sinks));
    this.#unsupported(sourceLetterProblems(source.options, sinks));
    this.#unsupported(healingProblems(source.options, sinks));
  }

  #unsupported(problems: readonly string[]): void {
    for (const text of problems) {
      this.#problems.push(new TidemarkError('CONFIG_UNSUPPORTED', text));
    }
  }

  #source(name: string): ConnectorConfig | undefined {
    const node = this.#root.get('source') ?? null;
    if (!this.#root.has('source')) {
      this.#problem('CONFIG_INVALID', 'source is required: the database to capture', node);
      return undefined;
    }
    return this.#connector(node, 'source', SOURCE_CLASSES, () => name);
  }

  #sinks(): ConnectorConfig[] {
    const node = this.#root.get('sinks') ?? null;
    const items = this.#yaml.items(node);
    if (items === undefined) {
      this.#problem('CONFIG_INVALID', 'sinks must be a list: begin each sink with a hyphen', node);
      return [];
    }
    const sinks: ConnectorConfig[] = [];
    const names = new Set<string>();
    for (const [index, item] of items.entries()) {
      const where = `sinks[${index}]`;
      const sink = this.#connector(item, where, SINK_CLASSES, (options) =>
        options.optionalString('name'),
      );
      if (sink === undefined) continue;
      if (names.has(sink.name)) {
        this.#problem('CONFIG_INVALID', `${where}: the name ${sink.name} is taken already`, item);
      }
      names.add(sink.name);
      sinks.push(Object.freeze(sink));
    }
    return sinks;
  }

  #connector(
    node: Node | null,
    where: string,
    classes: readonly ConnectorClass[],
    nameOf: (options: ResolvedOptions) => string | undefined,
  ): ConnectorConfig | undefined {
    const section = this.#sectionOf(node, where);
    const className = this.#className(section, where, classes);
    if (className === undefined) return undefined;
    const found = must(findClass(classes, className), 'a known class');
    const table = connectorTable(found.options, this.#transportType);
    const options = this.#examine(section, where, table, found.rules);
    const name = nameOf(options);
    if (name === undefined) return undefined;
    return Object.freeze({ name, connectorClass: className, flavour: found.flavour, options });
  }

  #className(
    section: YamlSection,
    where: string,
    classes: readonly ConnectorClass[],
  ): string | undefined {
    const raw = section.values['connector.class'];
    const text = typeof raw === 'string' ? expandReferences(raw, this.#providers).text : '';
    if (findClass(classes, text) !== undefined) return text;
    const known = classes.flatMap((candidate) => candidate.names);
    const reason = REFUSED_CLASSES[text];
    const isSink = where === 'source' && findClass(SINK_CLASSES, text) !== undefined;
    if (isSink) {
      const rule = 'is the class of a sink: it stands in the list sinks, beside a source';
      this.#problemAt('CONFIG_INVALID', where, `connector.class ${text} ${rule}`, section);
    } else if (reason !== undefined) {
      this.#problemAt('CONFIG_UNSUPPORTED', where, `connector.class ${text}: ${reason}`, section);
    } else {
      const nearest = nearestName(text, known);
      const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
      const rule = text === '' ? 'is required' : `${JSON.stringify(text)} is not known`;
      const list = `one of ${known.join(', ')}${hint}`;
      this.#problemAt('CONFIG_INVALID', where, `connector.class ${rule}: ${list}`, section);
    }
    return undefined;
  }

  #reading(sinks: readonly ConnectorConfig[]): SectionReading {
    const all = this.#yaml.items(this.#root.get('sinks') ?? null) ?? [];
    return {
      yaml: this.#yaml,
      sinks: all.length > sinks.length ? null : sinks.map(({ name }) => name),
      examine: (section, where, table, rules) => this.#examine(section, where, table, rules),
      sectionOf: (node, where) => this.#sectionOf(node, where),
      problem: (text, node) => {
        this.#problem('CONFIG_INVALID', text, node);
      },
    };
  }

  #sectionOf(node: Node | null, where: string): YamlSection {
    const section = this.#yaml.section(node);
    if (section !== undefined) return section;
    this.#problem('CONFIG_INVALID', `${where} must be a map of properties`, node);
    return { values: {}, lineOf: new Map() };
  }

  #examine(
    section: YamlSection,
    where: string,
    table: readonly Option[],
    rules: readonly OptionRule[],
  ): ResolvedOptions {
    const { options, problems } = examineOptions(table, section.values, {
      where,
      rules,
      providers: this.#providers,
      placeOf: (name) => {
        const line = section.lineOf.get(name);
        return line === undefined ? undefined : `${this.#file}:${line}`;
      },
    });
    this.#problems.push(...problems);
    this.#warnings.push(...options.warnings);
    return options;
  }

  #problemAt(code: ErrorCode, where: string, text: string, section: YamlSection): void {
    const line = section.lineOf.get('connector.class');
    const place = line === undefined ? '' : ` (${this.#file}:${line})`;
    this.#problems.push(new TidemarkError(code, `${where}: ${text}${place}`));
  }

  #problem(code: ErrorCode, text: string, node: Node | null): void {
    const line = this.#yaml.line(node);
    const place = line === undefined ? this.#file : `${this.#file}:${line}`;
    this.#problems.push(new TidemarkError(code, `${text} (${place})`));
  }
}

function findClass(classes: readonly ConnectorClass[], name: string): ConnectorClass | undefined {
  return classes.find((candidate) => candidate.names.includes(name));
}
