import { FrameError } from './requests.js'

/** What one socket may ask of the server; `welcome` tells the client. */
export interface LiveLimits {
  /** Subscriptions a socket. */
  subscriptions: number
  /** Series a subscription. */
  series: number
  /** Bytes of a frame from the client, and to it. */
  frameIn: number
  frameOut: number
  requestsPerSecond: number
  requestBurst: number
  /** Queries and explanations a socket has under way. */
  requests: number
  helloMs: number
  pingMs: number
  /** Bytes not yet sent at which a subscription stops reading, at which requests are refused, and how long either may last. */
  softBytes: number
  hardBytes: number
  stuckMs: number
  /** A client that does not read is told after this long. */
  laggingMs: number
  /** Warning before a token expires. */
  expiryMs: number
  /** First credit of a subscription, rows. */
  credit: number
  /** Rows of a data frame, and of a page. */
  frameRows: number
  pageRows: number
  /** Records a cursor may lie behind; older ones get a fresh snapshot, which is shorter. */
  behind: number
}

export const LIMITS: LiveLimits = {
  subscriptions: 64,
  series: 10_000,
  frameIn: 256 * 1024,
  frameOut: 1024 * 1024,
  requestsPerSecond: 50,
  requestBurst: 100,
  requests: 16,
  helloMs: 10_000,
  pingMs: 25_000,
  softBytes: 256 * 1024,
  hardBytes: 1024 * 1024,
  stuckMs: 10_000,
  laggingMs: 1000,
  expiryMs: 30_000,
  credit: 5000,
  frameRows: 1000,
  pageRows: 5000,
  behind: 2_000_000
}

/** Those that concern a client. */
export const told = ({
  subscriptions,
  series,
  frameIn,
  frameOut,
  requestsPerSecond,
  requestBurst,
  requests,
  credit,
  pageRows,
  pingMs
}: LiveLimits) => ({
  subscriptions,
  series,
  frameIn,
  frameOut,
  requestsPerSecond,
  requestBurst,
  requests,
  credit,
  pageRows,
  pingMs
})

/** Why a socket may not begin this now; null when it may. */
export const tooMuch = (
  t: 'sub' | 'query' | 'explain' | 'ack',
  busy: number,
  subscriptions: number,
  waitingBytes: number,
  limits: LiveLimits
): FrameError | null => {
  if (t === 'sub')
    return busy < limits.subscriptions ? null : new FrameError('too_many_subs', `At most ${limits.subscriptions} subscriptions a socket.`)
  if (busy - subscriptions >= limits.requests)
    return new FrameError('rate_limited', `At most ${limits.requests} requests at a time.`, { retryAfterMs: 100 })
  if (waitingBytes > limits.hardBytes)
    return new FrameError('overloaded', 'Read what was sent before you ask for more.', { retryAfterMs: 1000 })
  return null
}
