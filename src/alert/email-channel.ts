import { TidemarkError } from '../foundation/errors.ts';
import type { AlertChannel } from './alert-channel.ts';
import { type AlertNotice, SEVERITY_RANK } from './alert-notice.ts';
import { noticeFacts, noticeHeadline, noticeText } from './alert-text.ts';
import { readCertificates } from './http-post.ts';

/** A mail server, and who gets mail. */
export interface EmailSettings {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly security: 'starttls' | 'tls' | 'none';
  /** Null: no login. */
  readonly login: { readonly user: string; readonly password: string } | null;
  readonly from: string;
  readonly to: readonly string[];
  readonly caFile: string | undefined;
  readonly timeoutMs: number;
}

type MailTransport = Awaited<ReturnType<typeof smtpTransport>>;

/** Mail over SMTP, a connection for each: alerts are rare. */
export class EmailChannel implements AlertChannel {
  readonly name: string;
  readonly type = 'email';
  readonly target: string;
  readonly #settings: EmailSettings;

  constructor(settings: EmailSettings) {
    this.name = settings.name;
    this.target = `${settings.to.join(', ')} by ${settings.host}:${settings.port}`;
    this.#settings = settings;
  }

  async deliver(notice: AlertNotice, signal: AbortSignal): Promise<void> {
    await this.#talk(async (transport) => {
      const sent = await transport.sendMail(this.#message(notice));
      const refused = sent.rejected.length;
      if (refused > 0) throw new Error(`the server refused ${refused} of the receivers`);
    }, signal);
  }

  /** As far as a mail would come before its sender is named: encrypted and logged in. */
  async probe(signal: AbortSignal): Promise<void> {
    await this.#talk((transport) => transport.verify(), signal);
  }

  async #talk(
    talk: (transport: MailTransport) => Promise<unknown>,
    signal: AbortSignal,
  ): Promise<void> {
    const transport = await smtpTransport(this.#settings);
    const close = (): void => {
      transport.close();
    };
    signal.addEventListener('abort', close, { once: true });
    const aborted = new Promise<never>((_resolve, reject) => {
      const abort = (): void => reject(signal.reason as Error);
      // While the library was loaded.
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort, { once: true });
    });
    try {
      await Promise.race([talk(transport), aborted]);
    } catch (thrown) {
      if (thrown instanceof TidemarkError) throw thrown;
      const { host, port } = this.#settings;
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      throw new TidemarkError('ALERT_CHANNEL', `mail by ${host}:${port}: ${reason}`, {
        cause: thrown,
      });
    } finally {
      signal.removeEventListener('abort', close);
      aborted.catch(() => undefined);
      close();
    }
  }

  #message(notice: AlertNotice) {
    const { from, to } = this.#settings;
    const isUrgent = notice.status !== 'resolved' && SEVERITY_RANK[notice.severity] > 1;
    return {
      from,
      to: [...to],
      subject: noticeHeadline(notice).replaceAll(/\s+/g, ' '),
      text: noticeText(notice),
      html: emailHtml(notice),
      // Delivered twice, it is one message to whoever looks at ids.
      messageId: `<${notice.notice}@tidemark.alerts>`,
      ...threadOf(notice),
      ...(isUrgent ? { priority: 'high' as const } : {}),
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Tidemark-Class': asciiOf(notice.class) },
    };
  }
}

async function smtpTransport(settings: EmailSettings) {
  const { default: nodemailer } = await import('nodemailer');
  const { host, port, security, login, caFile, timeoutMs } = settings;
  const ca = readCertificates(caFile);
  return nodemailer.createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(login === null ? {} : { auth: { user: login.user, pass: login.password } }),
    ...(ca === undefined ? {} : { tls: { ca } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

/** What is told of one condition stands together in a mailbox. */
function threadOf({ status, id, pipeline }: AlertNotice): { readonly references?: string } {
  if (status === 'event' || status === 'test') return {};
  return { references: `<${Buffer.from(`${pipeline} ${id}`).toString('hex')}@tidemark.alerts>` };
}

function asciiOf(text: string): string {
  return text.replaceAll(/[^ -~]/g, '?');
}

/** The text as a table, for readers that show HTML. */
export function emailHtml(notice: AlertNotice): string {
  const cell = 'style="padding:2px 12px 2px 0;vertical-align:top"';
  const rows = noticeFacts(notice).map(
    ({ label, value }) =>
      `<tr><td ${cell}><b>${html(label)}</b></td><td ${cell}><pre style="margin:0">${html(value)}` +
      '</pre></td></tr>',
  );
  return (
    `<p><b>${html(noticeHeadline(notice))}</b></p><table>${rows.join('')}</table>` +
    `<p><small>${html(notice.class)}, alert ${html(notice.id)}</small></p>`
  );
}

function html(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
