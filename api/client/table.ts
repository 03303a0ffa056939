import type { Row } from './frames.js'

/** Current rows by series and start: a higher rev replaces, withdrawn removes. What every reader of the protocol has to do. */
export class Table {
  readonly #series = new Map<string, Map<number, Row>>()
  /** Revs of rows that were withdrawn, so that an older one does not bring them back. */
  readonly #gone = new Map<string, Map<number, number>>()

  get size(): number {
    let size = 0
    for (const rows of this.#series.values()) size += rows.size
    return size
  }

  apply(rows: readonly Row[]): void {
    for (const row of rows) this.#put(row)
  }

  clear(): void {
    this.#series.clear()
    this.#gone.clear()
  }

  series(): string[] {
    return [...this.#series.keys()].sort()
  }

  /** Of one series by start, or of all. */
  rows(k?: string): Row[] {
    const chosen = k === undefined ? this.series() : [k]
    return chosen.flatMap((each) => [...(this.#series.get(each)?.values() ?? [])].sort((a, b) => a.s - b.s))
  }

  #put(row: Row): void {
    const rows = this.#series.get(row.k) ?? new Map<number, Row>()
    const gone = this.#gone.get(row.k) ?? new Map<number, number>()
    this.#series.set(row.k, rows)
    this.#gone.set(row.k, gone)
    if (Math.max(rows.get(row.s)?.rev ?? -1, gone.get(row.s) ?? -1) > row.rev) return
    if (row.op === 'withdrawn') {
      rows.delete(row.s)
      gone.set(row.s, row.rev)
    } else {
      rows.set(row.s, row)
      gone.delete(row.s)
    }
  }
}
