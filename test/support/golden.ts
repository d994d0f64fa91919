// Whole frames of screens, compared with those in fixtures/golden/screens. MON_GOLDEN=write writes
// them anew, to be looked at before they are kept.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import stringWidth from 'string-width';
import { projectRoot } from './project.ts';

/** The text of the frame, once it is known to be the one that is kept, and no line too wide. */
export function compareFrame(name: string, frame: readonly string[], columns: number): string {
  for (const line of frame) assert.ok(stringWidth(line) <= columns, line);
  const path = join(projectRoot, 'fixtures/golden/screens', `${name}.txt`);
  const text = `${frame.join('\n')}\n`;
  if (process.env['MON_GOLDEN'] === 'write') writeFileSync(path, text);
  assert.ok(existsSync(path), `${path} is missing: MON_GOLDEN=write makes it`);
  assert.equal(text, readFileSync(path, 'utf8'), name);
  return text;
}
