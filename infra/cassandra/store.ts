import { INTERVAL_COLUMNS, SLOT_COLUMNS } from '../../schemas/blocks.js'
import type { Intervals, Slots } from '../../schemas/generated.js'
import type { StoredGrid } from '../../schemas/grid.js'
import type { Wire } from '../../schemas/wire.js'
import { bucketLength } from '../blocks/buckets.js'
import { byStart, onceEach, type Rows, reachingIn, rowsWhere } from '../blocks/overlap.js'
import { inOrder, pick } from '../blocks/shapes.js'
import type { AlertQuery, SeriesKey, Store, StoreBatch, StoredReadings } from '../store.js'
import { Alerts } from './alerts.js'
import { Blocks, type Scan } from './blocks.js'
import { BucketIndex } from './bucket-index.js'
import { Contents } from './contents.js'
import { foldBucket } from './fold.js'
import { type BlockKind, intervalsKind, readingsKind, slotsKind } from './kinds.js'
import type { Mark } from './marks.js'
import { type BucketId, nameOf, piecesOf } from './pieces.js'
import { Rejects } from './rejects.js'
import { replaceRows } from './replace.js'
import { inFlight, type Session } from './session.js'
import { sizesOf } from './sizes.js'
import { Suspects } from './suspects.js'
import { Versions } from './versions.js'
import { WrittenDays } from './written-days.js'

/** Marks looked at in one call of `foldClosedDays`, and buckets folded at once. */
const MARKS = 50
const FOLDS_AT_ONCE = 4

const DAYS: StoredGrid = 'P1D'

/**
 * The store on Apache Cassandra: the blocks of the embedded one under the same keys. Write timestamps are revs, offsets and event times,
 * never a clock's, so whatever is written again, late, or by two processes at once ends the same. Folding costs least when one process
 * does it; several do no harm.
 */
export class CassandraStore implements Store {
  readonly #blocks: Blocks
  readonly #suspects: Suspects
  readonly #rejects: Rejects
  readonly #alerts: Alerts
  readonly #versions: Versions
  readonly #writtenDays: WrittenDays
  readonly #kinds: { readings: BlockKind<StoredReadings>; intervals: BlockKind<Intervals>; slots: BlockKind<Slots> }

  constructor(
    private readonly session: Session,
    wire: Wire
  ) {
    const index = new BucketIndex(session)
    const contents = new Contents(session)
    this.#blocks = new Blocks(session, index)
    this.#suspects = new Suspects(session, wire, index, contents)
    this.#rejects = new Rejects(session, wire, contents)
    this.#alerts = new Alerts(session, wire, contents)
    this.#versions = new Versions(session, wire)
    this.#writtenDays = new WrittenDays(session, contents)
    this.#kinds = { readings: readingsKind(wire), intervals: intervalsKind(wire), slots: slotsKind(wire) }
  }

  /** Rejects when anything of the batch is not stored; then it is written again as a whole. Heartbeats (no rows) leave nothing. */
  async write(batch: StoreBatch): Promise<void> {
    const readings = (batch.readings ?? []).filter(({ block }) => block.rows > 0)
    const intervals = (batch.intervals ?? []).filter(({ rows }) => rows > 0)
    const slots = (batch.slots ?? []).filter(({ rows }) => rows > 0)
    const days = slots.filter(({ grid }) => grid === DAYS)
    await this.#blocks.put([
      ...piecesOf(this.#kinds.readings, readings),
      ...piecesOf(this.#kinds.intervals, intervals),
      ...piecesOf(this.#kinds.slots, slots)
    ])
    if (days.length > 0) await this.#writtenDays.put(days)
    if (batch.latest?.length) await this.#versions.putLatest(batch.latest)
    if (batch.suspects?.length) await this.#suspects.put(batch.suspects)
    if (batch.rejects?.length) await this.#rejects.put(batch.rejects)
    if (batch.points?.length) await this.#versions.putPoints(batch.points)
    if (batch.installations?.length) await this.#versions.putInstallations(batch.installations)
    if (batch.alerts?.length) await this.#alerts.put(batch.alerts)
  }

  async readings({ point, register }: SeriesKey, from: number, to: number): Promise<StoredReadings[]> {
    const found: StoredReadings[] = []
    for (const { cell } of await this.#blocks.scan({ table: 'readings', point, register, grid: '', length: 'month', from, to })) {
      for (const each of await this.#kinds.readings.decode(cell)) if (each.block.at.some((at) => at >= from && at < to)) found.push(each)
    }
    return inOrder(found)
  }

  async intervals({ point, register }: SeriesKey, from: number, to: number): Promise<Intervals[]> {
    return this.#overlapping(
      { table: 'intervals', point, register, grid: '', length: 'month', from, to },
      this.#kinds.intervals,
      (block, rows) => pick(block, INTERVAL_COLUMNS, rows)
    )
  }

  async slots({ point, register }: SeriesKey, grid: string, from: number, to: number): Promise<Slots[]> {
    return this.#overlapping(
      { table: 'slots', point, register, grid, length: bucketLength(grid), from, to },
      this.#kinds.slots,
      (block, rows) => pick(block, SLOT_COLUMNS, rows)
    )
  }

