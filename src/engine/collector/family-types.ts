// Which types the families of pushed groups have, counted, so that a push need not look through all
// groups to know that nobody says otherwise. Beside push-groups.ts. Easy to get wrong: whoever
// changes the families of a group has to tell it here.

/** Families as they were pushed, by name. */
type Families = Readonly<Record<string, { readonly head: readonly string[] }>>;

/** The type that a family's head tells; without a word it is untyped. */
export function typeOf(name: string, head: readonly string[]): string {
  const lead = `# TYPE ${name} `;
  return head.find((line) => line.startsWith(lead))?.slice(lead.length) ?? 'untyped';
}

export class FamilyTypes {
  /** Name, then type -> groups that have it. */
  readonly #counts = new Map<string, Map<string, number>>();

  constructor(groups: Iterable<{ readonly families: Families }> = []) {
    for (const { families } of groups) this.replace(undefined, families);
  }

  /** The families of a group have become others; of one that is gone, none. */
  replace(before: Families = {}, after: Families = {}): void {
    for (const [name, { head }] of Object.entries(before))
      this.#count(name, typeOf(name, head), -1);
    for (const [name, { head }] of Object.entries(after)) this.#count(name, typeOf(name, head), 1);
  }

  /** True when no group has another type under this name. */
  isOnly(name: string, type: string): boolean {
    const types = this.#counts.get(name);
    return types === undefined || (types.size === 1 && types.has(type));
  }

  #count(name: string, type: string, by: number): void {
    const types = this.#counts.get(name) ?? new Map<string, number>();
    this.#counts.set(name, types);
    const count = (types.get(type) ?? 0) + by;
    if (count > 0) types.set(type, count);
    else types.delete(type);
    if (types.size === 0) this.#counts.delete(name);
  }
}
