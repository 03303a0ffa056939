import type { Slots } from '../../schemas/generated.js'
import { EXTREME_REGISTERS, POWER_REGISTERS, VE_REGISTER } from '../../schemas/installations.js'
import { Op } from '../../schemas/quality.js'
import { type InstallationRules, versionAt } from '../installations/rules.js'
import type { Day } from './state.js'

const [TOT, , CONS] = POWER_REGISTERS
const [LOW, HIGH, NIGHT] = EXTREME_REGISTERS

/** A local day of which nothing was heard. */
export const silentDay = ({ start, end }: Pick<Day, 'start' | 'end'>): Day => ({
  start,
  end,
  received: 0,
  low: null,
  high: null,
  night: null,
  cons: null,
  ve: null,
  veReceived: 0
})

/** What row `i` of a block of days says of its day; null: the block's register says nothing that a rule looks at. */
export const sayingOf = ({ register }: Pick<Slots, 'register'>): ((block: Slots, i: number) => Partial<Day>) | null =>
  SAYINGS[register] ?? null

const SAYINGS: { [register: string]: (block: Slots, i: number) => Partial<Day> } = {
  [TOT]: (block, i) => ({ received: receivedOf(block, i) }),
  [CONS]: (block, i) => ({ cons: knownOf(block, i) }),
  [VE_REGISTER]: (block, i) => ({ ve: knownOf(block, i), veReceived: receivedOf(block, i) }),
  [LOW]: (block, i) => ({ low: knownOf(block, i) }),
  [HIGH]: (block, i) => ({ high: knownOf(block, i) }),
  [NIGHT]: (block, i) => ({ night: knownOf(block, i) })
}

const receivedOf = (block: Slots, i: number): number => (block.op[i] === Op.WITHDRAWN ? 0 : block.received[i])

const knownOf = (block: Slots, i: number): number | null => (receivedOf(block, i) === 0 ? null : block.amount[i])

/** Of an installation that is made of nothing, nothing is missing. */
export const hasMembers = (rules: InstallationRules, { start }: Pick<Day, 'start'>): boolean =>
  (versionAt(rules, start)?.main.length ?? 0) > 0
