import { NO_RULES, type SeriesRules } from '../../../processors/energy/rules.js'
import { initialWatch, type WatchState } from '../../../processors/watch-points/state.js'
import {
  dueOf,
  type Watched,
  watchCommand,
  watchIntervals,
  watchReadings,
  watchReject,
  watchTime
} from '../../../processors/watch-points/watch.js'
import type { Alert, AlertCommand, Intervals, Readings, Reject } from '../../../schemas/generated.js'

/** One subject with its state, which goes through JSON at every step, and what a store would hold of its alerts. */
export class Watching {
  state: WatchState
  steps: Alert[] = []
  offset = 0
  heardSince = 0

  constructor(
    public rules: SeriesRules = NO_RULES,
    subject = 'test/p'
  ) {
    this.state = initialWatch(subject)
  }

  readings(block: Readings, live = true): this {
    const where = { topic: `${live ? 'readings' : 'backfill'}.test`, partition: 0, offset: this.offset++ }
    return this.take(watchReadings(this.state, block, where, live, () => this.rules))
  }

  intervals(block: Intervals): this {
    return this.take(watchIntervals(this.state, block, () => this.rules))
  }

  reject(reject: Reject): this {
    return this.take(watchReject(this.state, reject))
  }

  ack(command: Pick<AlertCommand, 'rule' | 'register' | 'since' | 'at'>): this {
    return this.take(watchCommand(this.state, { ...command, command: 'ack', subject: this.state.subject, by: 'ann', note: 'seen' }))
  }

  /** A heartbeat at `at`, ms. */
  beat(at: number): this {
    if (dueOf(this.state, () => this.rules) > at) return this
    return this.take(watchTime(this.state, at, this.heardSince, () => this.rules))
  }

  private take({ state, alerts }: Watched): this {
    this.state = JSON.parse(JSON.stringify(state))
    this.steps.push(...alerts)
    return this
  }

  /** The newest state of every alert, by rule, register and since. */
  alerts(): Alert[] {
    const newest = new Map<string, Alert>()
    for (const alert of this.steps) {
      const key = `${alert.rule} ${alert.register} ${alert.since}`
      const other = newest.get(key)
      if (other === undefined || alert.rev > other.rev) newest.set(key, alert)
    }
    return [...newest.values()].sort((a, b) => a.since - b.since || (a.rule < b.rule ? -1 : 1))
  }

  /** Those that nothing took back, without how they became known. */
  standing(): string[] {
    return this.alerts()
      .filter(({ state }) => state !== 'retracted')
      .map(({ rule, register, since, state, severity, at, until, occurrences, reminders }) =>
        [rule, register, since, state, severity, at, until, occurrences, reminders].join(' ')
      )
  }

  notified(): Alert[] {
    return this.steps.filter(({ notify }) => notify)
  }
}
