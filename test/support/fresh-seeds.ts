// Other seeds for every test at once: `MON_FRESH=7 node --import
// ./dist/test/support/fresh-seeds.js --test FILES` moves what seededRandom() begins with, so that
// fuzzers see what they never saw. Easy to get wrong: a test that knows what its own seed makes (a
// specimen) fails then and means nothing.
import { registerHooks } from 'node:module';

const MODULE = '/dist/src/engine/runtime/random.js';
const BEGINS = 'let state = seed >>> 0;';
const by = Math.imul(Number(process.env['MON_FRESH'] ?? 0), 2_654_435_761);

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith(MODULE)) return loaded;
    const source = String(loaded.source);
    if (!source.includes(BEGINS)) throw new Error(`${MODULE} begins in another way`);
    return { ...loaded, source: source.replace(BEGINS, `let state = (seed + ${by}) >>> 0;`) };
  },
});
