import { REACH_RULES } from './alert-reach.ts';
import { FILTER_OPTIONS, SEVERITY_WORDS } from './alert-options.ts';
import { topicNameProblem } from './kafka-transport-options.ts';
import type { Option } from './option.ts';
import type { OptionRule } from './resolve-options.ts';

/** Kinds of channels. */
export const CHANNEL_TYPES = ['log', 'topic', 'webhook', 'slack', 'email', 'command'] as const;
export type AlertChannelType = (typeof CHANNEL_TYPES)[number];

/** What a channel of a kind may be told. */
export interface AlertChannelTable {
  readonly options: readonly Option[];
  readonly rules: readonly OptionRule[];
}

function commonOptions(severity: (typeof SEVERITY_WORDS)[number]): readonly Option[] {
  return [
    {
      name: 'type',
      type: { kind: 'enum', values: CHANNEL_TYPES },
      required: true,
      doc: 'Where alerts go.',
    },
    {
      name: 'name',
      type: { kind: 'string' },
      doc: 'Names it in commands, metrics and messages; by default its type.',
    },
    { name: 'enabled', type: { kind: 'boolean' }, default: 'true', doc: 'false: it gets nothing.' },
    {
      name: 'severity',
      type: { kind: 'enum', values: SEVERITY_WORDS },
      default: severity,
      doc: 'The least that it gets; breaking and critical are alike.',
    },
    ...FILTER_OPTIONS,
    {
      name: 'resolved',
      type: { kind: 'boolean' },
      default: 'true',
      doc: 'It is also told when all is well again.',
    },
    {
      name: 'rate.limit',
      type: { kind: 'int', min: 0 },
      default: '30',
      doc: 'So many alerts within rate.window; one more says how many were left out. 0: no limit.',
    },
    {
      name: 'rate.window',
      type: { kind: 'duration', min: 1000 },
      default: '1m',
      doc: 'See there.',
    },
  ];
}

/** Of channels that can fail. */
const DELIVERY_OPTIONS: readonly Option[] = [
  {
    name: 'timeout',
    type: { kind: 'duration', min: 100, max: 600_000 },
    default: '10s',
    doc: 'How long one attempt may take.',
  },
  {
    name: 'retry.delay.max',
    type: { kind: 'duration', min: 100 },
    default: '1m',
    doc: 'Longest wait between attempts; the first is a second.',
  },
  {
    name: 'retry.for',
    type: { kind: 'duration', min: 1000 },
    default: '7d',
    doc: 'After this an alert is given up for this channel, with an error in the log.',
  },
];

const CA_OPTION: Option = {
  name: 'ca.file',
  type: { kind: 'string' },
  doc: 'PEM with the certificates that are trusted, instead of those of the system.',
};

const URL_OPTION: Option = {
  name: 'url',
  type: { kind: 'string' },
  required: true,
  // Whoever has the URL of a webhook may post there.
  secret: true,
  doc: 'Where it posts to: http or https.',
};

const URL_RULE: OptionRule = {
  properties: ['url'],
  check: (options) => {
    const url = options.optionalString('url');
    if (url === undefined) return undefined;
    return /^https?:\/\/[^/\s]/.test(url) && URL.canParse(url)
      ? undefined
      : 'must be an http or https URL';
  },
};

const WEBHOOK_OPTIONS: readonly Option[] = [
  URL_OPTION,
  {
    name: 'secret',
    type: { kind: 'string' },
    secret: true,
    doc: 'Signs each request: `Tidemark-Signature: t=<seconds>,v1=<hex>`, HMAC-SHA256 of `t.body`.',
  },
  {
    name: 'header.<name>',
    type: { kind: 'string' },
    secret: true,
    doc: 'Headers of its own, for example `header.Authorization`.',
  },
  CA_OPTION,
];

const EMAIL_OPTIONS: readonly Option[] = [
  { name: 'smtp.host', type: { kind: 'string' }, required: true, doc: 'The mail server.' },
  {
    name: 'smtp.port',
    type: { kind: 'int', min: 1, max: 65535 },
    doc: 'By default 587, with `smtp.security: tls` 465, with none 25.',
  },
  {
    name: 'smtp.security',
    type: { kind: 'enum', values: ['starttls', 'tls', 'none'] },
    default: 'starttls',
    doc: 'starttls: nothing is said before encryption; none: in the clear, also the password.',
  },
  { name: 'smtp.user', type: { kind: 'string' }, doc: 'Absent: without a login.' },
  { name: 'smtp.password', type: { kind: 'string' }, secret: true, doc: 'Of that user.' },
  { name: 'from', type: { kind: 'string' }, required: true, doc: 'The address of the sender.' },
  { name: 'to', type: { kind: 'list' }, required: true, doc: 'Addresses that get it.' },
  CA_OPTION,
];

const EMAIL_RULES: readonly OptionRule[] = [
  {
    properties: ['smtp.user', 'smtp.password'],
    check: (options) =>
      options.has('smtp.user') === options.has('smtp.password')
        ? undefined
        : 'and smtp.password belong together',
  },
  {
    properties: ['from', 'to'],
    check: (options) => {
      const from = options.optionalString('from') ?? 'a@b';
      const bad = [from, ...options.list('to')].find((address) => !/^\S.*@\S+$/.test(address));
      return bad === undefined ? undefined : `and to are addresses; ${bad} is none`;
    },
  },
];

const COMMAND_OPTIONS: readonly Option[] = [
  {
    name: 'command',
    type: { kind: 'list', verbatim: true },
    required: true,
    doc: 'Program and arguments as a list; no shell reads them. The alert is JSON on its input.',
  },
];

const TOPIC_OPTIONS: readonly Option[] = [
  {
    name: 'topic',
    type: { kind: 'string' },
    doc: 'By default `__tidemark.alerts.<pipeline>`. Value: JSON as a webhook gets it.',
  },
];

const TOPIC_RULE: OptionRule = {
  properties: ['topic'],
  check: (options) => {
    const topic = options.optionalString('topic');
    return topic === undefined ? undefined : topicNameProblem(topic);
  },
};

function table(
  severity: (typeof SEVERITY_WORDS)[number],
  own: readonly Option[],
  rules: readonly OptionRule[] = [],
): AlertChannelTable {
  return { options: [...commonOptions(severity), ...own], rules: [...REACH_RULES, ...rules] };
}

/** Entries of `channels`, by their type. */
export const CHANNEL_TABLES: Readonly<Record<AlertChannelType, AlertChannelTable>> = {
  log: table('info', []),
  topic: table('info', [...TOPIC_OPTIONS, ...DELIVERY_OPTIONS], [TOPIC_RULE]),
  webhook: table('warning', [...WEBHOOK_OPTIONS, ...DELIVERY_OPTIONS], [URL_RULE]),
  slack: table('warning', [URL_OPTION, CA_OPTION, ...DELIVERY_OPTIONS], [URL_RULE]),
  email: table('warning', [...EMAIL_OPTIONS, ...DELIVERY_OPTIONS], EMAIL_RULES),
  command: table('warning', [...COMMAND_OPTIONS, ...DELIVERY_OPTIONS]),
};
