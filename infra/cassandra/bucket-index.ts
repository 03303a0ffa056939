import type { BlockTableName } from '../blocks/shapes.js'
import { type BucketId, nameOf, type Piece } from './pieces.js'
import { Remembered } from './remembered.js'
import { addTo, type Session, type Statement } from './session.js'

export interface BucketInfo<Table extends string = BlockTableName> {
  id: BucketId<Table>
  /** Longest block there ever was, ms: a read from an instant starts this much earlier. */
  longestMs: number
}

// Its own length is the timestamp, so the longest wins, whoever writes when.
const PUT = 'INSERT INTO buckets (point, register, in_table, grid, bucket, longest_ms) VALUES (?, ?, ?, ?, ?, ?) USING TIMESTAMP ?'
const RANGE =
  'SELECT bucket, longest_ms FROM buckets WHERE point = ? AND register = ? AND in_table = ? AND grid = ? AND bucket >= ? AND bucket <= ?'

/** Which buckets a series has in a table, so that a query reads no others. */
export class BucketIndex {
  readonly #longest = new Remembered<number>()

  constructor(private readonly session: Session) {}

  /** Known before what is in them is acknowledged. */
  async put(buckets: Iterable<BucketInfo<string>>): Promise<void> {
    const longest = new Map<string, BucketInfo<string>>()
    for (const info of buckets) {
      const name = nameOf(info.id)
      const known = Math.max(this.#longest.get(name) ?? -1, longest.get(name)?.longestMs ?? -1)
      if (info.longestMs > known) longest.set(name, info)
    }
    const partitions = new Map<string, Statement[]>()
    for (const { id, longestMs } of longest.values()) {
      const params = [id.point, id.register, id.table, id.grid, id.bucket, longestMs, longestMs]
      addTo(partitions, `${id.point}\0${id.register}`, { query: PUT, params })
    }
    await this.session.writeEach(partitions)
    for (const [name, { longestMs }] of longest) this.#longest.set(name, longestMs)
  }

  /** Buckets of a series in order, from one to another, both included. */
  async range<Table extends string>(from: BucketId<Table>, toBucket: number): Promise<BucketInfo<Table>[]> {
    const rows = await this.session.all(RANGE, [from.point, from.register, from.table, from.grid, from.bucket, toBucket])
    return rows.map(({ bucket, longest_ms }) => ({ id: { ...from, bucket }, longestMs: longest_ms.toNumber() }))
  }
}

export const infoOf = ({ id, key }: Piece): BucketInfo => ({ id, longestMs: key.last - key.first })
