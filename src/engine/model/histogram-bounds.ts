// The bucket bounds of exponential histograms: bound i of schema s is 2^(i * 2^-s). Easy to get
// wrong: every program has to have the same bounds to the last bit, or equal buckets print
// differently; so the fractions are made of square roots, which are rounded alike everywhere, and
// then moved by the few last digits that Prometheus' table has.

/** Units in the last place by which Prometheus' table differs, 'i' for none. */
const NUDGES =
  'iiiiiiiiiiiiijjiiiihijihihiiiijiiiihiiiiihihiiihiiihijihiiiiiiji' +
  'iiiiiiiiihihhjihijjjijiijijjjjkkiijhjkjjiihgijiiiijiijiiihihiiki' +
  'hhhhhhhghghhhiighhihgihhhghhhhihhhigiiiihghfhihghhhghihhggghhhjh' +
  'ghffhghhgfhgfhhgghhhfhgfgegggghhghighhghhhgehihhghighigggegfghjg';
const NONE = 'i'.charCodeAt(0);

/** Bounds within [0.5, 1) of schema 8; lower schemas have every second, fourth … of them. */
const FRACTIONS = makeFractions();

function makeFractions(): Float64Array {
  const roots: number[] = [];
  let root = 2;
  for (let k = 0; k < 8; k++) roots.push((root = Math.sqrt(root)));
  const out = new Float64Array(256);
  const words = new Uint32Array(out.buffer);
  for (let i = 0; i < out.length; i++) {
    let value = 0.5;
    for (let k = 7; k >= 0; k--) if ((i & (1 << (7 - k))) !== 0) value *= roots[k];
    out[i] = value;
    // The low word never overflows: no fraction ends in so many equal bits.
    words[i * 2] += NUDGES.charCodeAt(i) - NONE;
  }
  return out;
}

/** value * 2^power without losing what lies between. */
function scaled(value: number, power: number): number {
  if (power > 1023) return value * 2 ** 1023 * 2 ** (power - 1023);
  if (power < -1021) return value * 2 ** -1021 * 2 ** (power + 1021);
  return value * 2 ** power;
}

/** The upper bound of bucket `index`; the last finite one is the largest float there is. */
export function exponentialBound(index: number, schema: number): number {
  if (schema < 0) {
    const power = index * 2 ** -schema;
    return power === 1024 ? Number.MAX_VALUE : scaled(1, power);
  }
  const within = index & ((1 << schema) - 1);
  const power = (index >> schema) + 1;
  if (within === 0 && power === 1025) return Number.MAX_VALUE;
  return scaled(FRACTIONS[within << (8 - schema)], power);
}
