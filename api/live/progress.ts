import type { Measure, Progress } from '../client/frames.js'
import type { Shaped } from './rows.js'

/** Told again after this long although nothing is new: silence is then no news, and not a dead server. */
const IDLE_MS = 5000
const ESTIMATED = new Set(['ESTIMATED', 'QUESTIONABLE', 'PARTIAL', 'NO_DATA', 'DATA_LOSS'])

interface Newest {
  s: number
  e: number
  rev: number
  covered: number
  estimated: number
}

/** Event time up to which the sources of all partitions were listening, by their heartbeats; null without one. */
export const listenedTo = (feeds: readonly { beats: readonly (number | null)[] }[], partitions: readonly number[]): number | null => {
  let listened: number | null = null
  for (const { beats } of feeds) {
    for (const partition of partitions) {
      const beat = beats[partition]
      if (beat !== null) listened = Math.min(listened ?? beat, beat)
    }
  }
  return listened
}

/**
 * The newest row of each series that has gone out. Completeness of slots is time: of the newest slot of each series, how much there
 * is, is covered and is estimated (ms). Of readings and intervals it is series: how many, and how many of them end in an estimate.
 */
export class Seen {
  readonly #newest = new Map<string, Newest>()
  #newestEnd: number | null = null
  #told = ''
  #toldAt = Number.NEGATIVE_INFINITY

  readonly #isSlot: boolean

  constructor(measure: Measure) {
    this.#isSlot = measure === 'slots' || measure === 'power'
  }

  get series(): number {
    return this.#newest.size
  }

  add(rows: readonly Shaped[]): void {
    for (const { row } of rows) {
      const other = this.#newest.get(row.k)
      if (other && (row.s < other.s || (row.s === other.s && row.rev < other.rev))) continue
      const estimated = this.#isSlot ? (row.est ?? 0) : Number(ESTIMATED.has(row.q))
      this.#newest.set(row.k, { s: row.s, e: row.e, rev: row.rev, covered: row.op === 'withdrawn' ? 0 : (row.c ?? 0), estimated })
      this.#newestEnd = Math.max(this.#newestEnd ?? row.e, row.e)
    }
  }

  /** Null when there is nothing new and the last one is not long ago. */
  progress(listened: number | null, lagMs: number, now: number): Pick<Progress, 'watermark' | 'completeness' | 'lagMs'> | null {
    const told = { watermark: listened ?? this.#newestEnd, completeness: this.#completeness() }
    const text = JSON.stringify(told)
    if (text === this.#told && lagMs === 0 && now - this.#toldAt < IDLE_MS) return null
    this.#told = text
    this.#toldAt = now
    return { ...told, lagMs }
  }

  #completeness(): Progress['completeness'] {
    const completeness = { expected: 0, received: 0, estimated: 0 }
    for (const { s, e, covered, estimated } of this.#newest.values()) {
      completeness.expected += this.#isSlot ? e - s : 1
      completeness.received += this.#isSlot ? covered : 1
      completeness.estimated += estimated
    }
    return completeness
  }
}
