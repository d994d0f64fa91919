// Retention by metric pattern: `retention_for`, a list of a selector and how long its series are
// kept. Easy to get wrong: a selector in braces alone is one, and nothing is kept longer than the
// retention of all.
import { messageOf } from '../errors.ts';
import type { PatternRetention } from '../model/upkeep.ts';
import { parse } from '../promql/parse.ts';
import { Section } from './config-reader.ts';

export function readRetentions(mon: Section, retentionMs: number): readonly PatternRetention[] {
  return mon.items('retention_for').map((item) => {
    const what = 'an item of retention_for';
    const section = new Section(mon.file, item, what, ['match', 'keep']);
    const match = section.text('match') ?? section.fail('match', 'match is missing');
    const keepMs = section.duration('keep') ?? section.fail('keep', 'keep is missing');
    if (keepMs <= 0 || keepMs > retentionMs) {
      section.fail('keep', 'keep must be above 0 and not above the retention of all');
    }
    return { matchers: matchersOf(section, match), keepMs, text: match };
  });
}

function matchersOf(section: Section, text: string): PatternRetention['matchers'] {
  const hint = `write a selector such as '{__name__=~"debug_.*"}'`;
  try {
    const expr = parse(text);
    if (expr.kind === 'selector') return expr.matchers;
  } catch (thrown) {
    section.fail('match', messageOf(thrown), hint);
  }
  return section.fail('match', 'this is no series selector', hint);
}
