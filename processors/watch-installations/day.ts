import type { Slots } from '../../schemas/generated.js'
import { EXTREME_REGISTERS, POWER_REGISTERS } from '../../schemas/installations.js'
import { Op } from '../../schemas/quality.js'
import { type InstallationRules, versionAt } from '../installations/rules.js'
import type { Day } from './state.js'

const [TOT] = POWER_REGISTERS
const [LOW, HIGH, NIGHT] = EXTREME_REGISTERS

/** A local day of which nothing was heard. */
export const silentDay = ({ start, end }: Pick<Day, 'start' | 'end'>): Day => ({
  start,
  end,
  received: 0,
  low: null,
  high: null,
  night: null
})

/** What row `i` of a block of days says of its day; null: the block's register says nothing that a rule looks at. */
export const sayingOf = ({ register }: Pick<Slots, 'register'>): ((block: Slots, i: number) => Partial<Day>) | null =>
  SAYINGS[register] ?? null

const SAYINGS: { [register: string]: (block: Slots, i: number) => Partial<Day> } = {
  [TOT]: (block, i) => ({ received: block.op[i] === Op.WITHDRAWN ? 0 : block.received[i] }),
  [LOW]: (block, i) => ({ low: extremeOf(block, i) }),
  [HIGH]: (block, i) => ({ high: extremeOf(block, i) }),
  [NIGHT]: (block, i) => ({ night: extremeOf(block, i) })
}

const extremeOf = (block: Slots, i: number): number | null =>
  block.op[i] === Op.WITHDRAWN || block.received[i] === 0 ? null : block.amount[i]

/** Of an installation that is made of nothing, nothing is missing. */
export const hasMembers = (rules: InstallationRules, { start }: Pick<Day, 'start'>): boolean =>
  (versionAt(rules, start)?.main.length ?? 0) > 0
