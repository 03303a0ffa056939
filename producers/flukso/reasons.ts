/** Why a block is not read, what would have been right, and what to do. The words are counted and alerted on: they do not change. */
const AGAIN = 'fetch the block again; its children or its parent may still hold the samples'
const DEVICE = 'nothing to do here: the device wrote it so; its children or its parent may still hold the samples'

export const REASONS = {
  'not-gzip': { expected: 'the bytes 1f 8b', advice: AGAIN },
  'too-large': { expected: 'at most 16 MiB, 32 MiB unpacked', advice: 'see who made this file: no device does' },
  'gzip-corrupt': { expected: 'a whole gzip stream', advice: AGAIN },
  'json-invalid': { expected: 'one JSON object', advice: DEVICE },
  'header-invalid': { expected: 'h with cfg, head, tail and vsn 1; lists t and v', advice: 'see whether the format has changed' },
  'non-numeric-delta': { expected: 'whole numbers in t, numbers in v', advice: DEVICE },
  'beyond-2^53': { expected: 'thousandths below 2^53', advice: 'see what the sensor counts: no meter reaches this' },
  'length-mismatch': { expected: 'as many values as times, or one more at each 256-s boundary', advice: DEVICE },
  'head-mismatch': { expected: 't and v starting with 0', advice: DEVICE },
  'time-not-increasing': { expected: 'each sample later than the one before', advice: DEVICE },
  'out-of-span': { expected: 'samples within [bid, bid + 2^level)', advice: 'see whether the block was stored under a wrong name' },
  'tail-mismatch': { expected: 'a last sample equal to h.tail', advice: DEVICE },
  'id-invalid': {
    expected: 'level 8, 12, 16 or 20 and a bid that is a multiple of 2^level',
    advice: 'name the file <sid>/<rid>/<level>/<bid>.gz'
  },
  'id-mismatch': { expected: 'the sensor of the path in h.cfg.id', advice: 'see under which sensor the block belongs, and move it there' },
  'unknown-unit': { expected: 'a unit of energy, volume, mass, time or count', advice: 'tell us the sensor type and its unit' }
} as const
export type Reason = keyof typeof REASONS

export interface Rejected {
  status: 'rejected'
  reason: Reason
  /** What stood there. */
  detail: string
}

const MAX_DETAIL = 200

export const rejected = (reason: Reason, detail: string): Rejected => ({ status: 'rejected', reason, detail: detail.slice(0, MAX_DETAIL) })
