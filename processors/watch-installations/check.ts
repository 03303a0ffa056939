import type { Slots } from '../../schemas/generated.js'
import type { InstallationRules } from '../installations/rules.js'
import { hasMembers, sayingOf, silentDay } from './day.js'
import { DAY_RULES, type Finding } from './rules.js'
import type { Day } from './state.js'

export interface DayFinding extends Finding {
  /** Of the local day, UTC ms. */
  start: number
  rule: string
}

/**
 * What the rules say of one installation's days, by day and rule, whatever alerts were told of them. `days` are local days, silent ones
 * included; `blocks` its stored daily slots, merged. Pure.
 */
export const checkDays = (
  days: readonly Pick<Day, 'start' | 'end'>[],
  blocks: readonly Slots[],
  rules: InstallationRules
): DayFinding[] => {
  const heard = new Map(days.map((day) => [day.start, silentDay(day)]))
  for (const block of blocks) {
    const saying = sayingOf(block)
    for (let i = 0; i < block.rows; i++) {
      const day = heard.get(block.start[i])
      if (day !== undefined) Object.assign(day, saying?.(block, i))
    }
  }
  return [...heard.values()]
    .filter((day) => hasMembers(rules, day))
    .flatMap((day) =>
      DAY_RULES.flatMap(({ rule, find }) => {
        const finding = find(day)
        return finding === null ? [] : [{ start: day.start, rule, ...finding }]
      })
    )
}
