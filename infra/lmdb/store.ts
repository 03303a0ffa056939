import { setImmediate as turn } from 'node:timers/promises'
import { INTERVAL_COLUMNS, SLOT_COLUMNS } from '../../schemas/blocks.js'
import type { Intervals, Slots } from '../../schemas/generated.js'
import type { StoredGrid } from '../../schemas/grid.js'
import type { Wire } from '../../schemas/wire.js'
import { bucketLength } from '../blocks/buckets.js'
import { byStart, onceEach, type Rows, reachingIn, rowsWhere } from '../blocks/overlap.js'
import { inOrder, pick } from '../blocks/shapes.js'
import { pace } from '../pace.js'
import type { AlertQuery, SeriesKey, Store, StoreBatch, StoredReadings } from '../store.js'
import { Alerts } from './alerts.js'
import { Aside } from './aside.js'
import type { BucketId } from './block-keys.js'
import { type BlockKind, intervalsKind, readingsKind, slotsKind } from './block-kinds.js'
import { Blocks, type Scan } from './blocks.js'
import type { Environment } from './env.js'
import { foldBucket } from './fold.js'
import { Names } from './names.js'
import { unpack } from './packing.js'
import { type Piece, piecesOf } from './pieces.js'
import { replaceRows } from './replace.js'
import { SeriesIds } from './series.js'
import { Versions } from './versions.js'
import { WrittenDays } from './written-days.js'

/** Buckets folded in one call of `foldClosedDays`. */
const FOLDED_BUCKETS = 50

const DAYS: StoredGrid = 'P1D'

const TABLES = {
  readings: ['readings', 'readings-folded'],
  intervals: ['intervals', 'intervals-folded'],
  slots: ['slots', 'slots-folded'],
  'written-days': ['written-days'],
  series: ['series', 'buckets', 'buckets-foldable'],
  latest: ['latest'],
  registry: ['points', 'installations'],
  suspects: ['suspects'],
  rejects: ['rejects', 'reject-order'],
  alerts: ['alerts', 'alert-order'],
  log: ['log', 'log-ends'],
  groups: ['group-offsets', 'group-states']
} as const

/** The store on LMDB, in the same file as the log. */
export class LmdbStore implements Store {
  readonly #series: SeriesIds
  readonly #blocks: Blocks
  readonly #aside: Aside
  readonly #alerts: Alerts
  readonly #versions: Versions
  readonly #writtenDays: WrittenDays
  readonly #topics: Names
  readonly #grids: Names
  readonly #kinds: { readings: BlockKind<StoredReadings>; intervals: BlockKind<Intervals>; slots: BlockKind<Slots> }

  constructor(
    private readonly env: Environment,
    private readonly wire: Wire
  ) {
    const series = new SeriesIds(env)
    this.#series = series
    this.#blocks = new Blocks(env, series)
    this.#writtenDays = new WrittenDays(env, series)
    this.#aside = new Aside(env, wire)
    this.#alerts = new Alerts(env, wire)
    this.#versions = new Versions(env, wire)
    this.#topics = new Names(env, 'store-topics')
    this.#grids = new Names(env, 'grids')
    this.#kinds = { readings: readingsKind(wire, this.#topics), intervals: intervalsKind(wire), slots: slotsKind(wire, this.#grids) }
  }

  async write(batch: StoreBatch): Promise<void> {
    const pieces = await this.#pieces(batch)
    // Behind what producers and folds have to say: a live reading is waited for, its copy here less so.
    await this.env.write(() => {
      for (const piece of pieces) this.#blocks.put(piece)
      for (const block of batch.slots ?? []) if (block.grid === DAYS && block.rows > 0) this.#writtenDays.put(block)
      for (const latest of batch.latest ?? []) this.#versions.putLatest(latest)
      for (const suspect of batch.suspects ?? []) this.#aside.putSuspect(suspect)
      for (const reject of batch.rejects ?? []) this.#aside.putReject(reject)
      for (const point of batch.points ?? []) this.#versions.putPoint(point)
      for (const installation of batch.installations ?? []) this.#versions.putInstallation(installation)
      for (const alert of batch.alerts ?? []) this.#alerts.put(alert)
    }, 'can wait')
  }

