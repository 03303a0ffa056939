import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { Damaged, DiskFull } from '../errors.js'
import { type Environment, openEnvironment, type Table } from '../lmdb/env.js'
import { isCompressed, type RawFile } from './contract.js'
import { noRoom } from './files.js'

const pressed = promisify(gzip)
const unpressed = promisify(gunzip)

/**
 * Payloads of which there are very many small ones, in an LMDB file a month: `packed/2026-11/ledger.mdb`. Two tables: `payloads`, SHA-256
 * of the original bytes to a byte (1: compressed by us) and the bytes; `receipts`, that and a hash of the name to what is known of the
 * receipt. Several processes of one machine may write and read the same ones.
 */
export interface Packed {
  /** True when the bytes were here already. Resolves when they are durable. */
  put(file: RawFile, bytes: Buffer): Promise<boolean>
  /** Another name of bytes that are here; false where they are not. */
  addName(file: RawFile): Promise<boolean>
  /** Null where they are not here. Rejects when they are damaged. */
  open(origin: string): Promise<Buffer | null>
  get(origin: string): RawFile | null
  list(): AsyncIterable<RawFile>
  close(): Promise<void>
}

interface Month {
  env: Environment
  payloads: Table
  receipts: Table
}

const MONTH = /^\d{4}-\d\d$/
const NAME_BYTES = 8
const [AS_IT_IS, COMPRESSED] = [0, 1]
/** Receipts read at once: whoever lists them may take hours. */
const PAGE = 1000

export const openPacked = (folder: string): Packed => {
  const months = new Map<string, Month>()
  const open = (name: string): Month => {
    let month = months.get(name)
    if (month === undefined) {
      const env = openEnvironment(join(folder, name))
      month = { env, payloads: env.table('payloads'), receipts: env.table('receipts') }
      months.set(name, month)
    }
    return month
  }
  /** Also those that other processes have begun. */
  const all = (): Month[] => namesIn(folder).map(open)

  const monthOf = (key: Buffer): Month | undefined => {
    const has = (month: Month): boolean => month.payloads.doesExist(key)
    return [...months.values()].find(has) ?? all().find(has)
  }

  const write = async <Result>({ env }: Month, name: string, work: () => Result): Promise<Result> => {
    try {
      return await env.write(work)
    } catch (error) {
      throw error instanceof DiskFull ? noRoom(folder, name, error) : error
    }
  }

  const addName: Packed['addName'] = async (file) => {
    const key = keyOf(file.origin)
    const month = monthOf(key)
    if (month === undefined) return false
    const place = receiptKey(key, file.name)
    if (!month.receipts.doesExist(place)) await write(month, file.name, () => month.receipts.put(place, receiptOf(file)))
    return true
  }

  return {
    addName,
    put: async (file, bytes) => {
      if (await addName(file)) return true
      const key = keyOf(file.origin)
      const kept = isCompressed(bytes) ? [Buffer.of(AS_IT_IS), bytes] : [Buffer.of(COMPRESSED), await pressed(bytes)]
      const month = open(new Date(file.receivedAt).toISOString().slice(0, 7))
      return write(month, file.name, () => {
        // It may have come twice at once.
        const existed = month.payloads.doesExist(key)
        if (!existed) month.payloads.put(key, Buffer.concat(kept))
        const place = receiptKey(key, file.name)
        if (!month.receipts.doesExist(place)) month.receipts.put(place, receiptOf(file))
        return existed
      })
    },
    open: async (origin) => {
      const key = keyOf(origin)
      const kept = monthOf(key)?.payloads.get(key)
      if (kept === undefined) return null
      const bytes = kept[0] === COMPRESSED ? await unpressed(kept.subarray(1)).catch(() => null) : kept.subarray(1)
      if (bytes === null || createHash('sha256').update(bytes).digest('hex') !== origin)
        throw new Damaged(`The payload ${origin} in ${folder} is damaged: its bytes are not those that were received.`)
      return bytes
    },
    get: (origin) => {
      const key = keyOf(origin)
      const month = monthOf(key)
      if (month === undefined) return null
      const end = Buffer.concat([key, Buffer.alloc(NAME_BYTES + 1, 0xff)])
      return firstFirst([...month.receipts.getRange({ start: key, end }).map(({ value }) => fileOf(value))])[0]
    },
    list: async function* () {
      for (const { receipts } of all()) {
        let same: RawFile[] = []
        for (let start: Buffer | undefined, more = true; more; ) {
          const page = [...receipts.getRange({ start, limit: PAGE, exclusiveStart: start !== undefined })]
          for (const { value } of page) {
            const file = fileOf(value)
            if (same.length > 0 && same[0].origin !== file.origin) {
              yield* firstFirst(same)
              same = []
            }
            same.push(file)
          }
          start = page.at(-1)?.key
          more = page.length === PAGE
        }
        yield* firstFirst(same)
      }
    },
    close: async () => {
      await Promise.all([...months.values()].map(({ env }) => env.close()))
      months.clear()
    }
  }
}

const namesIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => MONTH.test(name))
        .sort()
    : []

const keyOf = (origin: string): Buffer => Buffer.from(origin, 'hex')

const receiptKey = (key: Buffer, name: string): Buffer =>
  Buffer.concat([key, createHash('sha256').update(name).digest().subarray(0, NAME_BYTES)])

const receiptOf = (file: RawFile): Buffer => Buffer.from(JSON.stringify(file))

const fileOf = (value: Buffer): RawFile => JSON.parse(value.toString())

/** The name that it came under first. */
const firstFirst = (files: RawFile[]): RawFile[] => files.sort((a, b) => a.receivedAt - b.receivedAt)
