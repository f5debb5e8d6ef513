import { describe, expect, test } from 'vitest';
import { ConfigErrors } from '../../src/config/resolve-options.ts';
import { parsePipeline } from '../../src/config/pipeline-file.ts';
import { alertsConfig } from '../support/alert-fixtures.ts';

function problemsOf(section: unknown): readonly string[] {
  try {
    alertsConfig(section);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigErrors)) throw error;
    return error.errors.map(({ message }) => message.replace(/ \(shop\.yaml:\d+\)/, ''));
  }
}

test('without the section alerts go to the log; a list is its channels', () => {
  const bare = alertsConfig(undefined);
  expect(bare).toMatchObject({ repeatMs: 14_400_000, resolveAfterMs: 15_000, historyMax: 1000 });
  expect(bare.channels).toMatchObject([{ name: 'log', type: 'log', severity: 'info' }]);
  const listed = alertsConfig([
    { type: 'Webhook', url: 'https://hooks.example/x', severity: 'breaking' },
    { type: 'command', name: 'log', command: ['/bin/x', 'a,b'] },
  ]);
  expect(listed.channels.map(({ name, type, severity }) => [name, type, severity])).toEqual([
    ['log-of-daemon', 'log', 'info'],
    ['webhook', 'webhook', 'breaking'],
    ['log', 'command', 'warning'],
  ]);
  expect(listed.channels[2]?.options.list('command')).toEqual(['/bin/x', 'a,b']);
  expect(alertsConfig([{ type: 'log', enabled: false }]).channels).toEqual([]);
});

test('rules, maintenance and what they are about', () => {
  const { rules, maintenance, repeatMs } = alertsConfig({
    'repeat.interval': 0,
    rules: [{ classes: ['lag\\..*'], threshold: '90s', for: '5m', 'repeat.interval': '1h' }],
    maintenance: [{ hours: '22:00-06:00', days: 'Sat,sun', timezone: 'Europe/Berlin' }],
  });
  expect(repeatMs).toBe(0);
  expect(rules).toEqual([
    {
      filter: { classes: [/^(?:lag\..*)$/i], tables: [], sinks: [] },
      enabled: true,
      threshold: { value: 90_000, unit: 'ms' },
      holdMs: 300_000,
      repeatMs: 3_600_000,
    },
  ]);
  expect(maintenance).toMatchObject([
    { hours: [{ from: 1320, to: 360 }], days: [6, 0], timezone: 'Europe/Berlin' },
  ]);
});

describe('is refused', () => {
  const hook = { type: 'webhook', url: 'https://hooks.example/x' };
  const mail = { type: 'email', 'smtp.host': 'mx', from: 'a@b.c', to: 'd@e.f' };
  test.each([
    ['a text', 'alerts', 'yes', [/must be a map, or a list/, /must be a map of properties/]],
    [
      'rules that are no list',
      'r',
      { rules: { classes: 'x' } },
      [/^alerts: rules must be a list$/],
    ],
    ['no type', 't', [{ url: 'x' }], [/^alerts\.channels\[0\]: type is required/]],
    ['a misspelt type', 't', [{ type: 'webhok' }], [/did you mean webhook\?$/]],
    ['one name twice', 'n', [hook, hook], [/^alerts\.channels\[1\]: the name webhook is taken/]],
    ['a name that is none', 'n', [{ ...hook, name: 'a b' }], [/name may have only letters/]],
    ['no URL', 'u', [{ type: 'slack' }], [/^alerts\.channels\[0\]: url is required$/]],
    ['another protocol', 'u', [{ ...hook, url: 'ftp://x/secret' }], [/url must be an http/]],
    ['half a login', 'l', [{ ...mail, 'smtp.user': 'me' }], [/and smtp\.password belong/]],
    ['no address', 'a', [{ ...mail, to: 'a@b.c, nobody' }], [/are addresses; nobody is none$/]],
    ['an unknown severity', 's', [{ ...hook, severity: 'loud' }], [/must be one of info, warning/]],
    ['enabled that is none', 'e', [{ type: 'log', enabled: 'perhaps' }], [/true or false$/]],
    ['a rule for nothing', 'r', { rules: [{ for: '1m' }] }, [/what is the rule for\?$/]],
    ['a threshold', 'h', { rules: [{ classes: '.*', threshold: 'much' }] }, [/must be a duration/]],
    ['half a window', 'm', { maintenance: [{ from: '2026-12-01T22:00Z' }] }, [/must both be$/]],
    [
      'a time without its zone',
      'm',
      { maintenance: [{ from: '2026-12-01T22:00', to: '2026-12-02T22:00Z' }] },
      [/must be times with their zone/],
    ],
    [
      'a window that ends first',
      'm',
      { maintenance: [{ from: '2026-12-02T22:00Z', to: '2026-12-01T22:00Z' }] },
      [/from must lie before to$/],
    ],
    [
      'a window of nothing',
      'm',
      { maintenance: [{ classes: '.*' }] },
      [/or days, or from and to$/],
    ],
    ['a day', 'm', { maintenance: [{ days: 'someday' }] }, [/where someday is none/]],
    [
      'a sink',
      's',
      { rules: [{ sinks: 'warehous' }] },
      [/no sink of this file: there are warehou/],
    ],
    [
      'a sink of a channel',
      's',
      [{ ...hook, sinks: 'x, other' }],
      [/channels\[0\]: sinks fits no/],
    ],
    ['a topic', 't', [{ type: 'topic', topic: 'a b' }], [/topic may have only letters, digits/]],
    ['a zone', 'm', { maintenance: [{ days: 'sun', timezone: 'Mars' }] }, [/nobody knows$/]],
  ] as const)('%s', (_name, _what, section, expected) => {
    const problems = problemsOf(section);
    expect(problems).toEqual(expected.map((form): unknown => expect.stringMatching(form)));
    expect(problems.join()).not.toContain('secret');
  });
});

test('secrets come from providers', () => {
  const source = { 'connector.class': 'file', file: 'in.txt', topic: 't' };
  const alerts = [{ type: 'webhook', url: '${env:HOOK}', secret: '${env:KEY}' }];
  const text = JSON.stringify({ name: 'shop', source, sinks: [], alerts });
  const environment = { HOOK: 'https://h/x', KEY: 'k' };
  const { channels } = parsePipeline(text, 'shop.yaml', environment).alerts;
  expect(channels[1]?.options.string('secret')).toBe('k');
});
