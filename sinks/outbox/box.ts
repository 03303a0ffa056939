import { alertKey, isActiveAlert } from '../../schemas/alerts.js'
import type { Alert } from '../../schemas/generated.js'
import type { Waiting } from './channel.js'

/** What waits for one receiver and what it was told, with the changes of both, as they are to be committed. */
export class Box {
  readonly #waiting = new Map<string, Waiting>()
  readonly #told = new Set<string>()

  constructor(
    readonly receiver: string,
    private readonly changed: (key: string, value: Buffer | null) => void
  ) {}

  get told(): ReadonlySet<string> {
    return this.#told
  }

  /** Oldest first. */
  get waiting(): Waiting[] {
    return [...this.#waiting.values()].sort((a, b) => a.offset - b.offset)
  }

  /** Since when something waits, UTC ms; null when nothing does. */
  get since(): number | null {
    return this.#waiting.size === 0 ? null : Math.min(...[...this.#waiting.values()].map(({ heardAt }) => heardAt))
  }

  put(slot: string, alert: Alert, heardAt: number, offset: number): void {
    const before = this.#waiting.get(slot)
    if (before !== undefined && before.alert.rev > alert.rev) return
    const waiting = { alert, heardAt: before?.heardAt ?? heardAt, offset }
    this.#waiting.set(slot, waiting)
    this.changed(keyOf(WAITS, this.receiver, slot), Buffer.from(JSON.stringify(waiting)))
  }

  /** It was told, or will never be. */
  done(slot: string, { alert }: Waiting): void {
    this.#waiting.delete(slot)
    this.changed(keyOf(WAITS, this.receiver, slot), null)
    const alertName = alertKey(alert)
    const told = isActiveAlert(alert)
    if (told === this.#told.has(alertName)) return
    if (told) this.#told.add(alertName)
    else this.#told.delete(alertName)
    this.changed(keyOf(TOLD, this.receiver, alertName), told ? Buffer.from(TOLD) : null)
  }

  /** As it was committed. */
  restore(kind: string, name: string, value: Buffer): void {
    if (kind === WAITS) this.#waiting.set(name, JSON.parse(value.toString()))
    else this.#told.add(name)
  }
}

const WAITS = 'waits'
const TOLD = 'told'

const keyOf = (kind: string, receiver: string, name: string): string => `${kind} ${receiver} ${name}`

/** The parts of a state's key; receivers have no spaces in their names. */
export const partsOf = (key: string): { kind: string; receiver: string; name: string } => {
  const [kind, receiver, ...name] = key.split(' ')
  return { kind, receiver, name: name.join(' ') }
}
