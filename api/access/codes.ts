import { hashToken, sameHash } from '../../schemas/access.js'
import { newCode } from './secrets.js'

interface Pending {
  who: string
  codeHash: string
  /** UTC ms. */
  expiresAt: number
}

/** What a browser opens to be signed in. The code stands behind the #, which no browser sends and no server logs. */
export const signInLink = (address: string, code: string): string => `${address}/#code=${code}`

/** One-time codes that wait for their browser. They live in memory, hashed: a restart, or the removal of the person, ends them. */
export class OneTimeCodes {
  #pending: Pending[] = []

  /** A code for one person, good once, until `expiresAt` (UTC ms). */
  make(who: string, expiresAt: number, now: number): string {
    const code = newCode()
    this.#pending = this.#pending.filter((each) => each.expiresAt > now)
    this.#pending.push({ who, codeHash: hashToken(code), expiresAt })
    return code
  }

  /** Whose code it is; from then on it is nobody's. Looks at all of them, in the same time wherever it stands. */
  take(code: string, now: number): string | null {
    const hash = hashToken(code)
    const [found] = this.#pending.filter(({ codeHash }) => sameHash(codeHash, hash))
    if (!found) return null
    this.#pending = this.#pending.filter((each) => each !== found)
    return found.expiresAt > now ? found.who : null
  }

  forget(who: string): void {
    this.#pending = this.#pending.filter((each) => each.who !== who)
  }
}
