import { setTimeout as sleep } from 'node:timers/promises'
import { BrokenCircuitError, ConsecutiveBreaker, circuitBreaker, ExponentialBackoff, handleWhen } from 'cockatiel'
import { InfluxTrouble } from './trouble.js'

export interface Pace {
  /** Pause after the first failure; it doubles, up to `longestMs`, and differs from one to the next. */
  firstMs: number
  longestMs: number
  /** After this long whoever asks is told that it failed. Short enough that no task is held when it belongs to somebody else by then. */
  patienceMs: number
}

/** Failures in a row after which one request at a time is tried. */
const FAILURES = 3

const passes = ({ kind }: InfluxTrouble): boolean => kind === 'away' || kind === 'failing'

/**
 * Tries requests again while the server is away or failing. All of a process share it: while the circuit is open one of them asks, with
 * growing pauses, and the others wait for its answer.
 */
export class Attempts {
  #trouble: InfluxTrouble | null = null
  /** Since when nothing was taken, or since the last `renew`. */
  #since = performance.now()
  readonly #breaker

  /** `told` hears of trouble that is waited for, when it begins and, with null, when it is over. Aborting `signal` ends all waiting. */
  constructor(
    private readonly pace: Pace,
    private readonly signal: AbortSignal,
    private readonly told: (trouble: InfluxTrouble | null) => void
  ) {
    this.#breaker = circuitBreaker(
      handleWhen((error) => error instanceof InfluxTrouble && passes(error)),
      {
        halfOpenAfter: new ExponentialBackoff({ initialDelay: pace.firstMs, maxDelay: pace.longestMs }),
        breaker: new ConsecutiveBreaker(FAILURES)
      }
    )
  }

  /** Why nothing is taken at present; null: all is well, as far as is known. */
  get trouble(): InfluxTrouble | null {
    return this.#trouble
  }

  /** Whoever waited for too long has given up, and begins again: with new patience. */
  renew(): void {
    this.#since = performance.now()
  }

  /** Rejects with InfluxTrouble: at once where waiting mends nothing, otherwise when patience is at an end. */
  async run(request: () => Promise<void>): Promise<void> {
    const since = performance.now()
    let last = this.#trouble
    for (let pause = this.pace.firstMs; ; pause = Math.min(2 * pause, this.pace.longestMs)) {
      try {
        await this.#breaker.execute(() => this.once(request))
        return
      } catch (error) {
        if (!(error instanceof BrokenCircuitError)) {
          last = error as InfluxTrouble
          if (!passes(last)) throw last
        }
        if (this.signal.aborted || this.#isOver(since)) throw last ?? new InfluxTrouble('away', 'InfluxDB could not be asked.')
        const askedMs = Math.min(last?.how.retryAfterMs ?? 0, this.pace.longestMs)
        await sleep(Math.max(askedMs, pause * (0.5 + Math.random())), undefined, { signal: this.signal }).catch(() => {})
      }
    }
  }

  /** One attempt, also while the others wait. */
  async once(request: () => Promise<void>): Promise<void> {
    try {
      await request()
      this.#say(null)
    } catch (error) {
      if (error instanceof InfluxTrouble && (passes(error) || error.kind === 'closed')) this.#say(error)
      throw error
    }
  }

  /** Those who come while the server is away do not each wait from their own beginning. */
  #isOver(since: number): boolean {
    const waitedFrom = this.#trouble === null ? since : Math.min(since, this.#since)
    return performance.now() - waitedFrom >= this.pace.patienceMs
  }

  #say(trouble: InfluxTrouble | null): void {
    const before = this.#trouble
    if (before === null && trouble !== null) this.#since = performance.now()
    this.#trouble = trouble
    if (before?.kind !== trouble?.kind) this.told(trouble)
  }
}