  async #overlapping<Block extends Rows>(
    scan: Scan,
    kind: BlockKind<Block>,
    cut: (block: Block, rows: readonly number[]) => Block
  ): Promise<Block[]> {
    const found = await this.#scanned(scan, kind, cut)
    const starts = reachingIn(found, scan.from, scan.to)
    if (starts.size === 0) return byStart(found)
    const before: Block[] = []
    for (const block of await this.#scanned({ ...scan, from: Math.min(...starts), to: scan.from }, kind, cut)) {
      const rows = rowsWhere(block, (start, end) => starts.has(start) && end <= scan.from)
      if (rows.length > 0) before.push(cut(block, rows))
    }
    return byStart([...before, ...found])
  }

  async #scanned<Block extends Rows>(
    scan: Scan,
    kind: BlockKind<Block>,
    cut: (block: Block, rows: readonly number[]) => Block
  ): Promise<Block[]> {
    const stored = await this.#blocks.scan(scan)
    const found = await Promise.all(stored.map(async ({ bucket, cell }) => ({ bucket, block: (await kind.decode(cell))[0] })))
    return onceEach(found, scan.length, cut)
  }

  async replaceSlots(series: SeriesKey, grid: string, from: number, to: number, slots: readonly Slots[]): Promise<void> {
    const cut = (block: Slots, rows: readonly number[]) => pick(block, SLOT_COLUMNS, rows)
    const { point, register } = series
    const replacing = { blocks: this.#blocks, kind: this.#kinds.slots, length: bucketLength(grid), cut }
    await replaceRows(replacing, { table: 'slots', point, register, grid }, { from, to }, slots, Date.now() * 1000)
  }

  writtenDays(since: number) {
    return this.#writtenDays.since(since)
  }

  async latest(point?: string) {
    return this.#versions.latest(point)
  }

  async points(point?: string) {
    return this.#versions.points(point)
  }

  async installations() {
    return this.#versions.installations()
  }

  async suspects(series: SeriesKey, from: number, to: number) {
    return this.#suspects.of(series, from, to)
  }

  async rejects(filter: { origin?: string; reason?: string; limit: number }) {
    return this.#rejects.list(filter)
  }

  async alerts(query: AlertQuery) {
    return this.#alerts.find(query)
  }

  async counts(table: 'rejects' | 'suspects') {
    return table === 'rejects' ? this.#rejects.counts() : this.#suspects.counts()
  }

  async foldClosedDays(before: number): Promise<boolean> {
    const marks = await this.#blocks.marks.closed(before, MARKS)
    const buckets = new Map<string, Mark[]>()
    for (const mark of marks) buckets.set(nameOf(mark.id), [...(buckets.get(nameOf(mark.id)) ?? []), mark])
    await inFlight(buckets.values(), (of) => this.#fold(of, before), FOLDS_AT_ONCE)
    return marks.length > 0
  }

  /** A bucket is unmarked last: broken off, it is looked at again. */
  async #fold(marks: readonly Mark[], before: number): Promise<void> {
    const [{ id }] = marks
    this.#blocks.marks.forget(id)
    const left = await this.#foldOne(id, before)
    if (left) await this.#blocks.marks.put([left])
    await this.#blocks.marks.remove(marks)
  }

  #foldOne(id: BucketId, before: number): Promise<Mark | null> {
    if (id.table === 'readings') return foldBucket(this.#blocks, this.#kinds.readings, id, before)
    if (id.table === 'intervals') return foldBucket(this.#blocks, this.#kinds.intervals, id, before)
    return foldBucket(this.#blocks, this.#kinds.slots, id, before)
  }

  async sizes(): Promise<Map<string, number>> {
    return sizesOf(this.session)
  }

  async close(): Promise<void> {
    await this.session.client.shutdown()
  }
}
