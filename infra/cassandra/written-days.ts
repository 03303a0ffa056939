import type { Slots } from '../../schemas/generated.js'
import { murmur2 } from '../../schemas/partition.js'
import { bucketOf } from '../blocks/buckets.js'
import type { WrittenDay } from '../store.js'
import type { Contents } from './contents.js'
import { addTo, type Row, type Session, type Statement } from './session.js'

const SHARDS = 16
const PAGE_DAYS = 1000

// The rev decides, whoever writes when.
const PUT =
  'INSERT INTO written_days (known_day, shard, point, register, start, end, amount, op, quality, rev, known_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?'
const OF_SHARD = 'SELECT * FROM written_days WHERE known_day = ? AND shard = ?'

/** Daily figures by the UTC day on which they became known: the newest row of each such day. */
export class WrittenDays {
  constructor(
    private readonly session: Session,
    private readonly contents: Contents
  ) {}

  async put(blocks: readonly Slots[]): Promise<void> {
    const partitions = new Map<string, Statement[]>()
    const days = new Set<number>()
    for (const block of blocks) {
      const shard = (murmur2(block.point) & 0x7fffffff) % SHARDS
      for (let i = 0; i < block.rows; i++) {
        const day = bucketOf(block.knownAt[i], 'day')
        days.add(day)
        addTo(partitions, `${day} ${shard}`, { query: PUT, params: [day, shard, block.point, block.register, ...figures(block, i)] })
      }
    }
    await this.contents.put([...days].map((bucket) => ({ name: 'written_days', part: '', bucket })))
    await this.session.writeEach(partitions)
  }

  /** See Store.writtenDays. */
  async *since(since: number): AsyncGenerator<WrittenDay[]> {
    for (const day of await this.contents.buckets('written_days', '', bucketOf(since, 'day'))) {
      for (let shard = 0; shard < SHARDS; shard++) {
        for await (const rows of this.session.pages(OF_SHARD, [day, shard], PAGE_DAYS)) {
          const days = rows.map(dayOf).filter(({ knownAt }) => knownAt > since)
          if (days.length > 0) yield days
        }
      }
    }
  }
}

const figures = ({ start, end, amount, op, quality, rev, knownAt }: Slots, i: number): number[] =>
  [start, end, amount, op, quality, rev, knownAt, rev].map((column) => column[i])

const dayOf = ({ point, register, start, end, amount, op, quality, rev, known_at }: Row): WrittenDay => ({
  point,
  register,
  start: start.toNumber(),
  end: end.toNumber(),
  amount: amount.toNumber(),
  op,
  quality,
  rev: rev.toNumber(),
  knownAt: known_at.toNumber()
})
