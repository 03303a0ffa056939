/** Pings that may stay without an answer. */
const MISSED = 2

/** Tells a connection that is quiet from one that is gone. */
export class Pulse {
  #missed = 0

  constructor(
    private readonly everyMs: number,
    private pingedAt: number,
    private readonly ping: () => void
  ) {}

  heard(): void {
    this.#missed = 0
  }

  /** Pings when it is time to. */
  beat(now: number): 'fine' | 'lost' {
    if (now - this.pingedAt < this.everyMs) return 'fine'
    if (this.#missed >= MISSED) return 'lost'
    this.pingedAt = now
    this.#missed++
    this.ping()
    return 'fine'
  }
}
