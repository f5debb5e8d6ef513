import type { Option, ResolvedOptions } from './option.ts';

/** All of `connection.…` but what the sink itself, and the pools of Debezium's class, have. */
const IN_URL =
  /^connection\.(?!(?:url|user|username|password|attempts|backoff\.ms|provider)$|pool\.)(.+)$/;

/** Properties of the driver, as Confluent's class hands them on. */
export const DRIVER_PROPERTIES: Option = {
  name: 'connection.<property>',
  type: { kind: 'string' },
  // What a driver takes may be a password.
  secret: true,
  doc:
    'A property of the driver, taken as if it were a parameter of connection.url, which it wins ' +
    'over: `connection.sslmode`, `connection.useSSL`.',
};

/** `max.retries` and `retry.backoff.ms`, by the names that each class has for them. */
export function retryAliases(retries: string, backoff: string): readonly Option[] {
  return [
    {
      name: retries,
      type: { kind: 'int', min: 0 },
      doc:
        'How often the task is run again after an error that may pass by itself, before it ' +
        'stops: as errors.max.retries, which wins. Not given, it is run again for ever.',
    },
    {
      name: backoff,
      type: { kind: 'duration', min: 1 },
      doc:
        'The wait before each time: as errors.retry.delay.initial.ms and ' +
        'errors.retry.delay.max.ms, which win.',
    },
  ];
}

/** The values of such properties, by the names of the parameters. */
export function driverProperties(options: ResolvedOptions): readonly (readonly [string, string])[] {
  return options.names().flatMap((name) => {
    const property = IN_URL.exec(name)?.[1];
    return property === undefined ? [] : [[property, options.string(name)] as const];
  });
}
