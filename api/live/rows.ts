import { mulDivRound } from '../../schemas/exact.js'
import type { Alert, Intervals, Readings, Slots } from '../../schemas/generated.js'
import { hasValue, OPS, QUALITIES } from '../../schemas/quality.js'
import type { Row } from '../client/frames.js'

/** Blocks to rows of the protocol. Pure; the names of the fields are in api/client/frames.ts. */

/** A register never has a `|` in it, a native id might. */
export const keyOf = (point: string, register: string): string => `${point}|${register}`

export const seriesOf = (k: string): { point: string; register: string } | null => {
  const cut = k.lastIndexOf('|')
  return cut > 0 && cut < k.length - 1 ? { point: k.slice(0, cut), register: k.slice(cut + 1) } : null
}

const MILLI_SCALE = 3
const MICRO_SCALE = 6
const quality = (index: number): string => QUALITIES[index] ?? String(index)
const op = (index: number): Row['op'] => OPS[index] ?? 'put'

export const intervalRow = (block: Intervals, k: string, i: number): Row => {
  const row: Row = {
    k,
    s: block.start[i],
    e: block.end[i],
    v: block.milli[i],
    sc: MILLI_SCALE,
    u: block.unit,
    q: quality(block.quality[i]),
    rev: block.rev[i],
    op: op(block.op[i])
  }
  if (row.op !== 'unknown') return row
  return { ...row, lo: block.low[i], hi: block.high[i] < 0 ? null : block.high[i] }
}

export const slotRow = (block: Slots, k: string, i: number): Row => ({
  k,
  s: block.start[i],
  e: block.end[i],
  v: block.amount[i],
  sc: block.scale,
  u: block.unit,
  q: quality(block.quality[i]),
  rev: block.rev[i],
  op: op(block.op[i]),
  c: block.coveredMs[i],
  est: block.estimatedMs[i]
})

const HOUR_MS = 3_600_000

/** Mean power in millionths of W, exact for slots of eight seconds; unknown where a member is missing. */
export const powerRow = (block: Slots, k: string, i: number): Row => {
  const row = slotRow(block, k, i)
  const length = row.e - row.s
  const known = row.c === length
  const micro = known ? mulDivRound(block.amount[i] * 10 ** (MICRO_SCALE - block.scale), HOUR_MS, length) : 0
  return { ...row, v: micro, sc: MICRO_SCALE, u: 'W', op: known || row.op === 'withdrawn' ? row.op : 'unknown' }
}

/** A reading is a fact of its source: it has that source's revision, and none is ever withdrawn. */
export const readingRow = (block: Readings, k: string, i: number): Row => {
  const row: Row = {
    k,
    s: block.at[i] - block.span[i],
    e: block.at[i],
    v: hasValue(block.quality[i]) ? block.value[i] : null,
    sc: block.scale,
    u: block.unit,
    q: quality(block.quality[i]),
    rev: block.revision,
    op: 'put'
  }
  if (block.device !== '') row.d = block.device
  if (block.curve !== '') row.cv = block.curve
  if (block.words.length > 0 && row.v !== null) row.w = wordsOf(block, row.v)
  return row
}

const wordsOf = ({ kind, words }: Readings, value: number): string[] =>
  kind === 'FLAGS' ? words.filter((_, bit) => Math.floor(value / 2 ** bit) % 2 === 1) : words.slice(value, value + 1)

/** A row and its text, which is the same for everybody who gets it. */
export interface Shaped {
  row: Row
  json: string
  /** Of a row from a topic: when it became known, UTC ms. */
  knownAt?: number
  /** The alert that the row shows. */
  alert?: Alert
}

export const shaped = (row: Row): Shaped => ({ row, json: JSON.stringify(row) })

/** Newest row per series, for whoever asked for no more: by start, then revision. */
export class Newest {
  readonly #rows = new Map<string, Shaped>()

  get size(): number {
    return this.#rows.size
  }

  add(rows: readonly Shaped[]): void {
    for (const each of rows) {
      const { k, s, rev } = each.row
      const other = this.#rows.get(k)?.row
      if (!other || s > other.s || (s === other.s && rev >= other.rev)) this.#rows.set(k, each)
    }
  }

  take(most: number): Shaped[] {
    const taken: Shaped[] = []
    for (const [k, each] of this.#rows) {
      if (taken.length === most) break
      taken.push(each)
      this.#rows.delete(k)
    }
    return taken
  }
}
