// Short texts that come again and again, as names and values of labels do: from bytes to a string
// and back without decoding or encoding twice. Easy to get wrong: it must stay small whatever a
// sender sends, so it is emptied when it is full, and long texts never enter it.

const ENTRIES_MAX = 65_536;
const BYTES_MAX = 256;
const FNV_PRIME = 0x01000193;
const FNV_START = 0x811c9dc5;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

interface Entry {
  readonly bytes: Uint8Array;
  readonly text: string;
}

export class TextCache {
  readonly #byHash = new Map<number, Entry>();
  readonly #byText = new Map<string, Uint8Array>();

  /** The text of bytes; what is no UTF-8 becomes U+FFFD. */
  text(bytes: Uint8Array): string {
    return this.textAt(bytes, 0, bytes.length);
  }

  /** The text of the bytes from `at` to before `end`: a view for each would be dear. */
  textAt(bytes: Uint8Array, at: number, end: number): string {
    if (end - at > BYTES_MAX) return decoder.decode(bytes.subarray(at, end));
    let hash = FNV_START;
    for (let i = at; i < end; i++) hash = Math.imul(hash ^ bytes[i], FNV_PRIME);
    const known = this.#byHash.get(hash);
    if (known !== undefined && standsAt(known.bytes, bytes, at, end)) return known.text;
    if (this.#byHash.size >= ENTRIES_MAX) this.#byHash.clear();
    const own = bytes.slice(at, end);
    const text = decoder.decode(own);
    this.#byHash.set(hash, { bytes: own, text });
    return text;
  }

  /** The UTF-8 of a text; not to be written to. */
  bytes(text: string): Uint8Array {
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const bytes = encoder.encode(text);
    if (bytes.length > BYTES_MAX) return bytes;
    if (this.#byText.size >= ENTRIES_MAX) this.#byText.clear();
    this.#byText.set(text, bytes);
    return bytes;
  }
}

function standsAt(known: Uint8Array, bytes: Uint8Array, at: number, end: number): boolean {
  if (known.length !== end - at) return false;
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[at + i]) return false;
  return true;
}
