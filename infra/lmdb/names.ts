import type { Environment, Table } from './env.js'
import { U16 } from './keys.js'

/** Small numbers for names (topics, groups), so that keys stay short. Given out once, kept for ever. */
export class Names {
  readonly #table: Table
  readonly #ids = new Map<string, number>()

  constructor(
    private readonly env: Environment,
    table: string
  ) {
    this.#table = env.table(table)
    for (const { key, value } of this.#table.getRange()) this.#ids.set(key.toString(), value.readUInt16BE(0))
  }

  get(name: string): number | undefined {
    return this.#ids.get(name)
  }

  /** The name of a number that was given out. */
  nameOf(id: number): string {
    for (const [name, given] of this.#ids) if (given === id) return name
    throw new RangeError(`No name has the number ${id}.`)
  }

  list(): IterableIterator<string> {
    return this.#ids.keys()
  }

  /** The numbers of these names, made where they are new. */
  async add(names: readonly string[]): Promise<void> {
    const missing = names.filter((name) => !this.#ids.has(name))
    if (missing.length === 0) return
    const made = await this.env.write(() => missing.map((name) => [name, this.#addOne(name)] as const))
    for (const [name, id] of made) this.#ids.set(name, id)
  }

  #addOne(name: string): number {
    const key = Buffer.from(name)
    const stored = this.#table.get(key)
    if (stored) return stored.readUInt16BE(0)
    const id = this.#table.getCount() + 1
    if (id > U16) throw new RangeError(`No more than ${U16} names fit.`)
    const value = Buffer.allocUnsafe(2)
    value.writeUInt16BE(id)
    this.#table.put(key, value)
    return id
  }
}
