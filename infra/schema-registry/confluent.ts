import { z } from 'zod'
import type { RecordName } from '../../schemas/generated.js'
import { NotARecord, type SchemaIds } from '../../schemas/wire.js'
import { Refused, Unavailable } from '../errors.js'
import { whileAway } from '../while-away.js'
import type { SchemaCache } from './cache.js'

/**
 * Schema ids of a registry that speaks the Confluent REST API (Confluent, Apicurio, Karapace, Redpanda). The subject is the record's
 * full name, so that a record has the same id on every topic. What was once answered is remembered: ids never change.
 */
export interface ConfluentOptions {
  /** Without the path of a resource: `http://registry:8081`, or `…/apis/ccompat/v7`. */
  url: string
  /** Basic authentication; never in the address. */
  credentials?: { user: string; password: string }
  cache: SchemaCache
  /** How long a registry that is away is waited for before the process gives up; default 60 s. */
  patienceMs?: number
  /** Told once for each outage that is waited for. */
  onWaiting?(message: string): void
}

const NAMESPACE = 'wattledger'
const PATIENCE_MS = 60_000
const REQUEST_MS = 10_000
const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 5_000
/** Of the Confluent REST API. */
const NO_SUCH_SCHEMA = 40_403
const MEDIA = 'application/vnd.schemaregistry.v1+json'

const Registered = z.object({ id: z.int().min(0).max(0xffffffff) })
const Known = z.object({ schema: z.string().max(1_000_000) })
const Problem = z.object({ error_code: z.number().optional(), message: z.string().optional() })
const AvroRecord = z.object({ name: z.string() })

/** Away, or overloaded: the same request may succeed later. */
const mayPass = (status: number): boolean => status === 408 || status === 429 || status >= 500

export const confluentSchemaIds = (options: ConfluentOptions): SchemaIds => {
  const { url, credentials, cache, patienceMs = PATIENCE_MS, onWaiting } = options
  const base = url.replace(/\/+$/, '')
  const authorization = credentials && `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64')}`

  const once = async (path: string, body?: object): Promise<{ status: number; answer: unknown }> => {
    const away = (why: string) =>
      new Unavailable(`The schema registry at ${base} does not answer: ${why}. Start it, or check schemaRegistry in the settings.`)
    const response = await fetch(`${base}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { accept: MEDIA, ...(body ? { 'content-type': MEDIA } : {}), ...(authorization ? { authorization } : {}) },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(REQUEST_MS)
    }).catch((error: Error & { cause?: Error }) => {
      throw away(error.cause?.message ?? error.message)
    })
    const answer = await response.json().catch(() => null)
    if (mayPass(response.status)) throw away(`it answered ${response.status}`)
    return { status: response.status, answer }
  }

  const ask = (path: string, body?: object) =>
    whileAway(() => once(path, body), {
      patienceMs,
      firstMs: FIRST_WAIT_MS,
      longestMs: LONGEST_WAIT_MS,
      onWaiting: ({ message }) => onWaiting?.(`${message} Waiting for it.`)
    })

  const refused = (doing: string, status: number, answer: unknown): Refused => {
    const said = Problem.safeParse(answer).data?.message ?? ''
    const advice =
      status === 401 || status === 403
        ? 'Its user or password is wrong, or may not do this.'
        : status === 409
          ? 'It finds the schema incompatible with the one it has: another program has registered under this name, or its compatibility level is too strict.'
          : said.slice(0, 300)
    return new Refused(`The schema registry at ${base} refused ${doing} (${status}). ${advice}`)
  }

  return {
    async register(name, schema) {
      const known = cache.idOf(name, schema)
      if (known !== null) return known
      const subject = `${NAMESPACE}.${name}`
      const { status, answer } = await ask(`/subjects/${encodeURIComponent(subject)}/versions`, { schema, schemaType: 'AVRO' })
      const registered = Registered.safeParse(answer)
      if (status !== 200 || !registered.success) throw refused(`to register ${subject}`, status, answer)
      await cache.remember(registered.data.id, name, schema)
      return registered.data.id
    },
    async lookup(id) {
      const known = cache.schemaOf(id)
      if (known) return known
      const { status, answer } = await ask(`/schemas/ids/${id}`)
      // Its own word for it: a wrong path, or a proxy, answers 404 as well.
      if (Problem.safeParse(answer).data?.error_code === NO_SUCH_SCHEMA)
        throw new NotARecord(`The schema registry at ${base} knows no schema ${id}: the record comes from another platform.`)
      const found = Known.safeParse(answer)
      if (status !== 200 || !found.success) throw refused(`to give schema ${id}`, status, answer)
      const { schema } = found.data
      const name = AvroRecord.parse(JSON.parse(schema)).name as RecordName
      await cache.remember(id, name, schema)
      return { name, schema }
    }
  }
}
