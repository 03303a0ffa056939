import { setImmediate as turn } from 'node:timers/promises'
import type { Slots } from '../../schemas/generated.js'
import type { WrittenDay } from '../store.js'
import type { Environment, Table } from './env.js'
import { after, readTime, TIME_BYTES, U16, U48, writeTime } from './keys.js'
import type { SeriesIds } from './series.js'

const DAY_MS = 86_400_000
const SERIES_AT = 2
const START_AT = 6
const KEY_BYTES = START_AT + TIME_BYTES
const ROW_BYTES = 26
const BATCH = 1000

/** The UTC day on which something became known, counted from 1970. */
const knownDay = (ms: number): number => Math.min(Math.max(Math.floor(ms / DAY_MS), 0), U16)

const prefixOf = (day: number): Buffer => {
  const prefix = Buffer.allocUnsafe(SERIES_AT)
  prefix.writeUInt16BE(day)
  return prefix
}

/** Daily figures by the UTC day on which they became known: the newest row of each such day. */
export class WrittenDays {
  readonly #table: Table

  constructor(
    env: Environment,
    private readonly series: SeriesIds
  ) {
    this.#table = env.table('written-days')
  }

  /** Inside a transaction. */
  put(block: Slots): void {
    const id = this.series.getOrAdd(block)
    for (let i = 0; i < block.rows; i++) {
      const key = Buffer.allocUnsafe(KEY_BYTES)
      key.writeUInt16BE(knownDay(block.knownAt[i]), 0)
      key.writeUInt32BE(id, SERIES_AT)
      writeTime(key, block.start[i], START_AT)
      const stored = this.#table.get(key)
      if (!stored || revOf(stored) <= block.rev[i]) this.#table.put(key, rowOf(block, i))
    }
  }

  /** See Store.writtenDays. Other work gets its turn between batches. */
  async *since(since: number): AsyncGenerator<WrittenDay[]> {
    const end = prefixOf(knownDay(since))
    for (let start = after(prefixOf(U16)); ; await turn()) {
      const found = [...this.#table.getRange({ start, end, reverse: true, limit: BATCH })].filter(({ key }) => !key.equals(start))
      if (found.length === 0) return
      start = found[found.length - 1].key
      const days = found.map(({ key, value }) => this.#dayOf(key, value)).filter(({ knownAt }) => knownAt > since)
      if (days.length > 0) yield days
    }
  }

  #dayOf(key: Buffer, row: Buffer): WrittenDay {
    const start = readTime(key, START_AT)
    return {
      ...this.series.keyOf(key.readUInt32BE(SERIES_AT)),
      start,
      end: start + row.readUInt32BE(0),
      amount: Number(row.readBigInt64BE(4)),
      op: row[12],
      quality: row[13],
      rev: revOf(row),
      knownAt: readTime(row, 20)
    }
  }
}

const revOf = (row: Buffer): number => row.readUIntBE(14, 6)

/** `u32 end - start | i64 amount | u8 op | u8 quality | u48 rev | u48 knownAt` */
const rowOf = (block: Slots, i: number): Buffer => {
  const row = Buffer.allocUnsafe(ROW_BYTES)
  row.writeUInt32BE(block.end[i] - block.start[i], 0)
  row.writeBigInt64BE(BigInt(block.amount[i]), 4)
  row.writeUInt8(block.op[i], 12)
  row.writeUInt8(block.quality[i], 13)
  row.writeUIntBE(Math.min(block.rev[i], U48), 14, 6)
  writeTime(row, block.knownAt[i], 20)
  return row
}
