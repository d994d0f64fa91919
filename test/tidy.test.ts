// The rules of the house as a test over its source text; STYLE.md tells them in words. A failure
// names file and line and says why it is one. There is no list of exceptions to add to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bannedCalls, strayPackages, unseededTests } from './tidy/belongings.ts';
import { house, report, sources } from './tidy/house.ts';
import type { Violation } from './tidy/house.ts';
import * as layers from './tidy/layers.ts';
import * as looks from './tidy/looks.ts';
import { deadReferences, lostPages, missingPages, unlistedPages } from './tidy/pages.ts';

function holds(rule: string, find: () => Violation[]): void {
  test(rule, () => {
    const violations = find();
    assert.ok(violations.length === 0, report(violations));
  });
}

test('there is a house to look at', () => {
  assert.ok(sources.length > 20 && house.length > sources.length);
});

holds('imports only ever point down', () => layers.forbiddenArrows(sources));
holds('every folder is a room that the rules know', () => layers.strangeRooms(sources));
holds('every import leads to a file', () => layers.brokenImports(house));
holds('there is no circle of imports of any length', () => layers.circles(house));
holds('commands load what is heavy only when they run', () => layers.heavyStarts(sources));
holds('every file is used', () => layers.deadFiles(house));
holds('every bound binds somebody', () => layers.idleBounds(sources));
holds('each outside package has one room', () => strayPackages(sources));
holds('clock, chance, timers and process are touched in one place', () => bannedCalls(house));
holds('tests take their chance from a seed', () => unseededTests(house));
holds('files and lines stay short', () => looks.longFiles(house));
holds('functions stay short and take few parameters', () => looks.largeFunctions(house));
holds('file names say what is inside', () => looks.oddNames(house));
holds('every file opens with what it is', () => looks.bareFiles(house));
holds('nothing is put off in a comment', () => looks.putOff(house));
holds('the standing pages are there', missingPages);
holds('what the pages name exists', deadReferences);
holds('what the comments name exists', () => lostPages(house));
holds('every page is in the index', unlistedPages);
