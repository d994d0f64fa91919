// Where notifications meet the template engine: the texts of a routing file, the files that it
// names as templates, and the default templates. Easy to get wrong: a text is checked when the file
// is read, so that a mistake is not found by the alert that nobody then hears of.
import {
  checkMessageTemplate,
  definedIn,
  renderMessage,
} from '../alert/template/message-template.ts';
import type { Templates } from '../alert/template/nodes.ts';
import { UserError, messageOf } from '../errors.ts';
import { defaultText, isDefaultText, isPlainText, renderDefault } from '../notify/default-texts.ts';
import type { RenderTemplate } from '../notify/default-texts.ts';
import type { Disk } from '../runtime/disk.ts';
import { findRuleFiles } from './rule-files.ts';

/** Renders any text of a routing file, and says whether one can be rendered. */
export interface MessageTemplates {
  readonly render: RenderTemplate;
  /** @throws UserError for a text that is no template. */
  check(text: string): void;
}

const known = (name: string): (() => string) | undefined =>
  isDefaultText(name) ? () => '' : undefined;

/** Reads the template files of a routing file; globs are absolute. @throws UserError. */
export async function readTemplates(
  disk: Disk,
  globs: readonly string[],
): Promise<MessageTemplates> {
  const all: Templates[] = [];
  for (const path of await findRuleFiles(disk, globs)) {
    const text = Buffer.from(await disk.readFile(path)).toString('utf8');
    try {
      all.push(definedIn(text));
    } catch (thrown) {
      if (!(thrown instanceof UserError)) throw thrown;
      throw new UserError(`${path}: ${messageOf(thrown)}`);
    }
  }
  const defined: Templates = new Map(all.flatMap((one) => [...one]));
  return {
    render: (text, message) => {
      if (isPlainText(text)) return renderDefault(text, message);
      return renderMessage(text, message, (name) => defaultText(name, message), defined);
    },
    check: (text) => {
      if (!isPlainText(text)) checkMessageTemplate(text, known);
    },
  };
}
