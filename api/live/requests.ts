import { z } from 'zod'
import { canonicalPoint } from '../../schemas/registry.js'
import type { ErrorCode, ErrorFrame, Measure } from '../client/frames.js'
import { ApiError } from '../errors.js'

/** What clients may send. Everything is checked here, once; behind it frames are trusted in shape, never in right. */

const Id = z.int().min(0)
const Name = z.string().min(1).max(150)
const Token = z.string().min(1).max(400)
const Cursor = z.string().min(1).max(20_000)
const EARLIEST = -8.64e15
const LATEST = 8.64e15
const Instant = z
  .union([z.int().min(EARLIEST).max(LATEST), z.iso.datetime({ offset: true })])
  .transform((when) => (typeof when === 'number' ? when : Date.parse(when)))

const Point = Name.transform((name) => canonicalPoint(name) ?? name)
const MAX_NAMES = 10_000

const Select = z
  .strictObject({
    points: z.union([z.literal('*'), z.array(Point).min(1).max(MAX_NAMES)]).optional(),
    installations: z.array(Name).min(1).max(MAX_NAMES).optional(),
    group: Name.optional(),
    registers: z.array(z.string().min(1).max(80)).min(1).max(100).optional(),
    measure: z.string().max(40)
  })
  .refine(({ points, installations, group }) => [points, installations, group].filter((each) => each !== undefined).length === 1, {
    error: 'name one of points, installations and group'
  })
export type SelectFrame = z.output<typeof Select>

const Grid = z.string().max(12)
const Zone = z.string().max(60)
const Beginning = z.union([z.literal('latest'), z.literal('snapshot'), z.strictObject({ at: Instant })])
const From = z.union([Beginning, z.strictObject({ cursor: Cursor, otherwise: Beginning.default('snapshot') })])
export type Beginning = z.output<typeof Beginning>

const Rows = z.int().min(1).max(1_000_000_000)

const Frame = z.discriminatedUnion('t', [
  z.strictObject({
    t: z.literal('hello'),
    id: Id.optional(),
    protocol: z.string().max(40),
    auth: z.strictObject({ token: Token }).optional(),
    client: z.string().max(200).optional()
  }),
  z.strictObject({ t: z.literal('auth.refresh'), id: Id, token: Token }),
  z.strictObject({
    t: z.literal('sub'),
    id: Id,
    select: Select,
    grid: Grid.optional(),
    zone: Zone.optional(),
    from: From.default('snapshot'),
    policy: z.enum(['block', 'latest']).default('block'),
    credit: Rows.optional()
  }),
  z.strictObject({ t: z.literal('unsub'), id: Id }),
  z.strictObject({ t: z.literal('credit'), id: Id, n: Rows }),
  z.strictObject({
    t: z.literal('query'),
    id: Id,
    select: Select,
    range: z.tuple([Instant, Instant]),
    grid: Grid.optional(),
    zone: Zone.optional(),
    limit: z.int().min(1).optional(),
    page: Cursor.optional(),
    as_known_at: Instant.optional()
  }),
  z.strictObject({
    t: z.literal('explain'),
    id: Id,
    k: z.string().min(3).max(300),
    s: Instant,
    grid: Grid.optional(),
    zone: Zone.optional(),
    limit: z.int().min(1).max(1000).optional()
  }),
  z.strictObject({ t: z.literal('ack'), id: Id, alertKey: z.string().max(400), note: z.string().max(500).optional() }),
  z.strictObject({ t: z.literal('ping'), id: Id })
])
export type Frame = z.output<typeof Frame>
export type FrameOf<T extends Frame['t']> = Extract<Frame, { t: T }>
const TYPES: ReadonlySet<unknown> = new Set(Frame.options.map((option) => option.shape.t.value))

/** A frame that is an error; its message is for the client. */
export class FrameError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly more: { retryable?: boolean; retryAfterMs?: number; issues?: { path: string; message: string }[] } = {}
  ) {
    super(message)
  }
}

/** Any error as the client sees it; what it did not cause stays untold. */
export const frameErrorOf = (error: unknown): FrameError => {
  if (error instanceof FrameError) return error
  if (error instanceof ApiError) return new FrameError(error.answer, error.message, error.issues ? { issues: [...error.issues] } : {})
  return new FrameError('internal', 'Something went wrong here; the log of the server says what.')
}

const RETRYABLE: ReadonlySet<string> = new Set(['rate_limited', 'overloaded', 'internal'])

export const errorFrame = (
  { code, message, more }: FrameError,
  ends: boolean,
  id: number | undefined,
  cursor: string | undefined
): ErrorFrame => {
  const { retryable = RETRYABLE.has(code), retryAfterMs, issues } = more
  return {
    t: 'error',
    ...(id === undefined ? {} : { id }),
    code,
    message,
    retryable,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(issues ? { issues } : {}),
    ends,
    ...(cursor ? { cursor } : {})
  }
}

export type Read = { frame: Frame } | { id: number | undefined; error: FrameError } | { broken: string }

/** A text that is no JSON object is a broken client, and closes the socket; any other mistake is answered. */
export const readFrame = (text: string): Read => {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    return { broken: 'A frame is a JSON object; this is no JSON.' }
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) return { broken: 'A frame is a JSON object.' }
  const parsed = Frame.safeParse(content)
  if (parsed.success) return { frame: parsed.data }
  const { t, id } = content as { t?: unknown; id?: unknown }
  const given = Id.safeParse(id)
  const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }))
  const message = TYPES.has(t)
    ? `${t} is not valid: ${issues.map((issue) => `${issue.path}: ${issue.message}`).join('; ')}`
    : `t: ${JSON.stringify(t)?.slice(0, 60)} is none of ${[...TYPES].join(', ')}.`
  return { id: given.success ? given.data : undefined, error: new FrameError('bad_request', message, { issues }) }
}

const MEASURES: readonly string[] = ['readings', 'intervals', 'slots', 'power', 'alerts']

export const measureOf = ({ measure }: SelectFrame): Measure => {
  if (MEASURES.includes(measure)) return measure as Measure
  throw new FrameError('unknown_channel', `measure: "${measure}" is none; there are ${MEASURES.join(', ')}.`)
}
