import type { Readings } from '../schemas/generated.js'
import { counterBlocks } from './blocks.js'

/** The meter whose live readings are timed. */
const [HEAD] = counterBlocks(1, 1)
export const POINT = HEAD.point

/** Its n-th reading, a second apart and the last ones in the future no more than clocks may be wrong. */
export const pulse = (began: number, n: number): Readings => ({
  ...HEAD,
  at: [began - 3_600_000 + n * 1000],
  value: [1_000_000 + n * 1000]
})
