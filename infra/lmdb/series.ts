import type { SeriesKey } from '../store.js'
import type { Environment, Table } from './env.js'
import { wordsKey } from './keys.js'

/** Holds the last number given; no UTF-8 text is this byte. */
const LAST = Buffer.from([0xff])

/** Four bytes for a (point, register): block keys name their series, and blocks are small. */
export class SeriesIds {
  readonly #table: Table
  readonly #known = new Map<string, number>()
  #names = new Map<number, SeriesKey>()

  constructor(env: Environment) {
    this.#table = env.table('series')
  }

  /** The number of a series that has something stored. */
  get({ point, register }: SeriesKey): number | undefined {
    const name = `${point}\0${register}`
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const id = this.#table.get(wordsKey(point, register))?.readUInt32BE(0)
    if (id !== undefined) this.#known.set(name, id)
    return id
  }

  /** The series of a number that was given out. */
  keyOf(id: number): SeriesKey {
    if (!this.#names.has(id)) this.#names = new Map(this.#all())
    const series = this.#names.get(id)
    if (!series) throw new RangeError(`No series has the number ${id}.`)
    return series
  }

  *#all(): Generator<[number, SeriesKey]> {
    for (const { key, value } of this.#table.getRange({ end: LAST })) {
      const [point, register] = key.toString().split('\0')
      yield [value.readUInt32BE(0), { point, register }]
    }
  }

  /** Inside a transaction: the number of a series, new if need be. Not remembered before the commit, which may fail. */
  getOrAdd({ point, register }: SeriesKey): number {
    const known = this.#known.get(`${point}\0${register}`)
    if (known !== undefined) return known
    const key = wordsKey(point, register)
    const stored = this.#table.get(key)
    if (stored) return stored.readUInt32BE(0)
    const id = (this.#table.get(LAST)?.readUInt32BE(0) ?? 0) + 1
    const value = Buffer.allocUnsafe(4)
    value.writeUInt32BE(id)
    this.#table.put(key, value)
    this.#table.put(LAST, value)
    return id
  }
}
