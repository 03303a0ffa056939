import type { Credit } from './credit.js'
import type { Positions } from './positions.js'
import type { Shaped } from './rows.js'

/** Rows of one record that have not all gone out. */
export interface Waiting {
  record: { topic: string; partition: number; offset: number }
  rows: readonly Shaped[]
}

/** Bytes of a frame: small enough that a slow client never has much waiting. */
const FRAME_BYTES = 128 * 1024

/** Records on their way out, in order, the first perhaps half sent. */
export class Backlog {
  #waiting: Waiting[] = []
  #sent = 0

  get empty(): boolean {
    return this.#waiting.length === 0
  }

  add(waiting: Waiting): void {
    this.#waiting.push(waiting)
  }

  /** Rows at the front that went out before. */
  skip(rows: number): void {
    this.#sent = rows
  }

  clear(): void {
    this.#waiting = []
    this.#sent = 0
  }

  /** Rows of the next frame, as far as credit goes. */
  next(most: number, credit: Credit): Shaped[] {
    const rows: Shaped[] = []
    let bytes = 0
    while (this.#waiting.length > 0) {
      const head = this.#waiting[0].rows
      while (this.#sent < head.length) {
        if (rows.length >= most || bytes >= FRAME_BYTES || credit.take(1) === 0) return rows
        const row = head[this.#sent++]
        rows.push(row)
        bytes += row.json.length
      }
      this.#waiting.shift()
      this.#sent = 0
    }
    return rows
  }

  /** All rows that are left; nothing is afterwards. */
  all(): Shaped[] {
    const rows = this.#waiting.flatMap((waiting, i) => (i === 0 ? waiting.rows.slice(this.#sent) : waiting.rows))
    this.clear()
    return rows
  }

  /** Sets a position that is behind everything here back to the first record of each partition, and into the very first. */
  stepBack(positions: Positions): void {
    if (this.#waiting.length === 0) return
    for (let i = this.#waiting.length - 1; i >= 0; i--) {
      const { topic, partition, offset } = this.#waiting[i].record
      positions.offsets.get(topic)![partition] = offset
    }
    const { topic, partition } = this.#waiting[0].record
    if (this.#sent > 0) positions.into = { topic, partition, rows: this.#sent }
  }
}
