/** Recent records of one partition, by offset; the oldest go when there are too many, or too many bytes. */
export interface Placed {
  offset: number
  bytes: number
}

export interface RingLimits {
  records: number
  bytes: number
}

export class Ring<Record extends Placed> {
  #records: Record[] = []
  #bytes = 0
  #start: number
  #end: number

  constructor(
    first: number,
    private readonly limits: RingLimits
  ) {
    this.#start = first
    this.#end = first
  }

  /** One past the newest record. */
  get end(): number {
    return this.#end
  }

  get bytes(): number {
    return this.#bytes
  }

  push(record: Record): void {
    this.#records.push(record)
    this.#bytes += record.bytes
    this.#end = record.offset + 1
    const { records, bytes } = this.limits
    // In slices, because taking one off the front of a long list moves all others.
    if (this.#records.length <= records * 1.25 && this.#bytes <= bytes * 1.25) return
    let drop = 0
    while (this.#records.length - drop > records || (this.#bytes > bytes && drop < this.#records.length))
      this.#bytes -= this.#records[drop++].bytes
    this.#start = this.#records[drop - 1].offset + 1
    this.#records = this.#records.slice(drop)
  }

  /** Records from an offset on, at most so many; null when the ring no longer has them all. */
  from(offset: number, most: number): Record[] | null {
    if (offset < this.#start) return null
    const first = this.#firstFrom(offset)
    return this.#records.slice(first, first + most)
  }

  /** Index of the first record at or after an offset. */
  #firstFrom(offset: number): number {
    let low = 0
    let high = this.#records.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#records[middle].offset < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
