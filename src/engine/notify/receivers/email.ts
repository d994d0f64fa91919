// Notifications by mail, over SMTP. The Message-ID comes from the notification's id, so that a mail
// that is sent twice is one to those who look; mails of one group form a thread. Easy to get wrong:
// a label's line break must not become a header, nor its brackets HTML; a reply of 5yz is final.
import { createTransport } from 'nodemailer';
import type { Transporter } from 'nodemailer';
import { messageOf as wordsOf } from '../../errors.ts';
import { NOTIFY_TIMEOUT_MS } from '../../limits.ts';
import { subject } from '../default-texts.ts';
import { shortHash } from '../fingerprint.ts';
import type { Message, MessageAlert } from '../message.ts';
import { textSetting } from '../routing.ts';
import type { Integration, Settings } from '../routing.ts';
import { Texts } from './sender.ts';
import type { Outcome } from './outcome.ts';
import type { Sender, SenderTools } from './sender.ts';

const DEFAULT_HTML = '{{ template "email.default.html" . }}';

export function escapeHtml(text: string): string {
  const marks: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;' };
  return text.replace(/[&<>"]/g, (c) => marks[c]).replaceAll("'", '&#39;');
}

function alertHtml(alert: MessageAlert): string {
  const rows = (title: string, labels: Readonly<Record<string, string>>): string => {
    const all = Object.entries(labels).map(
      ([name, value]) => `<tr><td>${escapeHtml(name)}</td><td>${escapeHtml(value)}</td></tr>`,
    );
    return all.length === 0 ? '' : `<p><b>${title}</b></p><table>${all.join('')}</table>`;
  };
  const source = /^https?:\/\//.test(alert.generatorURL)
    ? `<p><a href="${escapeHtml(alert.generatorURL)}">Source</a></p>`
    : '';
  const facts = rows('Labels', alert.labels) + rows('Annotations', alert.annotations);
  return `<li>${facts}${source}</li>`;
}

/** The body when the file gives none: every alert with its labels, plain enough for any reader. */
function defaultHtml(message: Message): string {
  const part = (title: string, alerts: readonly MessageAlert[]): string =>
    alerts.length === 0
      ? ''
      : `<h3>[${alerts.length}] ${title}</h3><ul>${alerts.map(alertHtml).join('')}</ul>`;
  return `<!DOCTYPE html><html><head><meta charset="utf-8"></head><body>
<h2>${escapeHtml(subject(message))}</h2>
${part('Firing', message.firing)}${part('Resolved', message.resolved)}
<p>Incident ${escapeHtml(message.incident)}, receiver ${escapeHtml(message.receiver)}</p>
</body></html>
`;
}

/** A header's text on one line. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\u2028\u2029\0]+/g, ' ').trim();
}

/** The mail of a notification, as nodemailer takes it. */
function mailOf(texts: Texts): Record<string, unknown> {
  const { message, settings } = texts;
  const from = oneLine(texts.text('from'));
  const host = /@([^>\s]+)/.exec(from)?.[1] ?? 'mon.invalid';
  const given = (settings['headers'] ?? {}) as Record<string, string>;
  const headers = new Map<string, string>();
  for (const [name, text] of Object.entries(given)) {
    headers.set(name.toLowerCase(), oneLine(texts.render(text)));
  }
  const html = textSetting(settings, 'html');
  const own = html !== '' && html !== DEFAULT_HTML;
  const useDefault = !own && settings['html'] !== '';
  const text = texts.text('text');
  const threading = (settings['threading'] ?? {}) as Settings;
  const root = `<${shortHash(message.groupKey)}.group@${host}>`;
  const take = (name: string): string | undefined => {
    const value = headers.get(name);
    headers.delete(name);
    return value;
  };
  return {
    from: take('from') ?? from,
    to: take('to') ?? oneLine(texts.text('to')),
    subject: take('subject') ?? oneLine(subject(message)),
    messageId: `<${message.id}@${host}>`,
    date: new Date(message.decidedMs),
    ...(threading['enabled'] === true ? { references: root, inReplyTo: root } : {}),
    ...(text === '' ? {} : { text }),
    ...(useDefault ? { html: defaultHtml(message) } : own ? { html: texts.render(html) } : {}),
    headers: [...headers].map(([key, value]) => ({ key, value })),
    envelope: { from, to: oneLine(texts.text('to')) },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

export function emailSender(integration: Integration, tools: SenderTools): Sender {
  return async (message, signal) => {
    const texts = new Texts(integration, message, tools);
    const transport = createTransport(await transportOf(texts, tools));
    const stop = (): void => transport.close();
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await deliver(transport as Transporter, mailOf(texts));
    } finally {
      signal.removeEventListener('abort', stop);
      transport.close();
    }
  };
}

async function deliver(transport: Transporter, mail: Record<string, unknown>): Promise<Outcome> {
  try {
    const { rejected } = (await transport.sendMail(mail)) as { rejected?: unknown[] };
    if ((rejected?.length ?? 0) === 0) return { kind: 'delivered' };
    return { kind: 'refused', why: `refused the address ${String(rejected)}`.slice(0, 300) };
  } catch (thrown) {
    const why = wordsOf(thrown).slice(0, 300);
    const { responseCode } = thrown as { responseCode?: unknown };
    // 4yz is for now and 5yz for good (RFC 5321, 4.2.1); 530 to 538 depend on our own settings.
    const final = typeof responseCode === 'number' && responseCode >= 550;
    return final ? { kind: 'refused', why } : { kind: 'again', why };
  }
}

async function transportOf(texts: Texts, tools: SenderTools): Promise<object> {
  const { settings } = texts;
  const address = textSetting(settings, 'smarthost');
  const cut = address.lastIndexOf(':');
  const host = address.slice(0, cut).replace(/^\[|\]$/g, '') || 'localhost';
  const port = Number(address.slice(cut + 1)) || 25;
  const implicit = settings['force_implicit_tls'];
  const secure = typeof implicit === 'boolean' ? implicit : port === 465;
  const user = texts.text('auth_username');
  const pass = await texts.secret('auth_password');
  const tls = (settings['tls_config'] ?? {}) as Settings;
  const caFile = textSetting(tls, 'ca_file');
  return {
    ...{ host, port, secure },
    name: texts.text('hello') || 'localhost',
    requireTLS: !secure && settings['require_tls'] === true,
    ignoreTLS: false,
    ...(user === '' || pass === '' ? {} : { auth: { user, pass } }),
    tls: {
      rejectUnauthorized: tls['insecure_skip_verify'] !== true,
      ...(textSetting(tls, 'server_name') === '' ? {} : { servername: tls['server_name'] }),
      ...(caFile === '' ? {} : { ca: await tools.readText(caFile) }),
    },
    connectionTimeout: NOTIFY_TIMEOUT_MS,
    greetingTimeout: NOTIFY_TIMEOUT_MS,
    socketTimeout: NOTIFY_TIMEOUT_MS,
  };
}
