import { expect } from 'vitest'
import type { Log } from '../../infra/log.js'
import type { Slots } from '../../schemas/generated.js'
import { Op, Quality } from '../../schemas/quality.js'
import { Topics } from '../../schemas/topics.js'
import type { Wire } from '../../schemas/wire.js'
import { HOUR, MAY, slots } from '../schemas/blocks-at-random.js'
import type { InfluxRig } from './influx-server.js'

const POINTS = 20
const ROWS = 200

/** Hours of many points, revised and withdrawn as it goes on: what has to stand in the end is known. */
export class Load {
  readonly #expected = new Map<string, number>()
  #rev = 0

  constructor(
    private readonly log: Log,
    private readonly wire: Wire
  ) {}

  /** Appends a round: new hours for every point, some of the round before restated, some withdrawn. */
  async round(): Promise<void> {
    const rev = ++this.#rev
    const blocks: Slots[] = []
    for (let p = 0; p < POINTS; p++) {
      const point = `load/${p}`
      const base = (rev - 1) * ROWS
      const fresh = Array.from({ length: ROWS }, (_, i) => this.#row(point, base + i, rev * 1_000_000 + p * 1000 + i, rev))
      blocks.push(slots(fresh, { point }))
      if (rev === 1) continue
      const restated = Array.from({ length: 20 }, (_, i) => this.#row(point, base - ROWS + i * 3, rev, rev))
      const withdrawn = Array.from({ length: p % 2 }, (_, i) => this.#row(point, base - ROWS + 100 + i, null, rev))
      blocks.push(slots([...restated, ...withdrawn], { point }))
    }
    const records = blocks.map((block) => ({ key: block.point, value: this.wire.encode('Slots', block) }))
    await this.log.append(Topics.slots, records)
  }

  #row(point: string, hour: number, amount: number | null, rev: number) {
    const start = MAY + hour * HOUR
    const key = `${point} ${start}`
    if (amount === null) this.#expected.delete(key)
    else this.#expected.set(key, amount)
    const withdrawn = { amount: 0, op: Op.WITHDRAWN, quality: Quality.RAW }
    return { start, end: start + HOUR, rev, ...(amount === null ? withdrawn : { amount, quality: Quality.VALID }) }
  }

  /** What the server has is what was said last: nothing lost, nothing twice, nothing that was withdrawn. */
  async check(rig: InfluxRig, bucket: string): Promise<void> {
    const rows = await rig.ask(bucket, 'SELECT milli FROM energy GROUP BY point')
    expect(rows.length).toBe(this.#expected.size)
    const found = new Map(rows.map(({ point, time, milli }) => [`${point} ${time}`, milli as number]))
    expect(found.size).toBe(this.#expected.size)
    const wrong = [...this.#expected].filter(([key, milli]) => found.get(key) !== milli)
    expect(wrong).toEqual([])
  }
}
