import type { Source } from './contract.js'
import { flukso } from './flukso/source.js'
import { fluksoTables } from './flukso-tables/source.js'
import { infoenergia } from './infoenergia/source.js'
import { rtu } from './rtu/source.js'

/** Every source there is. The first that recognises a payload reads it: those with narrow names stand first. */
export const sources: readonly Source[] = [infoenergia, fluksoTables, flukso, rtu]
