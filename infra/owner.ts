import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import { Unavailable } from './errors.js'

/**
 * One process owns a data folder. Who it is stands in a small LMDB of its own: a write transaction there is exclusive between
 * processes, and is given up by the system when its process dies, so two that start at once cannot both win. `owner.json` says the
 * same for people.
 */
export interface Holder {
  pid: number
  /** Where it answers HTTP; empty while it does not. */
  address: string
  host: string
  /** UTC ms. */
  since: number
}

export interface Owner {
  /** Tells others where we answer. */
  announce(address: string): void
  /** Aborts when another host took the folder because we were silent (frozen, say): stop at once, write nothing more. */
  readonly lost: AbortSignal
  release(): Promise<void>
}

interface Row extends Holder {
  claim: string
  /** Start of the process, as the system counts it: a process number is used again, this is not. Null where it cannot be known. */
  started: string | null
}

const KEY = 'owner'
/** An owner on another host (another container, with processes of its own) shows that it lives by touching owner.json. */
const TOUCH_MS = 5_000
const SILENT_MS = 20_000

/** When a process started: boot and clock ticks on Linux, a date elsewhere; null when it is dead or the system does not say. */
const startOf = (pid: number): string | null => {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      // The name, in brackets, may hold anything; behind it, proc_pid_stat(5): state first, start time 20th.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const ticks = fields[19]
      if (fields[0] === 'Z' || fields[0] === 'X') return null
      return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${ticks}`
    }
    if (process.platform === 'win32') return null
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null
  } catch {
    return null
  }
}

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

const silentMs = (file: string): number => {
  try {
    return Date.now() - statSync(file).mtimeMs
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

const lives = (row: Row, file: string): boolean => {
  if (row.host !== hostname()) return silentMs(file) < SILENT_MS
  return isRunning(row.pid) && (row.started === null || row.started === startOf(row.pid))
}

const holderOf = ({ pid, address, host, since }: Row): Holder => ({ pid, address, host, since })

/** Takes the folder, at once when its last owner is gone; otherwise says who holds it. */
export const claim = async (folder: string, { address = '' }: { address?: string } = {}): Promise<Owner | { heldBy: Holder }> => {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'owner.json')
  const table = open<Row, string>({ path: join(folder, 'owner.mdb'), noSubdir: true, encoding: 'json', overlappingSync: false })
  const row: Row = { pid: process.pid, address, host: hostname(), since: Date.now(), claim: randomUUID(), started: startOf(process.pid) }

  const write = (): void => {
    table.putSync(KEY, row)
    writeFileSync(`${file}.new`, `${JSON.stringify(holderOf(row), null, 2)}\n`)
    renameSync(`${file}.new`, file)
  }
  const heldBy = table.transactionSync(() => {
    const other = table.get(KEY)
    if (other && lives(other, file)) return holderOf(other)
    write()
    return null
  })
  if (heldBy) {
    await table.close()
    return { heldBy }
  }
  const lost = new AbortController()
  const isOurs = (): boolean => table.get(KEY)?.claim === row.claim
  const touch = (): void => {
    if (!isOurs()) {
      lost.abort()
      return
    }
    const now = new Date()
    // Somebody may have removed the file; the row is what counts.
    try {
      utimesSync(file, now, now)
    } catch {}
  }
  const touching = setInterval(touch, TOUCH_MS)
  touching.unref()

  return {
    lost: lost.signal,
    announce(where) {
      table.transactionSync(() => {
        if (!isOurs()) throw new Unavailable(`The data folder ${folder} was taken by another host.`)
        row.address = where
        write()
      })
    },
    async release() {
      clearInterval(touching)
      table.transactionSync(() => {
        if (!isOurs()) return
        rmSync(file, { force: true })
        table.removeSync(KEY)
      })
      await table.close()
    }
  }
}
