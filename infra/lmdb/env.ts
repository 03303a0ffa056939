import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import { DiskFull, Unavailable } from '../errors.js'

/** A table of the environment: binary keys, binary values. Reads see what is committed; inside `write` also what it wrote. */
export type Table = Database<Buffer, Buffer>

/**
 * One LMDB file, the working file of a data folder. Every commit is written and synced before it becomes visible or is
 * acknowledged (lmdb-js's overlapping sync would show commits first, and leave the choice of what to believe after a power cut to
 * a boot id), so a resolved `write` survives kill -9 and a power cut.
 */
export interface Environment {
  readonly folder: string
  table(name: string): Table
  /**
   * Runs `work` in a write transaction: all of it is stored, or nothing. Those that wait while a commit is under way share the
   * next one and its sync. `work` is synchronous, and may be run twice (when another of its group threw), so it keeps what it
   * computes to itself until it returns. What it throws aborts it alone and rejects. In the order they are asked for; those that can
   * wait are in commits of their own, in turn with those of the others.
   */
  write<T>(work: () => T, when?: 'now' | 'can wait'): Promise<T>
  /** Bytes a table occupies, by whole pages. */
  bytes(table: Table): number
  /** Bytes of the working file, and of those the ones in use; the others are free for what comes. */
  size(): { fileBytes: number; usedBytes: number }
  /** Writes what is committed to another file, without free pages. */
  copyTo(path: string): Promise<void>
  close(): Promise<void>
}

export const workingFile = (folder: string): string => join(folder, 'ledger.mdb')

const MAX_TABLES = 40
/** A group of waiting writes is cut here, so that the event loop and the commit's dirty pages stay small. */
const GROUP_MS = 20

/** errno and LMDB codes of a write that found no room: EIO (LMDB's word for a short write), EFBIG, ENOSPC, EDQUOT, MDB_MAP_FULL. */
const NO_ROOM = new Set([5, 27, 28, 122, -30792])

interface Waiting {
  work: () => unknown
  resolve: (result: unknown) => void
  reject: (error: unknown) => void
}

/** What LMDB threw or rejected with, as one of our errors; anything else (a bug in `work`) as it is. */
const translated = async (folder: string, error: unknown): Promise<unknown> => {
  const outer = error as { commitError?: Promise<never>; code?: unknown } | null
  const cause = outer?.commitError ? await outer.commitError.catch((inner: unknown) => inner) : error
  const { code, message } = cause as { code?: unknown; message?: string }
  if (typeof code !== 'number') return error
  if (NO_ROOM.has(code)) {
    return new DiskFull(
      `The data folder ${folder} cannot be written (${message}): the disk or a size limit is full, or the disk fails. ` +
        'Nothing of this write was stored; free some space, then it goes on.',
      { cause }
    )
  }
  return new Unavailable(`The data folder ${folder} cannot be written: ${message}.`, { cause })
}

interface Stats {
  pageSize: number
  treeBranchPageCount: number
  treeLeafPageCount: number
  overflowPages: number
}

const pagesOf = ({ treeBranchPageCount, treeLeafPageCount, overflowPages }: Stats): number =>
  treeBranchPageCount + treeLeafPageCount + overflowPages

const bytesOf = (table: Table): number => {
  const stats = table.getStats() as Stats
  return pagesOf(stats) * stats.pageSize
}

export const openEnvironment = (folder: string): Environment => {
  mkdirSync(folder, { recursive: true })
  const root: RootDatabase<Buffer, Buffer> = open({
    path: workingFile(folder),
    noSubdir: true,
    maxDbs: MAX_TABLES,
    encoding: 'binary',
    keyEncoding: 'binary',
    overlappingSync: false,
    // Batching by event turn would open a second promise per commit that nobody listens to: an unhandled rejection on a full disk.
    eventTurnBatching: false
  })
  const tables = new Map<string, Table>()
  const waiting: Waiting[] = []
  const canWait: Waiting[] = []
  let running: Promise<void> | null = null
  let closed = false

  const tableOf = (name: string): Table => {
    let table = tables.get(name)
    if (!table) {
      table = root.openDB<Buffer, Buffer>(name, { encoding: 'binary', keyEncoding: 'binary' })
      tables.set(name, table)
    }
    return table
  }

  /** One commit of what waits when it begins, as much as fits in GROUP_MS. */
  const commitTogether = async (queue: Waiting[]): Promise<void> => {
    let group: Waiting[] = []
    let results: unknown[] = []
    try {
      await root.childTransaction(() => {
        group = queue.splice(0)
        results = []
        const until = performance.now() + GROUP_MS
        for (const { work } of group) {
          results.push(work())
          if (performance.now() > until) break
        }
      })
      queue.unshift(...group.splice(results.length))
      for (const [i, { resolve }] of group.entries()) resolve(results[i])
    } catch (thrown) {
      const error = await translated(folder, thrown)
      if (group.length === 1) group[0].reject(error)
      // Each alone, so that one's trouble is not another's.
      else for (const entry of group) await commitTogether([entry])
    }
  }

  const run = async (): Promise<void> => {
    while (waiting.length > 0 || canWait.length > 0) {
      if (waiting.length > 0) await commitTogether(waiting)
      if (canWait.length > 0) await commitTogether(canWait)
    }
    running = null
  }

  return {
    folder,
    table: tableOf,
    write<T>(work: () => T, when = 'now'): Promise<T> {
      if (closed) return Promise.reject(new Unavailable(`The data folder ${folder} is closed.`))
      return new Promise<T>((resolve, reject) => {
        const queue = when === 'now' ? waiting : canWait
        queue.push({ work, resolve: resolve as (result: unknown) => void, reject })
        running ??= run()
      })
    },
    bytes: bytesOf,
    size() {
      const { pageSize, lastPageNumber, root: names } = root.getStats() as Stats & { lastPageNumber: number; root: Stats }
      const tables = [...root.getKeys()].map((key) => bytesOf(tableOf(key.toString('utf8', 0, key.length - 1))))
      return {
        fileBytes: (lastPageNumber + 1) * pageSize,
        usedBytes: tables.reduce((sum, bytes) => sum + bytes, pagesOf(names) * pageSize)
      }
    },
    copyTo: (path) => root.backup(path, true),
    async close() {
      closed = true
      while (running) await running
      await root.close()
    }
  }
}
