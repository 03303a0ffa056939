import type { Attempts } from './attempts.js'
import type { Requests } from './client.js'
import { placeOf } from './lines.js'
import { InfluxTrouble } from './trouble.js'

/** A row that the server will never take. */
export interface Refusal {
  /** Measurement, tags and instant, as in line protocol. */
  place: string
  trouble: InfluxTrouble
}

/**
 * Gets lines stored: what is refused is halved down to the line that is to blame, what is too large is split, and a server that cannot
 * take many is given fewer. Resolves with the lines that can never be stored, when all others are. Rejects with InfluxTrouble when the
 * server has to be waited for: then nothing is known of the lines, and all may be sent again.
 */
export const delivery = (requests: Pick<Requests, 'write'>, attempts: Attempts): ((lines: readonly string[]) => Promise<Refusal[]>) => {
  const deliver = async (lines: readonly string[]): Promise<Refusal[]> => {
    try {
      await attempts.run(() => requests.write(lines))
      return []
    } catch (error) {
      if (!(error instanceof InfluxTrouble)) throw error
      if (error.kind === 'failing') return await less(lines, error)
      return await refused(lines, error)
    }
  }

  const refused = async (lines: readonly string[], trouble: InfluxTrouble): Promise<Refusal[]> => {
    if (trouble.kind !== 'refused' && trouble.kind !== 'large') throw trouble
    // It says that it dropped every one of them: asking half by half would be told the same.
    if (lines.length === 1 || trouble.how.dropped === lines.length) return lines.map((line) => ({ place: placeOf(line), trouble }))
    const half = lines.length >> 1
    return [...(await deliver(lines.slice(0, half))), ...(await deliver(lines.slice(half)))]
  }

  /**
   * Finds how many it takes. When it takes another line but, asked once more, not the first one, that is to blame; when neither, the
   * server is. `good`: a line that it took before.
   */
  const less = async (lines: readonly string[], trouble: InfluxTrouble, good?: string): Promise<Refusal[]> => {
    const rest = async (from: number, good: string): Promise<Refusal[]> => {
      const left = lines.slice(from)
      return left.length === 0 ? [] : ((await once(left)) ?? (await less(left, trouble, good)))
    }
    for (let count = lines.length >> 1; count > 0; count >>= 1) {
      const aside = await once(lines.slice(0, count))
      if (aside !== null) return [...aside, ...(await rest(count, lines[0]))]
    }
    const other = lines[1] ?? good
    const second = other === undefined ? null : await once([other])
    if (second === null) throw trouble
    const first = (await once(lines.slice(0, 1))) ?? [{ place: placeOf(lines[0]), trouble }]
    return [...first, ...second, ...(await rest(2, other))]
  }

  /** Null: it still fails. */
  const once = async (lines: readonly string[]): Promise<Refusal[] | null> => {
    try {
      await attempts.once(() => requests.write(lines))
      return []
    } catch (error) {
      if (!(error instanceof InfluxTrouble)) throw error
      return error.kind === 'failing' ? null : await refused(lines, error)
    }
  }
  return deliver
}
