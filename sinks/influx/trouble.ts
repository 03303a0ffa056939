import { Unavailable } from '../../infra/errors.js'

/**
 * What an answer asks of us. `away`: nobody there, or told to come back later. `failing`: the server could not do it (its cache is full).
 * `refused`: something in it is wrong. `large`: too much at once. `closed`: a token, a bucket or an address that somebody has to mend.
 */
export type Kind = 'away' | 'failing' | 'refused' | 'large' | 'closed'

/** InfluxDB has not taken something; the message says what to do, at most 400 characters, without the token. */
export class InfluxTrouble extends Unavailable {
  override readonly name = 'InfluxTrouble'

  constructor(
    readonly kind: Kind,
    message: string,
    /** What the server said, cut: it repeats whole lines. */
    readonly said = '',
    readonly how: {
      retryAfterMs?: number
      /** Rows of the request that the server says it dropped; it may not say. */
      dropped?: number
      /** They are older than the bucket keeps: it does not want them, and nothing is wrong with them. */
      unwanted?: boolean
      cause?: unknown
    } = {}
  ) {
    super(message, { cause: how.cause })
  }
}
