import { createHash, timingSafeEqual } from 'node:crypto'

/**
 * Who may see what. Every request is someone: an admin sees and changes everything, a reader sees what grants say,
 * a device sends files. A grant opens one point, or all (`*`), for a span of event time; null leaves that side open.
 */
export const ROLES = ['admin', 'reader', 'device'] as const
export type Role = (typeof ROLES)[number]

/** What people may be called. */
export const PERSON = /^[A-Za-z0-9][\w.@-]{0,63}$/

export interface Grant {
  who: string
  point: string
  from: number | null
  to: number | null
}

/** What is stored of someone. The token itself is shown once, when it is made; of its 256 random bits only the SHA-256 is kept. */
export interface AccessEntry {
  name: string
  role: Role
  /** SHA-256 of the token, hex. */
  tokenHash: string
  grants: Grant[]
  createdAt: number
  /** When the token stops being good, UTC ms; absent: never. */
  expiresAt?: number | null
}

/** A browser that somebody signed in with, for a while. Its token is in a cookie; of it, too, only the SHA-256 is kept. */
export interface BrowserSession {
  id: string
  who: string
  /** SHA-256 of the token, hex. */
  tokenHash: string
  createdAt: number
  /** UTC ms. */
  expiresAt: number
}

/** One thing that shows who asks: somebody's own token, or that of a browser they signed in with. */
export interface Credential {
  entry: AccessEntry
  tokenHash: string
  /** Null: it is the entry's own token. */
  session: string | null
  /** When it stops being good, UTC ms; null: never. */
  expiresAt: number | null
}

export type Identity = Pick<AccessEntry, 'name' | 'role' | 'grants'>

/** [from, to) in UTC ms; infinite where nothing bounds it. */
export interface Range {
  from: number
  to: number
}

/** The parts of [from, to) that someone's grants open for a point, in order, joined where they touch. */
export const clip = (grants: readonly Grant[], point: string, from: number, to: number): Range[] => {
  const open = grants
    .filter((grant) => grant.point === '*' || grant.point === point)
    .map((grant) => ({
      from: Math.max(from, grant.from ?? Number.NEGATIVE_INFINITY),
      to: Math.min(to, grant.to ?? Number.POSITIVE_INFINITY)
    }))
    .filter((range) => range.from < range.to)
    .sort((a, b) => a.from - b.from)
  const joined: Range[] = []
  for (const range of open) {
    const last = joined.at(-1)
    if (last && range.from <= last.to) last.to = Math.max(last.to, range.to)
    else joined.push(range)
  }
  return joined
}

/** What someone may read of a point, over all time. Devices send and do not read. */
export const readable = ({ role, grants }: Identity, point: string): Range[] => {
  if (role === 'admin') return [{ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }]
  return role === 'reader' ? clip(grants, point, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY) : []
}

/** A figure about [start, end) may be shown only if all of that time is open: a slot's total tells about every part of it. */
export const covers = (ranges: readonly Range[], start: number, end: number): boolean =>
  ranges.some(({ from, to }) => from <= start && end <= to)

export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex')

/** Takes the same time wherever the two differ. */
export const sameHash = (a: string, b: string): boolean => {
  const left = Buffer.from(a, 'hex')
  const right = Buffer.from(b, 'hex')
  return left.length === right.length && left.length > 0 && timingSafeEqual(left, right)
}

/** Everything that shows who asks. A session is never good for longer than the token of the person. */
export function* credentialsOf(people: ReadonlyMap<string, AccessEntry>, sessions: Iterable<BrowserSession>): Generator<Credential> {
  for (const entry of people.values()) {
    yield { entry, tokenHash: entry.tokenHash, session: null, expiresAt: entry.expiresAt ?? null }
  }
  for (const { id, who, tokenHash, createdAt, expiresAt } of sessions) {
    const entry = people.get(who)
    // A name may be given to somebody else later: what was opened before is not theirs.
    if (!entry || createdAt < entry.createdAt) continue
    yield { entry, tokenHash, session: id, expiresAt: Math.min(expiresAt, entry.expiresAt ?? Number.POSITIVE_INFINITY) }
  }
}

export const hasExpired = ({ expiresAt }: { expiresAt: number | null }, now: number): boolean => expiresAt !== null && now >= expiresAt

/** What a token shows now. Looks at all of them, so that the time taken does not tell how many come before it. */
export const credentialOf = (credentials: Iterable<Credential>, token: string, now: number): Credential | null => {
  const hash = hashToken(token)
  let found: Credential | null = null
  for (const credential of credentials) if (sameHash(credential.tokenHash, hash)) found = credential
  return found && !hasExpired(found, now) ? found : null
}
