import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { ALERT_CLASSES } from '../config/alert-classes.ts';
import { SEVERITY_WORDS } from '../config/alert-options.ts';
import { nearestName } from '../config/nearest-name.ts';
import { parseOptionValue } from '../config/option-value.ts';
import { TidemarkError, toTidemarkError } from '../foundation/errors.ts';

type HistoryWish = Readonly<Partial<Record<'class' | 'table' | 'severity', string>>>;

/** Who decides about alerts: the engine has this shape. */
export interface AlertDesk {
  view(): object;
  /** The newest first. */
  history(wish: HistoryWish, limit: number): readonly object[];
  /** Whether the history has an alert of that class. */
  hasTold(name: string): boolean;
  mute(wanted: {
    readonly pattern: string;
    readonly table: string | null;
    readonly forMs: number;
    readonly comment: string | null;
  }): Promise<object>;
  unmute(id: string): Promise<boolean>;
  test(channel: string): Promise<void>;
}

/** How many are shown; so many are read at once, and nothing else is done meanwhile. */
const LIMIT = { kind: 'int', min: 1, max: 10_000 } as const;
/** What lasts longer is no mute but a rule in the file. */
const MUTE_TIME = { kind: 'duration', min: 1000, max: 366 * 86_400_000 } as const;

/**
 * `GET /alerts` (what fires, channels, mutes),
 * `GET /alerts/history?class=&table=&severity=&limit=`,
 * `POST /alerts/mutes` with `{"pattern", "for", "table", "comment"}`, `POST /alerts/unmute` with
 * `{"id"}`, `POST /alerts/test` with `{"channel"}`. Changes come as `application/json` alone.
 */
export function alertRoutes(desk: AlertDesk | null): FastifyPluginAsync {
  return async (app) => {
    if (desk === null) return;
    app.get('/alerts', (_request, reply) => reply.send(desk.view()));
    app.get(
      '/alerts/history',
      answering((request) => historyOf(desk, request.query)),
    );
    app.post(
      '/alerts/mutes',
      answering((request) => desk.mute(muteOf(bodyOf(request)))),
    );
    app.post(
      '/alerts/unmute',
      answering(async (request) => {
        const id = textOf(bodyOf(request), 'id');
        if (await desk.unmute(id)) return { id };
        throw new TidemarkError('CONFIG_INVALID', `there is no mute ${id}`);
      }),
    );
    app.post(
      '/alerts/test',
      answering(async (request) => {
        const channel = textOf(bodyOf(request), 'channel');
        await desk.test(channel);
        return { channel };
      }),
    );
    await Promise.resolve();
  };
}

function answering(handle: (request: FastifyRequest) => unknown) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    try {
      return await reply.send(await handle(request));
    } catch (thrown) {
      const error = toTidemarkError(thrown);
      return reply.code(error.httpStatus).send(error.toJSON());
    }
  };
}

function historyOf(desk: AlertDesk, query: unknown): readonly object[] {
  const wanted = query as Readonly<Record<string, string | undefined>>;
  const limit = parseOptionValue(LIMIT, wanted['limit'] ?? '100');
  if (limit.kind !== 'value') {
    const text = `limit is a whole number from 1 to ${LIMIT.max}`;
    throw new TidemarkError('CONFIG_INVALID', text);
  }
  const { severity, class: name, table } = wanted;
  if (severity !== undefined && !SEVERITY_WORDS.some((word) => word === severity)) {
    const text = `severity is one of ${SEVERITY_WORDS.join(', ')}, not ${severity}`;
    throw new TidemarkError('CONFIG_INVALID', text);
  }
  if (name !== undefined) knownClass(name, desk);
  const wish = {
    ...(name === undefined ? {} : { class: name }),
    ...(table === undefined ? {} : { table }),
    ...(severity === undefined ? {} : { severity }),
  };
  return desk.history(wish, limit.value as number);
}

/** A class that is misspelt has no alerts, which is no news. */
function knownClass(name: string, desk: AlertDesk): void {
  const names = new Set(ALERT_CLASSES.map((one) => one.name));
  if (names.has(name) || desk.hasTold(name)) return;
  const nearest = nearestName(name, names);
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  throw new TidemarkError('CONFIG_INVALID', `no alert is of the class ${name}${hint}`);
}

type Body = Readonly<Record<string, unknown>>;

function bodyOf(request: FastifyRequest): Body {
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
    throw new TidemarkError('CONFIG_INVALID', 'it is sent as application/json');
  }
  const { body } = request;
  return typeof body === 'object' && body !== null ? (body as Body) : {};
}

function textOf(body: Body, name: string): string {
  const value = body[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new TidemarkError('CONFIG_INVALID', `${name} is required, a text`);
}

function muteOf(body: Body) {
  const time = parseOptionValue(MUTE_TIME, textOf(body, 'for'));
  if (time.kind !== 'value')
    throw new TidemarkError(
      'CONFIG_INVALID',
      `for ${time.kind === 'invalid' ? time.rule : 'is none'}`,
    );
  const { table, comment } = body;
  return {
    pattern: textOf(body, 'pattern'),
    table: typeof table === 'string' ? table : null,
    forMs: time.value as number,
    comment: typeof comment === 'string' ? comment : null,
  };
}
