import type { SeriesKey, Store } from '../infra/store.js'
import { READING_COLUMNS } from '../schemas/blocks.js'
import type { Readings } from '../schemas/generated.js'
import { Quality } from '../schemas/quality.js'

/** Which series a payload had readings in, and between which instants. */
export interface Touched extends SeriesKey {
  from: number
  to: number
}

/** What one reading of a payload made, remembered so that a later one can see what is gone. */
export class Footprint {
  readonly #series = new Map<string, Touched>()
  readonly #rows = new Set<string>()

  add(block: Readings): void {
    const key = `${block.point}\u0000${block.register}`
    // An hour of a curve stands at its end, and begins where the one before ended.
    const from = block.at[0] - block.span[0]
    const known = this.#series.get(key) ?? { point: block.point, register: block.register, from, to: block.at[0] }
    known.from = Math.min(known.from, from)
    known.to = Math.max(known.to, block.at[block.rows - 1])
    this.#series.set(key, known)
  }

  /** Rows are only needed where an older parser has read the same bytes. */
  addRows(block: Readings): void {
    for (let i = 0; i < block.rows; i++) this.#rows.add(rowKey(block, i))
  }

  has(block: Readings, i: number): boolean {
    return this.#rows.has(rowKey(block, i))
  }

  touched(): Touched[] {
    return [...this.#series.values()]
  }
}

const rowKey = (block: Readings, i: number): string =>
  `${block.point}\u0000${block.register}\u0000${block.device}\u0000${block.at[i]}\u0000${block.span[i]}`

/**
 * Rows an older parser made of the same bytes and the present one does not: as rows of the present parser version without a value, so
 * that they take the place of the old ones and leave the ledger by the one way for history.
 */
export async function* vanishedRows(
  store: Store,
  origin: string,
  parserVersion: number,
  before: readonly Touched[],
  now: Footprint,
  receivedAt: number
): AsyncGenerator<Readings> {
  for (const { point, register, from, to } of before) {
    for (const { block } of await store.readings({ point, register }, from, to + 1)) {
      if (block.origin !== origin || block.parserVersion >= parserVersion) continue
      const gone: number[] = []
      for (let i = 0; i < block.rows; i++) if (!now.has(block, i)) gone.push(i)
      if (gone.length > 0) yield withoutValue(block, gone, parserVersion, receivedAt)
    }
  }
}

const withoutValue = (block: Readings, rows: readonly number[], parserVersion: number, receivedAt: number): Readings => {
  const part: Readings = { ...block, rows: rows.length, parserVersion, ingestedAt: receivedAt }
  for (const column of READING_COLUMNS) part[column] = rows.map((row) => block[column][row])
  part.quality = rows.map(() => Quality.NO_DATA)
  // Such a row has no value; the one before it is repeated, so that its difference is 0.
  part.value = rows.map(() => block.value[rows[0]])
  return part
}
