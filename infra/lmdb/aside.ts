import type { Reject, Suspect } from '../../schemas/generated.js'
import { Op } from '../../schemas/quality.js'
import { isOpen, precedence } from '../../schemas/reject.js'
import type { Wire } from '../../schemas/wire.js'
import type { SeriesKey } from '../store.js'
import { Counters } from './counters.js'
import type { Environment, Table } from './env.js'
import { after, timeKey, wordsKey } from './keys.js'

/** What was set aside: rejects and suspects, by identity, with counts by reason. */
export class Aside {
  readonly #rejects: Table
  readonly #rejectOrder: Table
  readonly #suspects: Table
  readonly #counters: Counters

  constructor(
    env: Environment,
    private readonly wire: Wire
  ) {
    this.#rejects = env.table('rejects')
    this.#rejectOrder = env.table('reject-order')
    this.#suspects = env.table('suspects')
    this.#counters = new Counters(env)
  }

  counts(table: 'rejects' | 'suspects'): Map<string, number> {
    return this.#counters.of(table)
  }

  /** Inside a transaction. Of one identity the better one stays; a resolved one is in no order and no count. */
  putReject(reject: Reject): void {
    const key = rejectKey(reject)
    const stored = this.#rejects.get(key)
    const other = stored ? this.wire.decode('Reject', stored) : null
    if (other && precedence(other, reject) > 0) return
    if (other && isOpen(other)) {
      this.#counters.add('rejects', other.reason, -1)
      for (const orderKey of orderKeys(other, key)) this.#rejectOrder.remove(orderKey)
    }
    if (isOpen(reject)) {
      this.#counters.add('rejects', reject.reason, 1)
      for (const orderKey of orderKeys(reject, key)) this.#rejectOrder.put(orderKey, key)
    }
    this.#rejects.put(key, this.wire.encode('Reject', reject))
  }

  /** Newest first. */
  rejects({ origin, reason, limit }: { origin?: string; reason?: string; limit: number }): Reject[] {
    if (origin !== undefined) {
      const found = this.#ofOrigin(origin).filter((reject) => reason === undefined || reject.reason === reason)
      return found.sort((a, b) => b.ingestedAt - a.ingestedAt || a.line - b.line).slice(0, limit)
    }
    const prefix = orderPrefix(reason)
    const found: Reject[] = []
    for (const { value } of this.#rejectOrder.getRange({ start: after(prefix), end: prefix, reverse: true, limit })) {
      found.push(this.wire.decode('Reject', this.#rejects.get(value)!))
    }
    return found
  }

  #ofOrigin(origin: string): Reject[] {
    const prefix = wordsKey(origin)
    const found: Reject[] = []
    for (const { value } of this.#rejects.getRange({ start: prefix, end: after(prefix) })) {
      const reject = this.wire.decode('Reject', value)
      if (isOpen(reject)) found.push(reject)
    }
    return found
  }

  /** Inside a transaction. The higher rev stays; a withdrawn one stays too, unseen, so that an older one that comes again does not return. */
  putSuspect(suspect: Suspect): void {
    const key = suspectKey(suspect)
    const stored = this.#suspects.get(key)
    const other = stored ? this.wire.decode('Suspect', stored) : null
    if (other && other.rev > suspect.rev) return
    const counted = (each: Suspect | null) => (each && each.op !== Op.WITHDRAWN ? 1 : 0)
    this.#counters.add('suspects', suspect.reason, counted(suspect) - counted(other))
    this.#suspects.put(key, this.wire.encode('Suspect', suspect))
  }

  suspects({ point, register }: SeriesKey, from: number, to: number): Suspect[] {
    const series = wordsKey(point, register)
    const found: Suspect[] = []
    const range = { start: Buffer.concat([series, timeKey(from)]), end: Buffer.concat([series, timeKey(to)]) }
    for (const { value } of this.#suspects.getRange(range)) {
      const suspect = this.wire.decode('Suspect', value)
      if (suspect.op !== Op.WITHDRAWN) found.push(suspect)
    }
    return found
  }
}

const figure = (value: number): Buffer => {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}

const rejectKey = ({ origin, line, field, name }: Reject): Buffer => Buffer.concat([wordsKey(origin), figure(line), wordsKey(field, name)])

const suspectKey = ({ point, register, at, device, value, reason }: Suspect): Buffer =>
  Buffer.concat([wordsKey(point, register), timeKey(at), figure(value), wordsKey(device, reason)])

/** Order by receipt, of all rejects and of those of one reason. */
const orderPrefix = (reason: string | undefined): Buffer =>
  reason === undefined ? Buffer.of(0) : Buffer.concat([Buffer.of(1), wordsKey(reason)])

const orderKeys = ({ ingestedAt, reason }: Reject, key: Buffer): Buffer[] =>
  [undefined, reason].map((each) => Buffer.concat([orderPrefix(each), timeKey(ingestedAt), key]))
