import type avro from 'avsc'

const SLAB_BYTES = 64 * 1024

/** Encodes records one behind the other into large buffers, so that a small one needs no memory of its own. */
export class Slab {
  #bytes = Buffer.allocUnsafeSlow(SLAB_BYTES)
  #used = 0

  /** `head`, and after it the Avro body of `record`. The bytes are nobody else's. */
  encode(type: avro.Type, record: unknown, head: Uint8Array): Buffer {
    let end = type.encode(record, this.#bytes, this.#used + head.length)
    if (end < 0) {
      // avsc answers with how much is missing, negated.
      this.#bytes = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, this.#bytes.length - this.#used - end))
      this.#used = 0
      end = type.encode(record, this.#bytes, head.length)
    }
    this.#bytes.set(head, this.#used)
    const encoded = this.#bytes.subarray(this.#used, end)
    this.#used = end
    return encoded
  }
}
