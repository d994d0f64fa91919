// One WebAssembly module and one memory for a thread: the shard's, or the door's and the log's. All
// wrappers of that thread share this object. Easy to get wrong: a call that may allocate can grow
// the memory, so views are asked for here anew after such a call, never kept.
import { readFileSync } from 'node:fs';
import type { KernelExports } from './exports.ts';

let compiled: WebAssembly.Module | undefined;

function kernelModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readFileSync(new URL('./kernels.wasm', import.meta.url)));
  return compiled;
}

/** Pages of 64 KiB that a fresh memory has; what the module was linked with. */
const INITIAL_PAGES = 16;
const MAXIMUM_PAGES = 65536;

export class Kernels {
  readonly memory: WebAssembly.Memory;
  readonly exports: KernelExports;
  #bytes: Uint8Array;
  #u32: Uint32Array;
  #f64: Float64Array;

  constructor() {
    this.memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MAXIMUM_PAGES });
    const instance = new WebAssembly.Instance(kernelModule(), { env: { memory: this.memory } });
    this.exports = instance.exports as unknown as KernelExports;
    this.#bytes = new Uint8Array(this.memory.buffer);
    this.#u32 = new Uint32Array(this.memory.buffer);
    this.#f64 = new Float64Array(this.memory.buffer);
  }

  /** Views of the whole memory as it is now; good until the next call that may allocate. */
  get bytes(): Uint8Array {
    if (this.#bytes.buffer !== this.memory.buffer) this.#renew();
    return this.#bytes;
  }

  get u32(): Uint32Array {
    if (this.#u32.buffer !== this.memory.buffer) this.#renew();
    return this.#u32;
  }

  get f64(): Float64Array {
    if (this.#f64.buffer !== this.memory.buffer) this.#renew();
    return this.#f64;
  }

  /**
   * Copies bytes into a fresh piece and answers its address; the caller frees it with the length.
   */
  put(bytes: Uint8Array): number {
    const at = this.exports.alloc(bytes.length);
    this.bytes.set(bytes, at);
    return at;
  }

  #renew(): void {
    this.#bytes = new Uint8Array(this.memory.buffer);
    this.#u32 = new Uint32Array(this.memory.buffer);
    this.#f64 = new Float64Array(this.memory.buffer);
  }
}
