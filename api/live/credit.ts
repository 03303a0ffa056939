/** Rows a subscription may still send. Never below zero: what does not fit waits. */
export class Credit {
  #left: number

  constructor(first: number) {
    this.#left = first
  }

  get left(): number {
    return this.#left
  }

  grant(rows: number): void {
    this.#left = Math.min(Number.MAX_SAFE_INTEGER, this.#left + rows)
  }

  /** As many of `rows` as there is credit for. */
  take(rows: number): number {
    const taken = Math.min(rows, this.#left)
    this.#left -= taken
    return taken
  }
}

/** Requests a socket may make: so many a second, after a burst. */
export class RequestRate {
  #tokens: number
  #at: number

  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
    now: number
  ) {
    this.#tokens = burst
    this.#at = now
  }

  /** 0 when the request may go ahead, otherwise ms until it may be tried again. */
  take(now: number, cost = 1): number {
    this.#tokens = Math.min(this.burst, this.#tokens + (Math.max(0, now - this.#at) * this.perSecond) / 1000)
    this.#at = now
    if (this.#tokens < cost) return Math.ceil(((cost - this.#tokens) * 1000) / this.perSecond)
    this.#tokens -= cost
    return 0
  }
}

export type Pressure = 'clear' | 'full' | 'lagging' | 'stuck'

/** How long a socket has had more to send than it may: the reader is told first, then let go. */
export class Congestion {
  #since: number | null = null

  constructor(private readonly limits: { softBytes: number; laggingMs: number; stuckMs: number }) {}

  get since(): number | null {
    return this.#since
  }

  /** The socket came below its limit, if only for a moment: it is slow, but it reads. */
  clear(): void {
    this.#since = null
  }

  look(bufferedBytes: number, now: number): Pressure {
    const { softBytes, laggingMs, stuckMs } = this.limits
    if (bufferedBytes <= softBytes) {
      this.#since = null
      return 'clear'
    }
    this.#since ??= now
    const ms = now - this.#since
    return ms >= stuckMs ? 'stuck' : ms >= laggingMs ? 'lagging' : 'full'
  }
}
