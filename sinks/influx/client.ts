import { HttpError, InfluxDB, setLogger, type WriteApi } from '@influxdata/influxdb-client'
import { InfluxTrouble, type Kind } from './trouble.js'

// The client would print what we answer for ourselves.
setLogger({ error() {}, warn() {} })

/** One point of the server: all of it that is not a field. */
export interface Place {
  measurement: string
  tags: readonly (readonly [name: string, value: string])[]
  /** UTC ms. */
  at: number
}

/** Requests to one bucket. All reject with InfluxTrouble, and with nothing else. */
export interface Requests {
  /** Lines of line protocol, milliseconds; resolves when they are stored. */
  write(lines: readonly string[]): Promise<void>
  /** Resolves when there is no such point. */
  remove(place: Place): Promise<void>
  /** The rows of an InfluxQL answer, tags and columns by name, `time` in UTC ms. The token has to be one that may read, too. */
  ask(influxQl: string): Promise<Answered[]>
}

export type Answered = Record<string, string | number | boolean | null>

interface Answer {
  results: { error?: string; series?: { tags?: Record<string, string>; columns: string[]; values: Answered[string][][] }[] }[]
}

export interface Target {
  url: string
  org: string
  bucket: string
  /** Asked again when the server refuses it. */
  token(): string
  /** For one request, ms. */
  timeoutMs: number
}

const SAID_CHARACTERS = 200

/** Code over the official client, which only sends: when and how often is decided elsewhere. */
export const influxRequests = ({ url, org, bucket, token, timeoutMs }: Target): Requests => {
  const address = `org=${encodeURIComponent(org)}&bucket=${encodeURIComponent(bucket)}`
  let connection: { influx: InfluxDB; api: WriteApi; secret: string } | null = null
  const connect = () => {
    if (connection !== null) return connection
    const secret = token()
    const influx = new InfluxDB({ url, token: secret, timeout: timeoutMs })
    connection = { influx, api: influx.getWriteApi(org, bucket, 'ms', { batchSize: 2, flushInterval: 0, maxRetries: 0 }), secret }
    return connection
  }
  const asking = async <Said>(ask: (to: NonNullable<typeof connection>) => Promise<Said>): Promise<Said> => {
    let secret = ''
    try {
      const to = connect()
      secret = to.secret
      return await ask(to)
    } catch (error) {
      const trouble = troubleOf(error, { url, org, bucket, secret })
      // The file it stands in may hold another one by now.
      if (trouble.kind === 'closed') connection = null
      throw trouble
    }
  }
  return {
    write: (lines) =>
      asking(({ api }) => {
        // One record to the client: it would count and keep every line, and there is nothing for it to decide.
        api.writeRecord(lines.join('\n'))
        return api.flush()
      }),
    ask: async (influxQl) => {
      const question = new URLSearchParams({ org, db: bucket, q: influxQl, epoch: 'ms' })
      const { results } = await asking(
        ({ influx }) => influx.transport.request(`/query?${question}`, undefined, { method: 'GET' }) as Promise<Answer>
      )
      const [{ error, series = [] }] = results
      if (error !== undefined) throw new InfluxTrouble('refused', `InfluxDB at ${url} could not answer: ${error.slice(0, SAID_CHARACTERS)}`)
      return series.flatMap(({ tags, columns, values }) =>
        values.map((row) => ({ ...tags, ...Object.fromEntries(columns.map((column, i) => [column, row[i]])) }))
      )
    },
    remove: ({ measurement, tags, at }) =>
      asking(({ influx }) => {
        const instant = new Date(at).toISOString()
        const predicate = [['_measurement', measurement] as const, ...tags].map(([name, value]) => `${name}=${JSON.stringify(value)}`)
        return influx.transport.request(
          `/api/v2/delete?${address}`,
          { start: instant, stop: instant, predicate: predicate.join(' AND ') },
          { method: 'POST', headers: { 'content-type': 'application/json' } }
        )
      })
  }
}

const AWAY = new Set([408, 429, 502, 503, 504])

const kindOf = (status: number): Kind => {
  if (AWAY.has(status)) return 'away'
  if (status >= 500) return 'failing'
  if (status === 400 || status === 422) return 'refused'
  return status === 413 ? 'large' : 'closed'
}

const troubleOf = (
  error: unknown,
  { url, org, bucket, secret }: Omit<Target, 'token' | 'timeoutMs'> & { secret: string }
): InfluxTrouble => {
  const { message } = error as Error
  if (!(error instanceof HttpError)) {
    // A secret that is not where the settings say it is.
    if (secret === '') return new InfluxTrouble('closed', message, '', { cause: error })
    return new InfluxTrouble('away', `InfluxDB does not answer at ${url}: ${cut(message, secret)}`, '', { cause: error })
  }
  const { statusCode } = error
  const kind = kindOf(statusCode)
  const said = cut(message, secret)
  const advice =
    {
      401: 'Put a token of its organisation where influx.token says it is.',
      403: `Give the token the right to write to the bucket "${bucket}", and for reconcile to read it.`,
      404: `See that influx.org ("${org}") and influx.bucket ("${bucket}") are there.`
    }[statusCode] ?? (kind === 'closed' ? 'See that influx.url is the address of an InfluxDB 2.' : '')
  // The header's number as it is, which is in seconds.
  const retryAfterMs = kind === 'away' ? error.retryAfter() * 1000 : 0
  return new InfluxTrouble(kind, `InfluxDB at ${url} answers ${statusCode}: ${said} ${advice}`.trim(), said, {
    retryAfterMs,
    dropped: Number(/ dropped=(\d+)/.exec(message)?.[1] ?? Number.NaN),
    unwanted: message.includes('outside retention policy') && !message.includes('conflict')
  })
}

const cut = (text: string, secret: string): string => text.replaceAll(secret, '…').slice(0, SAID_CHARACTERS)
