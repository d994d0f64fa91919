// Memory of a buffer that nobody will read again, given back at once. It stands under whoever
// copies what a socket brought. Easy to get wrong: other views of the same buffer are empty
// afterwards, so only its one owner may call this.

/**
 * Frees the bytes now if they are a buffer of their own; a slice of a larger one stays. Left to the
 * collector, pages of a socket count as old garbage that it marks the whole heap for.
 */
export function giveBack(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (buffer.byteLength === bytes.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
