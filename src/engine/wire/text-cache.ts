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
    if (bytes.length > BYTES_MAX) return decoder.decode(bytes);
    let hash = FNV_START;
    for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], FNV_PRIME);
    const known = this.#byHash.get(hash);
    if (known !== undefined && equal(known.bytes, bytes)) return known.text;
    if (this.#byHash.size >= ENTRIES_MAX) this.#byHash.clear();
    const text = decoder.decode(bytes);
    this.#byHash.set(hash, { bytes: bytes.slice(), text });
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

function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
