// The tables of keys: no key means two things at once, and every key has words. Help and bottom bar
// are made from them, so what is wrong here is wrong everywhere.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KeyTable } from '../../src/tui/key-table.ts';
import { ALERT_KEYS } from '../../src/tui/screens/alert-centre-keys.ts';
import { DASH_KEYS } from '../../src/tui/screens/dash-keys.ts';
import { EXPLORE_KEYS } from '../../src/tui/screens/explore-keys.ts';
import { TOP_KEYS } from '../../src/tui/screens/top-keys.ts';

const TABLES = [
  ['top', TOP_KEYS],
  ['dash', DASH_KEYS],
  ['alerts', ALERT_KEYS],
  ['explore', EXPLORE_KEYS],
] as unknown as readonly (readonly [string, KeyTable<string, string>])[];

for (const [name, table] of TABLES) {
  describe(name, () => {
    test('within a mode a key has one meaning, and one can always leave', () => {
      for (const mode of new Set(table.rows.flatMap(({ modes }) => modes))) {
        const keys = table.rows.filter((k) => k.modes.includes(mode)).flatMap((k) => k.keys);
        assert.equal(new Set(keys).size, keys.length, `${mode}: ${keys.join(' ')}`);
        assert.equal(table.actionFor(mode, 'ctrl-c'), 'quit');
        assert.equal(table.actionFor(mode, 'ctrl-l'), 'repaint');
      }
    });

    test('every key has words', () => {
      for (const { shown, help, bar } of table.rows) {
        assert.ok(shown.length > 0);
        assert.ok(help !== '' || bar === undefined, shown);
      }
    });
  });
}
