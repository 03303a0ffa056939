import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { openPlatform, type Platform } from '../../main.js'
import type { Ingested, IngestOptions } from '../../producers/run.js'
import { loadSettings, type Settings } from '../../schemas/settings.js'

/** A file as somebody might give it. */
export interface Given {
  name: string
  bytes: Buffer | string
}

/** Answers are checked field by field; their shape is the schema's own test. */
export type Json = Record<string, any>

export interface Whole {
  folder: string
  platform: Platform
  /** Reads files in this order, as `import` does, and waits until all of it can be asked for. */
  take(...files: Given[]): Promise<Ingested[]>
  /** The answer to a question over HTTP. */
  ask(path: string, query?: Record<string, string>): Promise<Json>
  /** Any request, with its status. */
  send(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    payload?: string | Buffer,
    headers?: Record<string, string>
  ): Promise<{ status: number; body: string }>
  registry(yaml: string): Promise<Json>
  /** One text for the whole ledger. */
  hash(): Promise<string>
  /** Everything the ledger shows, a line each: interval rows with their revision, slots, and what was set aside, where it stands aside. */
  shown(): Promise<string[]>
  close(): Promise<void>
}

/** Every folder is asked for its settings this way; 2 GiB uploads and the rest stay as shipped. */
export const settingsFor = (folder: string): Settings => {
  const loaded = loadSettings('', 'wattledger.yaml')
  if ('problems' in loaded) throw new Error('An empty settings file must be valid.')
  return { ...loaded.settings, data: folder }
}

export const temporary = (): string => mkdtempSync(join(tmpdir(), 'wattledger-whole-'))

export const digestOf = (days: ReadonlyMap<string, string>): string =>
  createHash('sha256')
    .update(JSON.stringify([...days].sort()))
    .digest('hex')

/** A platform on a real data folder, without a port. */
export const openWhole = async (folder = temporary(), more: Partial<Settings> = {}): Promise<Whole> => {
  const platform = await openPlatform({ ...settingsFor(folder), ...more })
  const authorization = `Bearer ${platform.token}`
  const send: Whole['send'] = async (method, path, payload, headers = {}) => {
    const { statusCode, payload: body } = await platform.app.inject({ method, url: path, payload, headers: { authorization, ...headers } })
    return { status: statusCode, body }
  }
  const answer = ({ status, body }: { status: number; body: string }): Json => {
    if (status !== 200) throw new Error(`${status}: ${body}`)
    return JSON.parse(body)
  }
  return {
    folder,
    platform,
    take: async (...files) => {
      const done: Ingested[] = []
      for (const file of files) done.push(await takeOne(platform, file))
      await platform.settle()
      return done
    },
    ask: async (path, query = {}) => answer(await send('GET', `${path}?${new URLSearchParams(query)}`)),
    send,
    registry: async (yaml) => {
      const done = answer(await send('POST', '/v1/registry?dryRun=false', yaml, { 'content-type': 'application/yaml' }))
      await platform.settle()
      return done
    },
    hash: async () => digestOf(await platform.hash()),
    shown: async () => {
      const { points } = answer(await send('GET', '/v1/points'))
      const lines: string[] = []
      for (const { id, registers } of points) {
        for (const { register } of registers) {
          const series = `point=${id}&register=${register}`
          const { suspects } = answer(await send('GET', `/v1/suspects?${series}`))
          for (const { topic, partition, offset, line, knownAt, ...suspect } of suspects) lines.push(`${id} ${JSON.stringify(suspect)}`)
          for (const grid of ['intervals', 'PT15M', 'PT1H', 'P1D', 'P1M']) {
            const { rows } = answer(await send('GET', `/v1/series?${series}&from=2023-01-01&to=2025-01-01&grid=${grid}`))
            for (const row of rows) lines.push(`${id} ${register} ${grid} ${JSON.stringify(row)}`)
          }
        }
      }
      return lines
    },
    close: async () => {
      await platform.close()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

const takeOne = ({ importFile }: Platform, { name, bytes }: Given, options: IngestOptions = { backfill: true }): Promise<Ingested> =>
  importFile(Readable.from([Buffer.from(bytes)]), name, options)

/** Runs a test on a platform of its own. */
export const withWhole = async <T>(work: (whole: Whole) => Promise<T>): Promise<T> => {
  const whole = await openWhole()
  try {
    return await work(whole)
  } finally {
    await whole.close()
  }
}
