import type { Environment, Table } from './env.js'
import { after } from './keys.js'

/** Counts kept beside what they count, in the same transaction. */
export class Counters {
  readonly #table: Table

  constructor(env: Environment) {
    this.#table = env.table('counters')
  }

  /** Inside a transaction. */
  add(table: string, reason: string, difference: number): void {
    if (difference === 0) return
    const key = Buffer.from(`${table}\0${reason}`)
    const count = (this.#table.get(key)?.readUIntBE(0, 6) ?? 0) + difference
    const row = Buffer.allocUnsafe(6)
    row.writeUIntBE(count, 0, 6)
    if (count > 0) this.#table.put(key, row)
    else this.#table.remove(key)
  }

  of(table: string): Map<string, number> {
    const prefix = Buffer.from(`${table}\0`)
    const counts = new Map<string, number>()
    for (const { key, value } of this.#table.getRange({ start: prefix, end: after(prefix) })) {
      counts.set(key.toString('utf8', prefix.length), value.readUIntBE(0, 6))
    }
    return counts
  }
}