  /** Heartbeats (no rows) are for folds: nothing of them is kept here. */
  async #pieces({ readings = [], intervals = [], slots = [] }: StoreBatch): Promise<Piece[]> {
    await this.#topics.add(readings.map(({ position }) => position.topic))
    await this.#grids.add(slots.map(({ grid }) => grid))
    const pieces: Piece[] = []
    const breathe = pace()
    const add = async (made: Generator<Piece>) => {
      for (const piece of made) {
        pieces.push(piece)
        await breathe()
      }
    }
    await add(
      piecesOf(
        this.#kinds.readings,
        readings.filter(({ block }) => block.rows > 0)
      )
    )
    await add(
      piecesOf(
        this.#kinds.intervals,
        intervals.filter(({ rows }) => rows > 0)
      )
    )
    await add(
      piecesOf(
        this.#kinds.slots,
        slots.filter(({ rows }) => rows > 0)
      )
    )
    return pieces
  }

  async readings(series: SeriesKey, from: number, to: number): Promise<StoredReadings[]> {
    const found: StoredReadings[] = []
    for (const { value } of this.#blocks.scan({ table: 'readings', series, grid: 0, length: 'month', from, to })) {
      for (const each of this.#kinds.readings.decode(unpack(value))) if (each.block.at.some((at) => at >= from && at < to)) found.push(each)
    }
    return inOrder(found)
  }

  async intervals(series: SeriesKey, from: number, to: number): Promise<Intervals[]> {
    return this.#overlapping<Intervals>(
      { table: 'intervals', series, grid: 0, length: 'month', from, to },
      (value) => this.wire.decode('Intervals', unpack(value)),
      (block, rows) => pick(block, INTERVAL_COLUMNS, rows)
    )
  }

  async slots(series: SeriesKey, grid: string, from: number, to: number): Promise<Slots[]> {
    const id = this.#grids.get(grid)
    if (id === undefined) return []
    return this.#overlapping<Slots>(
      { table: 'slots', series, grid: id, length: bucketLength(grid), from, to },
      (value) => this.wire.decode('Slots', unpack(value)),
      (block, rows) => pick(block, SLOT_COLUMNS, rows)
    )
  }

  #overlapping<Block extends Rows>(
    scan: Scan,
    decode: (value: Buffer) => Block,
    cut: (block: Block, rows: readonly number[]) => Block
  ): Block[] {
    const found = this.#scanned(scan, decode, cut)
    const starts = reachingIn(found, scan.from, scan.to)
    if (starts.size === 0) return byStart(found)
    const from = Math.min(...starts)
    const before: Block[] = []
    for (const block of this.#scanned({ ...scan, from, to: scan.from }, decode, cut)) {
      const rows = rowsWhere(block, (start, end) => starts.has(start) && end <= scan.from)
      if (rows.length > 0) before.push(cut(block, rows))
    }
    return byStart([...before, ...found])
  }

  #scanned<Block extends Rows>(
    scan: Scan,
    decode: (value: Buffer) => Block,
    cut: (block: Block, rows: readonly number[]) => Block
  ): Block[] {
    const found = Array.from(this.#blocks.scan(scan), ({ bucket, value }) => ({ bucket, block: decode(value) }))
    return onceEach(found, scan.length, cut)
  }

  async replaceSlots(key: SeriesKey, grid: string, from: number, to: number, slots: readonly Slots[]): Promise<void> {
    await this.#grids.add([grid])
    const series = this.#series.get(key)
    if (series === undefined) return this.write({ slots })
    const cut = (block: Slots, rows: readonly number[]) => pick(block, SLOT_COLUMNS, rows)
    const replacing = { env: this.env, blocks: this.#blocks, kind: this.#kinds.slots, length: bucketLength(grid), cut }
    await replaceRows(replacing, { table: 'slots', series, grid: this.#grids.get(grid)! }, { from, to }, slots)
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
    return this.#aside.suspects(series, from, to)
  }

  async rejects(filter: { origin?: string; reason?: string; limit: number }) {
    return this.#aside.rejects(filter)
  }

  async alerts(query: AlertQuery) {
    return this.#alerts.find(query)
  }

  async counts(table: 'rejects' | 'suspects') {
    return this.#aside.counts(table)
  }

  async foldClosedDays(before: number): Promise<boolean> {
    const buckets = this.#blocks.index.foldable(before, FOLDED_BUCKETS)
    const commits: Promise<unknown>[] = []
    for (const id of buckets) {
      // The next bucket is joined while this one is committed; commits that wait share one.
      commits.push(this.#fold(id, before).catch((error: unknown) => error))
      await turn()
    }
    const failed = (await Promise.all(commits)).find((error) => error !== undefined)
    if (failed !== undefined) throw failed
    return buckets.length > 0
  }

  #fold(id: BucketId, before: number): Promise<void> {
    if (id.table === 'readings') return foldBucket(this.env, this.#blocks, this.#kinds.readings, id, before)
    if (id.table === 'intervals') return foldBucket(this.env, this.#blocks, this.#kinds.intervals, id, before)
    return foldBucket(this.env, this.#blocks, this.#kinds.slots, id, before)
  }

  async sizes(): Promise<Map<string, number>> {
    return new Map(
      Object.entries(TABLES).map(([name, tables]) => [name, tables.reduce((sum, table) => sum + this.env.bytes(this.env.table(table)), 0)])
    )
  }

  /** The environment is closed by whoever opened it. */
  async close(): Promise<void> {}
}
