import { murmur2 } from '../../schemas/partition.js'
import { type BucketId, nameOf, type Piece } from './pieces.js'
import { Remembered } from './remembered.js'
import { addTo, type Row, type Session, type Statement } from './session.js'

/** Partitions of the marks: some tens of thousands of folded rows between two compactions are well below what a read bears. */
const SHARDS = 16
/** A mark that another process has taken meanwhile is made again after so many blocks; until then they wait unfolded, and count as ever. */
const BLOCKS_PER_MARK = 32

/** What one mark says: a bucket has a block that nobody has folded, and it ends then. */
export interface Mark {
  id: BucketId
  closes: number
  /** Of the block, or one below 0 for each fold that left something. */
  tag: number
}

const COLUMNS = ['shard', 'closes', 'in_table', 'point', 'register', 'grid', 'bucket', 'tag'] as const
const PUT = `INSERT INTO foldable (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')}) USING TIMESTAMP 1`
const REMOVE = `DELETE FROM foldable USING TIMESTAMP 1 WHERE ${COLUMNS.map((column) => `${column} = ?`).join(' AND ')}`
const CLOSED = 'SELECT * FROM foldable WHERE shard = ? AND closes <= ? LIMIT ?'

const shardOf = ({ point }: BucketId): number => (murmur2(point) & 0x7fffffff) % SHARDS
const paramsOf = ({ id, closes, tag }: Mark) => [shardOf(id), closes, id.table, id.point, id.register, id.grid, id.bucket, tag]

/** Which buckets have something to fold. They are marked after their blocks are stored, and unmarked before these are read again. */
export class Marks {
  readonly #marked = new Remembered<{ closes: number; blocks: number }>()
  #turn = 0

  constructor(private readonly session: Session) {}

  async added(pieces: readonly Piece[]): Promise<void> {
    const marks: Mark[] = []
    for (const { id, key } of pieces) {
      const name = nameOf(id)
      const mark = this.#marked.get(name)
      if (mark && mark.closes <= key.last && mark.blocks < BLOCKS_PER_MARK) mark.blocks++
      else {
        marks.push({ id, closes: key.last, tag: key.tag })
        this.#marked.set(name, { closes: key.last, blocks: 1 })
      }
    }
    await this.put(marks).catch((error: unknown) => {
      for (const { id } of marks) this.#marked.delete(nameOf(id))
      throw error
    })
  }

  put(marks: readonly Mark[]): Promise<void> {
    return this.#write(PUT, marks)
  }

  remove(marks: readonly Mark[]): Promise<void> {
    return this.#write(REMOVE, marks)
  }

  #write(query: string, marks: readonly Mark[]): Promise<void> {
    const partitions = new Map<string, Statement[]>()
    for (const mark of marks) addTo(partitions, String(shardOf(mark.id)), { query, params: paramsOf(mark) })
    return this.session.writeEach(partitions)
  }

  /** Forgets that a bucket is marked: blocks stored from now on mark it anew. */
  forget(id: BucketId): void {
    this.#marked.delete(nameOf(id))
  }

  /** Some marks of what closed at or before an instant; none when there are none. */
  async closed(before: number, limit: number): Promise<Mark[]> {
    const shards = Array.from({ length: SHARDS }, (_, i) => (this.#turn + i) % SHARDS)
    this.#turn = (this.#turn + 1) % SHARDS
    const found = await Promise.all(shards.map((shard) => this.session.page(CLOSED, [shard, before, limit])))
    return found
      .flatMap(({ rows }) => rows)
      .slice(0, limit)
      .map(markOf)
  }
}

const markOf = ({ closes, in_table, point, register, grid, bucket, tag }: Row): Mark => ({
  id: { table: in_table, point, register, grid, bucket },
  closes: closes.toNumber(),
  tag: tag.toNumber()
})
