import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type InfluxOptions, type LocalInflux, startInflux } from '../../infra/local/influx.js'
import type { Json } from '../whole/platform.js'

/** The first time, on a machine with much to do, the server is built: for hooks that start one. */
export const BUILDING_MS = 45 * 60_000

const TOKEN = 'the-operator-of-the-tests'
const ORG = 'local'

/** Rows of an InfluxQL answer: an object for each, tags and columns by name, `time` in UTC ms. */
export type Row = Record<string, string | number | boolean | null>

export interface InfluxRig {
  url: string
  org: string
  token: string
  /** SIGKILL. */
  kill(): Promise<void>
  /** Again, on the same data and port; `flags` instead of those it had. */
  restart(flags?: readonly string[]): Promise<void>
  /** A bucket that nobody else uses, empty; `forS`: seconds it keeps points. */
  bucket(name?: string, forS?: number): Promise<string>
  removeBucket(name: string): Promise<void>
  /** A token for one bucket, and how to take it back and give it again. */
  tokenFor(bucket: string): Promise<{ token: string; active(active: boolean): Promise<void> }>
  ask(bucket: string, influxQl: string): Promise<Row[]>
  flux(script: string): Promise<string>
  api(method: string, path: string, body?: unknown): Promise<Json>
  close(): Promise<void>
}

/** A real InfluxDB for one test file. */
export const influxRig = async (options: Partial<InfluxOptions> = {}): Promise<InfluxRig> => {
  const folder = mkdtempSync(join(tmpdir(), 'wattledger-influx-'))
  let server: LocalInflux = await startInflux(folder, { token: TOKEN, org: ORG, ...options })
  const { url } = server
  const headers = { authorization: `Token ${TOKEN}`, 'content-type': 'application/json' }
  let buckets = 0
  const api: InfluxRig['api'] = async (method, path, body) => {
    const answer = await fetch(`${url}${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return text === '' ? {} : JSON.parse(text)
  }
  const orgID = (await api('GET', `/api/v2/orgs?org=${ORG}`)).orgs[0].id as string
  const idOf = async (bucket: string): Promise<string> => (await api('GET', `/api/v2/buckets?name=${bucket}&orgID=${orgID}`)).buckets[0].id
  return {
    url,
    org: ORG,
    token: TOKEN,
    kill: () => server.kill(),
    async restart(flags = options.flags) {
      server = await startInflux(folder, { token: TOKEN, org: ORG, ...options, flags, port: Number(new URL(url).port) })
    },
    async bucket(name = `ledger_${++buckets}`, forS) {
      const retentionRules = forS === undefined ? [] : [{ type: 'expire', everySeconds: forS }]
      await api('POST', '/api/v2/buckets', { orgID, name, retentionRules })
      return name
    },
    removeBucket: async (name) => {
      await api('DELETE', `/api/v2/buckets/${await idOf(name)}`)
    },
    async tokenFor(bucket) {
      const resource = { type: 'buckets', id: await idOf(bucket), orgID }
      const { id, token } = await api('POST', '/api/v2/authorizations', { orgID, permissions: [{ action: 'write', resource }] })
      return {
        token,
        active: async (active) => {
          await api('PATCH', `/api/v2/authorizations/${id}`, { status: active ? 'active' : 'inactive' })
        }
      }
    },
    async ask(bucket, influxQl) {
      const { results } = await api('GET', `/query?${new URLSearchParams({ db: bucket, q: influxQl, epoch: 'ms' })}`)
      const { series = [], error } = results[0]
      if (error !== undefined) throw new Error(`${influxQl}: ${error}`)
      return series.flatMap(({ tags = {}, columns, values }: { tags?: Row; columns: string[]; values: Row[string][][] }) =>
        values.map((row) => ({ ...tags, ...Object.fromEntries(columns.map((column, i) => [column, row[i]])) }))
      )
    },
    async flux(script) {
      const answer = await fetch(`${url}/api/v2/query?org=${ORG}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/vnd.flux', accept: 'application/csv' },
        body: script
      })
      const text = await answer.text()
      if (!answer.ok) throw new Error(text)
      return text
    },
    api,
    async close() {
      await server.kill()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}
