import { readAll } from '../../infra/compacted.js'
import type { Log, LogRecord } from '../../infra/log.js'
import type { SeriesKey, Store } from '../../infra/store.js'
import { SLOT_COLUMNS, slice } from '../../schemas/blocks.js'
import { decoding } from '../../schemas/decoding.js'
import type { Slots } from '../../schemas/generated.js'
import { pointOfInstallation } from '../../schemas/installations.js'
import { Topics } from '../../schemas/topics.js'
import { NotARecord, type Wire } from '../../schemas/wire.js'
import type { Span } from './copy.js'
import { dayOf } from './days.js'

/** What is asked for. Absent: all points, all time. */
export interface Asked extends Span {
  grid: string
  points: ReadonlySet<string> | null
}

export type SeriesSpan = SeriesKey & Span

export const nameOf = ({ point, register }: SeriesKey): string => `${point}\u0000${register}`
export const dayName = (series: SeriesKey, at: number): string => `${nameOf(series)}\u0000${dayOf(at)}`

const TOPICS = [Topics.slots, Topics.power]

/** Rows written to the scratch store at once, and told as progress. */
const BATCH_ROWS = 50_000

/**
 * The ledger as its topics of slots tell it, of points and of installations: read record by record into a store of its own, which holds
 * on disk what does not fit in memory and answers by series. Reads on when told to.
 */
export class TopicLedger {
  readonly series = new Map<string, SeriesSpan>()
  readonly #next = new Map<string, number[]>(TOPICS.map((topic) => [topic, []]))

  constructor(
    private readonly log: Log,
    private readonly wire: Wire,
    /** Empty, and nobody else's. */
    private readonly scratch: Pick<Store, 'write' | 'slots'>,
    private readonly asked: Asked
  ) {}

  /** Reads to where the topic ends now. Yields how many rows it has read, now and then; tells `touched` of the days they start on. */
  async *readOn(touched: (name: string) => void = () => {}): AsyncGenerator<number> {
    const decode = decoding(this.wire)
    let waiting: Slots[] = []
    let waitingRows = 0
    let rows = 0
    const write = async () => {
      await this.scratch.write({ slots: waiting })
      rows += waitingRows
      waiting = []
      waitingRows = 0
    }
    for await (const { topic, partition, offset, key, value } of this.#records()) {
      const next = this.#next.get(topic)
      if (next !== undefined) next[partition] = offset + 1
      const point = topic === Topics.power ? pointOfInstallation(key) : key
      if (value === null || (this.asked.points !== null && !this.asked.points.has(point))) continue
      const block = await decode('Slots', value).catch((error: unknown) => {
        // The store sets such a record aside, for all.
        if (error instanceof NotARecord) return null
        throw error
      })
      if (block === null || block.rows === 0 || block.grid !== this.asked.grid) continue
      for (const part of startingIn(block, this.asked)) {
        this.#note(part, touched)
        waiting.push(part)
        waitingRows += part.rows
      }
      if (waitingRows < BATCH_ROWS) continue
      await write()
      yield rows
    }
    await write()
    yield rows
  }

  async *#records(): AsyncGenerator<LogRecord> {
    for (const [topic, next] of this.#next) yield* readAll(this.log, topic, [...next])
  }

  #note(block: Slots, touched: (name: string) => void): void {
    const { point, register, start } = block
    const name = nameOf(block)
    const known = this.series.get(name) ?? { point, register, from: start[0], to: start[0] + 1 }
    for (const at of start) {
      known.from = Math.min(known.from, at)
      known.to = Math.max(known.to, at + 1)
      touched(dayName(block, at))
    }
    this.series.set(name, known)
  }

  /** Every revision of the rows of a series that start in a span. */
  async rows(series: SeriesKey, { from, to }: Span): Promise<Slots[]> {
    return (await this.scratch.slots(series, this.asked.grid, from, to)).flatMap((block) => startingIn(block, { from, to }))
  }
}

/** The rows of a block that start in a span, as blocks. */
const startingIn = (block: Slots, { from, to }: Span): Slots[] => {
  const inside = (at: number) => at >= from && at < to
  if (block.start.every(inside)) return [block]
  const parts: Slots[] = []
  for (let first = 0; first < block.rows; first++) {
    if (!inside(block.start[first])) continue
    let end = first + 1
    while (end < block.rows && inside(block.start[end])) end++
    parts.push(slice(block, SLOT_COLUMNS, first, end))
    first = end
  }
  return parts
}
