import { type BucketLength, bucketOf } from '../blocks/buckets.js'
import type { BlockKey } from '../blocks/made.js'
import type { BlockTableName } from '../blocks/shapes.js'
import { type BucketIndex, type BucketInfo, infoOf } from './bucket-index.js'
import { Marks } from './marks.js'
import { type BucketId, nameOf, type Piece } from './pieces.js'
import { addTo, inFlight, type Row, restless, type Session, type Statement } from './session.js'

/** One series of one table, in the range a query asks for. */
export interface Scan {
  table: BlockTableName
  point: string
  register: string
  grid: string
  length: BucketLength
  from: number
  to: number
}

export interface StoredBlock {
  bucket: number
  cell: unknown
}

export interface ListedBlock extends BlockKey {
  stamp: number
}

const CONTENT: Record<BlockTableName, string> = { readings: 'bundle', intervals: 'block', slots: 'block' }
const PARTITION = 'point = ? AND register = ? AND grid = ? AND bucket = ?'
const insertOf = (table: BlockTableName): string =>
  `INSERT INTO ${table} (point, register, grid, bucket, first, made, tag, last, ${CONTENT[table]}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?`
// Made once: the driver finds a prepared statement by its text.
const INSERT = { readings: insertOf('readings'), intervals: insertOf('intervals'), slots: insertOf('slots') }
const PAGE_BLOCKS = 200
const ATTEMPTS = 20
/** The bounds of a bigint that a number holds exactly. */
const clamped = (ms: number): number => Math.min(Math.max(ms, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)

const partitionOf = ({ point, register, grid, bucket }: BucketId) => [point, register, grid, bucket]
const keyOf = ({ first, made, tag, last }: BlockKey) => [first, made, tag, last]

const insertion = ({ id, key, cell, bytes, stamp }: Piece): Statement => ({
  query: INSERT[id.table],
  params: [...partitionOf(id), ...keyOf(key), cell, stamp],
  bytes
})

/** With the timestamp of what it removes: the same block, delivered again, stays away. */
const deletion = (id: BucketId, block: ListedBlock): Statement => ({
  query: `DELETE FROM ${id.table} USING TIMESTAMP ? WHERE ${PARTITION} AND first = ? AND made = ? AND tag = ? AND last = ?`,
  params: [block.stamp, ...partitionOf(id), ...keyOf(block)]
})

/** The block tables: encoded blocks by series, grid, bucket and first start. */
export class Blocks {
  readonly marks: Marks

  constructor(
    private readonly session: Session,
    private readonly index: BucketIndex
  ) {
    this.marks = new Marks(session)
  }

  /** The same piece again replaces itself. */
  async put(pieces: readonly Piece[]): Promise<void> {
    const partitions = new Map<string, Statement[]>()
    for (const piece of pieces) addTo(partitions, nameOf(piece.id), insertion(piece))
    await Promise.all([this.index.put(pieces.map(infoOf)), this.session.writeEach(partitions)])
    await this.marks.added(pieces)
  }

  /** Stored blocks that overlap [from, to), by bucket and first start. */
  async scan({ table, point, register, grid, length, from, to }: Scan): Promise<StoredBlock[]> {
    if (!(from < to)) return []
    const last = bucketOf(to - 1, length)
    const buckets = await this.index.range({ table, point, register, grid, bucket: bucketOf(from, length) }, last)
    const found: StoredBlock[][] = buckets.map(() => [])
    await inFlight(buckets.entries(), async ([i, info]) => {
      const rows = await this.#steady(info, from, info.id.bucket === last ? to : Number.POSITIVE_INFINITY)
      found[i] = rows.map((row) => ({ bucket: info.id.bucket, cell: row[CONTENT[table]] }))
    })
    return found.flat()
  }

  /**
   * A fold between two pages could put rows of the second page into a block that belongs on the first. It counts itself in the same
   * mutation, so whoever read several pages looks whether the count moved.
   */
  async #steady({ id, longestMs }: BucketInfo, from: number, to: number): Promise<Row[]> {
    const query = `SELECT folds, ${CONTENT[id.table]} FROM ${id.table} WHERE ${PARTITION} AND first >= ? AND first < ? AND last > ? ALLOW FILTERING`
    const params = [...partitionOf(id), clamped(from - longestMs), clamped(to), clamped(from)]
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const found: Row[] = []
      let pages = 0
      for await (const rows of this.session.pages(query, params, PAGE_BLOCKS)) {
        pages++
        for (const row of rows) found.push(row)
      }
      if (found.length < PAGE_BLOCKS && pages <= 1) return found
      if (countOf(found[0]) === (await this.#folds(id))) return found
    }
    throw restless(`The ${id.table} of ${id.point} ${id.register}`)
  }

  async #folds(id: BucketId): Promise<number> {
    const { rows } = await this.session.page(`SELECT folds FROM ${id.table} WHERE ${PARTITION} LIMIT 1`, partitionOf(id))
    return countOf(rows[0])
  }

  /** What is in a bucket, without contents, and how often it was folded. */
  async list(id: BucketId): Promise<{ blocks: ListedBlock[]; folds: number }> {
    const query = `SELECT folds, first, made, tag, last, WRITETIME(${CONTENT[id.table]}) AS stamp FROM ${id.table} WHERE ${PARTITION}`
    const rows = await this.session.all(query, partitionOf(id))
    // A bucket that is empty but was folded still has a row, with nothing but the count.
    return { blocks: rows.filter(({ first }) => first !== null).map(listed), folds: countOf(rows[0]) }
  }

  /** Numbers of a series' buckets, from one to another, both included. */
  async buckets(from: BucketId, toBucket: number): Promise<number[]> {
    return (await this.index.range(from, toBucket)).map(({ id }) => id.bucket)
  }

  /** Of one block that was listed; rejects when it was folded away since. */
  async content(id: BucketId, block: BlockKey): Promise<unknown> {
    const query = `SELECT ${CONTENT[id.table]} FROM ${id.table} WHERE ${PARTITION} AND first = ? AND made = ? AND tag = ? AND last = ?`
    const { rows } = await this.session.page(query, [...partitionOf(id), ...keyOf(block)])
    if (rows.length === 0) throw restless(`The ${id.table} of ${id.point} ${id.register}`)
    return rows[0][CONTENT[id.table]]
  }

  /** Contents of a bucket's blocks that begin in [first, to], by page. */
  async *contents(id: BucketId, first: number, to: number): AsyncGenerator<{ block: BlockKey; cell: unknown }[]> {
    const query = `SELECT first, made, tag, last, ${CONTENT[id.table]} FROM ${id.table} WHERE ${PARTITION} AND first >= ? AND first <= ?`
    for await (const rows of this.session.pages(query, [...partitionOf(id), first, to], PAGE_BLOCKS))
      yield rows.map((row) => ({ block: blockKeyOf(row), cell: row[CONTENT[id.table]] }))
  }

  /** Takes `gone` out of a bucket and puts `made` in: one mutation, so nobody sees it half done. */
  async replace(id: BucketId, folds: number, gone: readonly ListedBlock[], made: readonly Piece[]): Promise<void> {
    const counted = {
      query: `UPDATE ${id.table} USING TIMESTAMP ? SET folds = ? WHERE ${PARTITION}`,
      params: [folds, folds, ...partitionOf(id)]
    }
    await this.index.put(made.map(infoOf))
    await this.session.write([counted, ...made.map(insertion), ...gone.map((block) => deletion(id, block))])
  }
}

const countOf = (row: Row | undefined): number => row?.folds?.toNumber() ?? 0

const blockKeyOf = ({ first, made, tag, last }: Row): BlockKey => ({
  first: first.toNumber(),
  made,
  tag: tag.toNumber(),
  last: last.toNumber()
})

const listed = (row: Row): ListedBlock => ({ ...blockKeyOf(row), stamp: row.stamp.toNumber() })
