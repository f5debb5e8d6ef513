import type { AlertChannel } from './alert-channel.ts';
import type { AlertNotice } from './alert-notice.ts';
import { noticeFacts, noticeHeadline } from './alert-text.ts';
import { HttpPost } from './http-post.ts';

/** An incoming webhook of Slack, Mattermost, Rocket.Chat or Discord (`…/slack`). */
export interface SlackSettings {
  readonly name: string;
  readonly url: string;
  readonly caFile: string | undefined;
  readonly timeoutMs: number;
}

/** Posts messages as Slack's incoming webhooks take them. */
export class SlackChannel implements AlertChannel {
  readonly name: string;
  readonly type = 'slack';
  readonly target: string;
  readonly #post: HttpPost;

  constructor({ name, url, caFile, timeoutMs }: SlackSettings) {
    this.name = name;
    this.#post = new HttpPost(url, caFile, timeoutMs);
    this.target = this.#post.target;
  }

  async deliver(notice: AlertNotice, signal: AbortSignal): Promise<void> {
    await this.#post.send(JSON.stringify(slackMessage(notice)), {}, signal);
  }

  async probe(signal: AbortSignal): Promise<void> {
    await this.#post.probe(signal);
  }
}

const COLOURS = { info: '#439fe0', warning: '#daa038', breaking: '#d00000', critical: '#d00000' };
const WELL = '#2eb886';
/** Two such fields stand side by side. */
const SHORT = 40;
/** Slack cuts longer ones without a word. */
const VALUE_MAX = 2000;

/** Attachments with fields, which all of them understand; Slack's blocks only Slack does. */
export function slackMessage(notice: AlertNotice): Readonly<Record<string, unknown>> {
  const { status, severity, class: name, id, toldAt } = notice;
  const headline = noticeHeadline(notice);
  return {
    text: escaped(`*${headline.replaceAll('*', '∗')}*`),
    attachments: [
      {
        fallback: headline,
        color: status === 'resolved' ? WELL : COLOURS[severity],
        fields: noticeFacts(notice).map(({ label, value }) => ({
          title: escaped(label),
          value: escaped(value.length > VALUE_MAX ? `${value.slice(0, VALUE_MAX)}…` : value),
          short: value.length <= SHORT && !value.includes('\n'),
        })),
        footer: escaped(`${name} · ${id}`),
        ts: Math.floor(Date.parse(toldAt) / 1000),
      },
    ],
  };
}

/** A table named `<!channel>` must not ring everybody's telephone. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
