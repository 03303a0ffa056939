import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { Positions } from './positions.js'

/** What is signed: for whom, for which selection, and where in the topics. `page` is where a query goes on. */
export interface Signed {
  kind: 'cursor' | 'page'
  epoch: string
  who: string
  selection: string
  positions: Positions
  page?: PageAt
}

/** The next row of an answer: series, instant, and rows of that instant already shown. */
export interface PageAt {
  k: string
  at: number
  skip: number
}

const Offset = z.int().min(0)
const Content = z.tuple([
  z.enum(['cursor', 'page']),
  z.string(),
  z.string(),
  z.string(),
  z.array(z.tuple([z.string(), z.array(Offset)])),
  z.tuple([z.string(), Offset, Offset]).nullable(),
  z.tuple([z.string(), z.int(), Offset]).nullable()
])

const SIGNATURE_BYTES = 16

export const digest = (...parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 16)

const signatureOf = (key: Buffer, content: string): Buffer =>
  createHmac('sha256', key).update(content).digest().subarray(0, SIGNATURE_BYTES)

/** Opaque to the client and of no use to anybody else: signed, never encrypted, because it holds no secret. */
export const writeCursor = (key: Buffer, { kind, epoch, who, selection, positions, page }: Signed): string => {
  const into = positions.into
  const content = Buffer.from(
    JSON.stringify([
      kind,
      epoch,
      who,
      selection,
      [...positions.offsets],
      into ? [into.topic, into.partition, into.rows] : null,
      page ? [page.k, page.at, page.skip] : null
    ])
  ).toString('base64url')
  return `${content}.${signatureOf(key, content).toString('base64url')}`
}

/** Null when it was not written with this key. */
export const readCursor = (key: Buffer, text: string): Signed | null => {
  const [content, signature, more] = text.split('.')
  if (!content || !signature || more !== undefined) return null
  const given = Buffer.from(signature, 'base64url')
  if (given.length !== SIGNATURE_BYTES || !timingSafeEqual(given, signatureOf(key, content))) return null
  const parsed = Content.safeParse(JSON.parse(Buffer.from(content, 'base64url').toString()))
  if (!parsed.success) return null
  const [kind, epoch, who, selection, offsets, into, page] = parsed.data
  return {
    kind,
    epoch,
    who,
    selection,
    positions: { offsets: new Map(offsets), ...(into ? { into: { topic: into[0], partition: into[1], rows: into[2] } } : {}) },
    ...(page ? { page: { k: page[0], at: page[1], skip: page[2] } } : {})
  }
}
