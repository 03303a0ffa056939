import { share } from '../../schemas/exact.js'
import type { Installation, Slots } from '../../schemas/generated.js'
import { slotAt, storedGrid } from '../../schemas/grid.js'
import { POWER_GRID, POWER_REGISTERS, VE_REGISTER } from '../../schemas/installations.js'
import type { Span } from '../asks.js'
import { seriesKey } from '../contract.js'
import { sharesAt } from './history.js'
import { COARSE_REGISTERS, type CoarseRegister, type Share, SLOT_MS } from './power.js'
import { type InstallationRules, type Part, resolveInstallation, type Version, versionAt } from './rules.js'
import { nightOf } from './sun.js'

/** What a member adds to a figure. Amounts are millionths of Wh. */
export interface MemberPart {
  point: string
  register: string
  /** What its energy is multiplied by. */
  factor: number
  /** Its part in the figure, factor and all. */
  amount: number
  /** Slots in which it is known, and what it counted in those that are not in the figure, since another member is not. */
  known: number
  left: number
}

/** Part of a figure: as long as an installation was made of the same members. */
export interface ExplainedPart extends Span {
  /** Since when it is made of these, UTC ms. */
  validFrom: number
  /** Slots of eight seconds that begin in it, those in which all members are known, and those of them that count in the figure. */
  slots: number
  whole: number
  counted: number
  members: MemberPart[]
}

/** Slots of a series, merged. */
export interface MemberSlots {
  point: string
  register: string
  blocks: readonly Slots[]
}

/**
 * What members add to an installation's figure of [from, to), by the versions that held; of an extreme of a day, to the one slot that it
 * is. The parts add up to what the fold tells, to the last digit. Pure.
 */
export const explainSlots = (
  versions: readonly Installation[],
  register: string,
  { from, to }: Span,
  said: readonly MemberSlots[]
): ExplainedPart[] => {
  const rules = resolveInstallation(versions)
  const made = COARSE_REGISTERS.find((each) => each.register === register)!
  // A quarter of an hour may begin in the middle of a slot.
  const first = slotAt(storedGrid(POWER_GRID), rules.zone, from).start
  const shares = new Map(said.map(({ point, register, blocks }) => [seriesKey(point, register), sharesAt(blocks, first, to)]))
  const slots: MadeSlot[] = []
  for (let start = first, i = 0; start < to; start += SLOT_MS, i++) {
    const version = versionAt(rules, start)
    if (version === null) continue
    const parts = version[made.of === VE_REGISTER ? 've' : 'main'].map((part) => ({ part, share: shares.get(part.series)?.[i] }))
    slots.push({ version, start, parts, amount: amountOf(parts, made.of) })
  }
  const chosen = made.take === null ? extremeOf(slots, made, rules, from, to) : slots
  const byVersion = new Map<Version, MadeSlot[]>()
  for (const slot of chosen) {
    const same = byVersion.get(slot.version)
    if (same === undefined) byVersion.set(slot.version, [slot])
    else same.push(slot)
  }
  return [...byVersion.values()].map((some) => sumOf(some, made, { from, to }))
}

/** A slot of eight seconds; `amount` null: not all members are known. */
interface MadeSlot {
  version: Version
  start: number
  parts: { part: Part; share: Share | undefined }[]
  amount: number | null
}

const [TOT, PROD, CONS] = POWER_REGISTERS
const FACTORS: Record<string, (part: Part) => number> = {
  [TOT]: ({ tot }) => tot,
  [PROD]: ({ prod }) => prod,
  [CONS]: ({ tot, prod }) => tot - prod,
  [VE_REGISTER]: ({ ve }) => ve
}

const amountOf = (parts: MadeSlot['parts'], register: string): number | null => {
  let sum = 0
  for (const { part, share } of parts) {
    if (share === undefined || share.amount === null) return null
    sum += FACTORS[register](part) * share.amount
  }
  return parts.length === 0 ? null : sum
}

/** The slot that an extreme is; none where none is known. */
const extremeOf = (slots: readonly MadeSlot[], made: CoarseRegister, { site }: InstallationRules, from: number, to: number): MadeSlot[] => {
  const isNight = made.atNight ? nightOf(from, to, site) : () => true
  let best: MadeSlot | null = null
  for (const slot of slots) {
    if (slot.amount === null || !isNight(slot.start)) continue
    if (best === null || made.beats!(slot.amount, best.amount!)) best = slot
  }
  return best === null ? [] : [best]
}

/** How often an amount's members are in a register that takes it: 1, not at all, or with the sign turned. */
const weightOf = (amount: number, take: CoarseRegister['take']): number => {
  if (take === null) return 1
  if (amount === 0) return take(1) + take(-1) === 0 ? 1 : 0
  return amount > 0 ? take(1) : -take(-1)
}

const sumOf = (slots: readonly MadeSlot[], { of, take }: CoarseRegister, span: Span): ExplainedPart => {
  const [{ version, parts }] = slots
  const members: MemberPart[] = parts.map(({ part }) => {
    const [point, register] = part.series.split('\u0000')
    return { point, register, factor: FACTORS[of](part), amount: 0, known: 0, left: 0 }
  })
  const sum = {
    from: Math.max(slots[0].start, span.from),
    to: Math.min(slots[slots.length - 1].start + SLOT_MS, span.to),
    validFrom: version.validFrom,
    slots: 0,
    whole: 0,
    counted: 0,
    members
  }
  for (const { start, parts, amount } of slots) {
    const within = (total: number): number =>
      share(total, start, start + SLOT_MS, span.to) - share(total, start, start + SLOT_MS, span.from)
    const weight = amount === null ? 0 : weightOf(amount, take)
    const begins = start >= span.from ? 1 : 0
    sum.slots += begins
    if (amount !== null) sum.whole += begins
    if (weight !== 0) sum.counted += begins
    // What rounding leaves of a slot that a border cuts is the last member's.
    let rest = within(weight * (amount ?? 0))
    for (const [i, { share }] of parts.entries()) {
      if (share === undefined || share.amount === null) continue
      const member = members[i]
      member.known += begins
      if (amount === null) member.left += within(share.amount)
      const part = i === parts.length - 1 ? rest : within(weight * member.factor * share.amount)
      rest -= part
      // Minus zero is zero.
      member.amount += part + 0
    }
  }
  return sum
}
