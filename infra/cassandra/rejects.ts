import { types } from 'cassandra-driver'
import { decoding } from '../../schemas/decoding.js'
import type { Reject } from '../../schemas/generated.js'
import { isOpen, precedence } from '../../schemas/reject.js'
import type { Wire } from '../../schemas/wire.js'
import { bucketOf, greatest, least } from '../blocks/buckets.js'
import { type Contents, type Part, summed } from './contents.js'
import { addTo, inFlight, type Session, type Statement } from './session.js'

const PUT = 'INSERT INTO rejects (origin, line, field, record) VALUES (?, ?, ?, ?) USING TIMESTAMP ?'
const OF_ORIGIN = 'SELECT record FROM rejects WHERE origin = ?'
const OF_LINES = `${OF_ORIGIN} AND line >= ? AND line <= ?`
const ORDERED = 'SELECT record FROM reject_order WHERE reason = ? AND bucket = ? LIMIT ?'
const COUNT = 'SELECT COUNT(*) AS found FROM reject_order WHERE reason = ? AND bucket = ?'
const PUT_ORDER =
  'INSERT INTO reject_order (reason, bucket, ingested_at, origin, line, field, record) VALUES (?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?'
const REMOVE_ORDER =
  'DELETE FROM reject_order USING TIMESTAMP ? WHERE reason = ? AND bucket = ? AND ingested_at = ? AND origin = ? AND line = ? AND field = ?'

/** The order of all of them, beside one for each reason. */
const ALL = ''

interface Kept {
  reject: Reject
  record: Buffer
}

/** What could not be read: by origin, and in order of receipt by reason and UTC month. */
export class Rejects {
  constructor(
    private readonly session: Session,
    private readonly wire: Wire,
    private readonly contents: Contents
  ) {}

  /**
   * Of one identity the better one stays; a resolved one is in no order. Superseded ones leave the orders first and new ones enter them
   * last: wherever it is broken off, doing it again ends the same.
   */
  async put(rejects: readonly Reject[]): Promise<void> {
    const { won, lost } = await this.#decided(rejects.map((reject) => ({ reject, record: this.wire.encode('Reject', reject) })))
    const open = won.filter(({ reject }) => isOpen(reject))
    await this.contents.put(open.flatMap(({ reject }) => partsOf(reject)))
    await this.session.writeEach(orderStatements(lost, removal))
    const partitions = new Map<string, Statement[]>()
    for (const { reject, record } of won) {
      const { origin, line } = reject
      addTo(partitions, origin, { query: PUT, params: [origin, line, fieldKey(reject), record, stampOf(reject)], bytes: record.length })
    }
    await this.session.writeEach(partitions)
    await this.session.writeEach(orderStatements(open, entry))
  }

  /** Holds them against each other and against what is stored. */
  async #decided(given: readonly Kept[]): Promise<{ won: Kept[]; lost: Kept[] }> {
    const origins = new Map<string, Kept[]>()
    for (const each of given) addTo(origins, each.reject.origin, each)
    const won = new Map<string, Kept>()
    const lost: Kept[] = []
    const meet = (each: Kept) => {
      const name = identity(each.reject)
      const other = won.get(name)
      const later = other === undefined || beats(each, other)
      if (later) won.set(name, each)
      const loser = later ? other : each
      if (loser && isOpen(loser.reject) && !sameOrder(loser.reject, won.get(name)!.reject)) lost.push(loser)
    }
    for (const each of given) meet(each)
    await inFlight(origins, async ([origin, all]) => {
      const lines = all.map(({ reject }) => reject.line)
      const rows = await this.session.all(OF_LINES, [origin, least(lines), greatest(lines)])
      for (const { record } of rows) {
        const reject = await decoding(this.wire)('Reject', record)
        if (won.has(identity(reject))) meet({ reject, record })
      }
    })
    return { won: [...won.values()], lost }
  }

  /** Newest first. */
  async list({ origin, reason, limit }: { origin?: string; reason?: string; limit: number }): Promise<Reject[]> {
    if (origin === undefined) return this.#ordered(reason ?? ALL, limit)
    const found = await this.#decoded((await this.session.all(OF_ORIGIN, [origin])).map(({ record }) => record))
    const wanted = found.filter((reject) => isOpen(reject) && (reason === undefined || reject.reason === reason))
    return wanted.sort((a, b) => b.ingestedAt - a.ingestedAt || a.line - b.line).slice(0, limit)
  }

  async #ordered(part: string, limit: number): Promise<Reject[]> {
    const records: Buffer[] = []
    for (const bucket of await this.contents.buckets('rejects', part)) {
      if (records.length >= limit) break
      for (const { record } of await this.session.all(ORDERED, [part, bucket, limit - records.length])) records.push(record)
    }
    return this.#decoded(records)
  }

  #decoded(records: readonly Buffer[]): Promise<Reject[]> {
    return Promise.all(records.map((record) => decoding(this.wire)('Reject', record)))
  }

  async counts(): Promise<Map<string, number>> {
    const parts = (await this.contents.all('rejects')).filter(({ part }) => part !== ALL)
    return summed(parts, async ({ part, bucket }) => {
      const { rows } = await this.session.page(COUNT, [part, bucket])
      return rows[0].found.toNumber()
    })
  }
}

/** What `field` holds in keys: the file's name is a part of the identity as well. */
const fieldKey = ({ field, name }: Reject): string => `${field}\0${name}`

const identity = (reject: Reject): string => `${reject.origin}\0${reject.line}\0${fieldKey(reject)}`

/** Of equal ones the greater bytes, as the engine decides between cells of one timestamp. */
const beats = (a: Kept, b: Kept): boolean => (precedence(a.reject, b.reject) || Buffer.compare(a.record, b.record)) > 0

const sameOrder = (a: Reject, b: Reject): boolean => a.ingestedAt === b.ingestedAt && a.reason === b.reason

/** Above all receipts stands the parser version: 2^42 ms end in 2109. Below them, whether it is resolved. */
const stampOf = (reject: Reject): types.Long =>
  types.Long.fromNumber(reject.parserVersion)
    .shiftLeft(42)
    .add(reject.ingestedAt)
    .shiftLeft(1)
    .add(isOpen(reject) ? 0 : 1)

const partsOf = ({ reason, ingestedAt }: Reject): Part[] =>
  [ALL, reason].map((part) => ({ name: 'rejects', part, bucket: bucketOf(ingestedAt, 'month') }))

const orderStatements = (all: readonly Kept[], make: (kept: Kept, part: Part) => Statement): Map<string, Statement[]> => {
  const partitions = new Map<string, Statement[]>()
  for (const each of all) for (const part of partsOf(each.reject)) addTo(partitions, `${part.part}\0${part.bucket}`, make(each, part))
  return partitions
}

const entry = ({ reject, record }: Kept, { part, bucket }: Part): Statement => ({
  query: PUT_ORDER,
  params: [part, bucket, reject.ingestedAt, reject.origin, reject.line, fieldKey(reject), record, stampOf(reject)],
  bytes: record.length
})

const removal = ({ reject }: Kept, { part, bucket }: Part): Statement => ({
  query: REMOVE_ORDER,
  params: [stampOf(reject), part, bucket, reject.ingestedAt, reject.origin, reject.line, fieldKey(reject)]
})
