// Names for panels that have none of their own: their titles in small letters, numbered where two
// are alike. A name is what --panel takes, so it has to stay the same while the file does.

const NAME_UNITS_MAX = 40;

/** Hands out names, each once. */
export class PanelIds {
  readonly #taken = new Set<string>();

  /** A name made of a title. */
  make(title: string, kind: string): string {
    const words = title.toLowerCase().match(/[a-z0-9]+/g) ?? [];
    const plain = words.join('-').slice(0, NAME_UNITS_MAX).replace(/-$/, '') || kind;
    let name = plain;
    for (let n = 2; this.#taken.has(name); n++) name = `${plain}-${n}`;
    this.#taken.add(name);
    return name;
  }

  /** Takes a name that the file gives; false when it is taken. */
  take(name: string): boolean {
    if (this.#taken.has(name)) return false;
    this.#taken.add(name);
    return true;
  }
}
