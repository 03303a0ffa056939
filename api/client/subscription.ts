import type { Beginning, ErrorFrame, Progress, Row, ServerFrame, SubRequest } from './frames.js'

/** What a program does with a subscription. All are called in order; `rows` may take its time, the server waits. */
export interface Handlers {
  /**
   * Rows to upsert by (k, s); the higher rev wins, withdrawn removes. `snapshot` tells history from what is new. A promise holds
   * the credit back until it resolves.
   */
  rows(rows: Row[], snapshot: boolean): void | Promise<void>
  /** A snapshot begins: forget what was there. Called before the first rows too, and again when a resume was not possible. */
  reset?(reason: string | undefined): void
  /** The snapshot is complete, or everything missed has come. */
  live?(): void
  progress?(progress: Progress): void
  /** This program reads too slowly. */
  lagging?(since: number): void
  /** The server refused or ended it, and it will not come back by itself. */
  error?(error: ErrorFrame): void
}

export interface SubscriptionOptions extends SubRequest {
  /** Rows the server may be ahead of `rows`; default 5 000. */
  credit?: number
}

export interface Subscription {
  /** Where it would go on; keep it to resume in another process. */
  readonly cursor: string | undefined
  close(): void
}

const WINDOW = 5000

/** What is remembered of a subscription over all its connections: its handlers, and its cursor. */
export class Following implements Subscription {
  cursor: string | undefined
  id: number | null = null
  #owed = 0

  constructor(
    private readonly options: SubscriptionOptions,
    private readonly handlers: Handlers,
    private readonly send: (frame: object) => void,
    private readonly over: (following: Following) => void
  ) {
    const { from } = options
    this.cursor = typeof from === 'object' && 'cursor' in from ? from.cursor : undefined
  }

  /** The request under a new id: from the cursor, if there is one. */
  request(id: number): object {
    this.id = id
    this.#owed = 0
    const { select, grid, zone, policy, from = 'snapshot' } = this.options
    const beginning: Beginning = typeof from === 'object' && 'cursor' in from ? (from.otherwise ?? 'snapshot') : from
    return {
      t: 'sub',
      id,
      select,
      grid,
      zone,
      policy,
      credit: this.#window,
      from: this.cursor === undefined ? beginning : { cursor: this.cursor, otherwise: beginning }
    }
  }

  take(frame: ServerFrame): void {
    switch (frame.t) {
      case 'subscribed':
        if (frame.resumed) break
        this.cursor = undefined
        this.handlers.reset?.(frame.reason)
        break
      case 'snapshot':
        this.#rows(frame.rows, true)
        break
      case 'data':
        this.cursor = frame.cursor
        this.#rows(frame.rows, false)
        break
      case 'live':
        this.cursor = frame.cursor
        this.handlers.live?.()
        break
      case 'progress':
        if (frame.cursor !== undefined) this.cursor = frame.cursor
        this.handlers.progress?.(frame)
        break
      case 'lagging':
        this.handlers.lagging?.(frame.since)
    }
  }

  refused(error: ErrorFrame): void {
    this.handlers.error?.(error)
  }

  close(): void {
    this.over(this)
  }

  get #window(): number {
    return this.options.credit ?? WINDOW
  }

  #rows(rows: Row[], snapshot: boolean): void {
    const { id } = this
    const done = this.handlers.rows(rows, snapshot)
    if (done) void done.then(() => this.#repay(id, rows.length))
    else this.#repay(id, rows.length)
  }

  /** Half a window at a time, so that credit costs a frame per some thousand rows. */
  #repay(id: number | null, rows: number): void {
    if (id !== this.id || id === null) return
    this.#owed += rows
    if (this.#owed * 2 < this.#window) return
    this.send({ t: 'credit', id, n: this.#owed })
    this.#owed = 0
  }
}
