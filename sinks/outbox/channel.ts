import { Unavailable } from '../../infra/errors.js'
import type { Alert, Reject } from '../../schemas/generated.js'

/** A step of an alert that a receiver is to be told. */
export interface Waiting {
  alert: Alert
  /** When it was put here, UTC ms; of steps that wait as one, the first. */
  heardAt: number
  /** Of the newest step, in the outbox. */
  offset: number
}

/** Whom alerts are told to. */
export interface Receiver {
  name: string
  rules?: readonly string[] | undefined
  subjects?: readonly string[] | undefined
}

/** One way of telling people or programs. */
export interface Channel {
  /** Part of group and state names. */
  name: string
  receivers: readonly Receiver[]
  /** Steps of one slot wait as one: the newest. */
  slotOf(alert: Alert, offset: number): string
  /** When what has waited since an instant goes out, UTC ms. */
  dueAt(receiver: string, since: number): number
  /**
   * Tells what waits, oldest first. `told`: keys of the alerts whose beginning this receiver was told. Resolves with how many of
   * them, from the first on, are done with; rejects with NotTaken when it is none.
   */
  deliver(receiver: string, waiting: readonly Waiting[], told: ReadonlySet<string>): Promise<Delivered>
}

export interface Delivered {
  done: number
  /** What the receiver will never take. */
  rejects: readonly Reject[]
}

/** Nothing was taken; the message says what to do, without secrets. */
export class NotTaken extends Unavailable {
  override readonly name = 'NotTaken'

  constructor(
    message: string,
    /** The receiver asks not to be tried sooner, ms. */
    readonly afterMs = 0
  ) {
    super(message)
  }
}
