import type { ErrorFrame } from './frames.js'

/** A request that was answered with an error. */
export class LiveError extends Error {
  constructor(readonly frame: Pick<ErrorFrame, 'code' | 'message' | 'retryable' | 'retryAfterMs' | 'issues'>) {
    super(frame.message)
  }

  get code(): string {
    return this.frame.code
  }
}
