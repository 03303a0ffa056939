import type { Client, types } from 'cassandra-driver'
import { Unavailable } from '../errors.js'
import { translated } from './failures.js'

export interface Statement {
  query: string
  params: unknown[]
  /** Of contents, where they are large. */
  bytes?: number
}

/** A row as the driver gives it: bigint columns are Long. */
export type Row = types.Row

export interface Page {
  rows: Row[]
  /** Where the next one begins; null: this was the last. */
  next: string | null
}

const DISK_USAGE = 'SELECT table_name, mebibytes FROM system_views.disk_usage WHERE keyspace_name = ?'
const IN_FLIGHT = 32
const PAGE_ROWS = 500
/** Of one partition in one mutation: far below the half segment at which it is refused. */
const MUTATION_STATEMENTS = 200
const MUTATION_BYTES = 256 * 1024

/** Runs `work` for each, so many at a time; after a failure nothing more is begun, and it rejects once what was begun has ended. */
export const inFlight = async <Item>(items: Iterable<Item>, work: (item: Item) => Promise<void>, limit = IN_FLIGHT): Promise<void> => {
  const iterator = items[Symbol.iterator]()
  let failed = false
  const worker = async () => {
    for (let next = iterator.next(); !failed && !next.done; next = iterator.next()) {
      await work(next.value).catch((error: unknown) => {
        failed = true
        throw error
      })
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: limit }, worker))
  const rejected = ends.find((end): end is PromiseRejectedResult => end.status === 'rejected')
  if (rejected) throw rejected.reason
}

/**
 * Prepared statements on one keyspace. Everything here may be done twice, so the driver may repeat it on another node; what it throws is
 * Unavailable or Refused.
 */
export class Session {
  constructor(readonly client: Client) {}

  /** Statements of one partition: all of them, or none. */
  async write(statements: readonly Statement[]): Promise<void> {
    if (statements.length === 0) return
    const options = { prepare: true, isIdempotent: true }
    try {
      if (statements.length === 1) await this.client.execute(statements[0].query, statements[0].params, options)
      else await this.client.batch(statements as Statement[], { ...options, logged: false })
    } catch (error) {
      throw translated(error)
    }
  }

  /** Many partitions at once, by name; rejects when one of them could not be written. */
  async writeEach(partitions: ReadonlyMap<string, readonly Statement[]>): Promise<void> {
    await inFlight([...partitions.values()].flatMap(mutationsOf), (statements) => this.write(statements))
  }

  async page(query: string, params: unknown[], at: string | null = null, rows = PAGE_ROWS): Promise<Page> {
    try {
      const options = { prepare: true, isIdempotent: true, fetchSize: rows, ...(at === null ? {} : { pageState: at }) }
      const result = await this.client.execute(query, params, options)
      return { rows: result.rows, next: result.pageState ?? null }
    } catch (error) {
      throw translated(error)
    }
  }

  async *pages(query: string, params: unknown[], rows = PAGE_ROWS): AsyncGenerator<Row[]> {
    let at: string | null = null
    do {
      const page: Page = await this.page(query, params, at, rows)
      if (page.rows.length > 0) yield page.rows
      at = page.next
    } while (at !== null)
  }

  async all(query: string, params: unknown[]): Promise<Row[]> {
    const found: Row[] = []
    for await (const rows of this.pages(query, params)) for (const row of rows) found.push(row)
    return found
  }

  /** What each table has on disk, all nodes together; each node only knows its own. */
  async mebibytes(): Promise<Map<string, number>> {
    const sums = new Map<string, number>()
    try {
      for (const host of this.client.hosts.values().filter((each) => each.isUp())) {
        const { rows } = await this.client.execute(DISK_USAGE, [this.client.keyspace], { prepare: true, host })
        for (const { table_name, mebibytes } of rows) sums.set(table_name, (sums.get(table_name) ?? 0) + mebibytes.toNumber())
      }
    } catch (error) {
      throw translated(error)
    }
    return sums
  }
}

const mutationsOf = (statements: readonly Statement[]): Statement[][] => {
  const mutations: Statement[][] = []
  let [last, room]: [Statement[], number] = [[], 0]
  for (const statement of statements) {
    room -= statement.bytes ?? 0
    if (room <= 0 || last.length >= MUTATION_STATEMENTS) {
      last = []
      mutations.push(last)
      room = MUTATION_BYTES - (statement.bytes ?? 0)
    }
    last.push(statement)
  }
  return mutations
}

/** Raised where a bucket is folded faster than it can be read. */
export const restless = (what: string): Unavailable =>
  new Unavailable(`${what} changed each time while it was read. The same is tried again.`)

/** Adds to the list of a name. */
export const addTo = <Item>(lists: Map<string, Item[]>, name: string, ...items: Item[]): void => {
  const list = lists.get(name)
  if (list) list.push(...items)
  else lists.set(name, items)
}
