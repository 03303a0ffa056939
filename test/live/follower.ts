import type { Row, SubRequest } from '../../api/client/frames.js'
import { type LiveClient, Table } from '../../api/client/node.js'

/** A program that follows a selection, and notices every row that comes twice. */
export class Follower {
  readonly table = new Table()
  readonly seen = new Set<string>()
  readonly doubled: string[] = []
  resets: (string | undefined)[] = []
  lives = 0
  errors: unknown[] = []

  constructor(client: LiveClient, request: SubRequest) {
    client.subscribe(request, {
      reset: (reason) => {
        this.resets.push(reason)
        this.table.clear()
        this.seen.clear()
      },
      rows: (rows) => this.#take(rows),
      live: () => {
        this.lives++
      },
      error: (error) => {
        this.errors.push(error)
      }
    })
  }

  #take(rows: Row[]): void {
    for (const row of rows) {
      const id = `${row.k} ${row.s} ${row.e} ${row.rev} ${row.op}`
      if (this.seen.has(id)) this.doubled.push(id)
      this.seen.add(id)
    }
    this.table.apply(rows)
  }
}
