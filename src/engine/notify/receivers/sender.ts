// What every receiver is: something that takes a message and says what became of it. Easy to get
// wrong: "refused" is for what no second try can mend; everything doubtful is tried again, because
// the same id makes a second delivery harmless.
import type { Clock } from '../../runtime/clock.ts';
import type { RenderTemplate } from '../default-texts.ts';
import type { Message } from '../message.ts';
import type { Integration, Settings } from '../routing.ts';
import { textSetting } from '../routing.ts';
import type { HttpPost } from './http-post.ts';
import type { Outcome } from './outcome.ts';

export type Sender = (message: Message, signal: AbortSignal) => Promise<Outcome>;

/** What senders are made with. */
export interface SenderTools {
  readonly clock: Clock;
  readonly post: HttpPost;
  /** The text of a file, trimmed: secrets are read anew for each message, as they rotate. */
  readonly readText: (path: string) => Promise<string>;
  readonly render: RenderTemplate;
}

/** The texts of one integration for one message. */
export class Texts {
  readonly settings: Settings;
  readonly message: Message;
  readonly #tools: SenderTools;

  constructor(integration: Integration, message: Message, tools: SenderTools) {
    this.settings = integration.settings;
    this.message = message;
    this.#tools = tools;
  }

  /** A field rendered, or the default template when the file does not give it. */
  text(name: string, fallback = ''): string {
    const given = this.settings[name];
    return this.render(typeof given === 'string' ? given : fallback);
  }

  render(text: string): string {
    return text === '' ? '' : this.#tools.render(text, this.message);
  }

  /** A text of a section within the settings. */
  inner(section: Settings, name: string): string {
    return this.render(textSetting(section, name));
  }

  /** A secret that stands in the file, or in a file of its own. */
  async secret(name: string): Promise<string> {
    const given = this.settings[name];
    if (given !== undefined && given !== '') return String(given);
    const path = textSetting(this.settings, `${name}_file`);
    return path === '' ? '' : await this.#tools.readText(path);
  }
}

/** A text cut to so many characters, with a sign that it was; never half a character. */
export function cutText(text: string, charactersMax: number): string {
  const points = [...text];
  if (points.length <= charactersMax) return text;
  return `${points.slice(0, Math.max(0, charactersMax - 1)).join('')}…`;
}
