import { EXCHANGE_REGISTERS, EXTREME_REGISTERS, POWER_REGISTERS, POWER_SLOT_MS, VE_REGISTER } from '../../schemas/installations.js'
import { Op, Quality } from '../../schemas/quality.js'
import type { GridRow } from '../loadcurve/step.js'
import type { Group, Version } from './rules.js'

export const SLOT_MS = POWER_SLOT_MS

/** How many slots there are in a time. */
export const slotsIn = ({ start, end }: { start: number; end: number }): number => Math.round((end - start) / SLOT_MS)

/** What a member counted in a slot, millionths of Wh; null: not all of it is known. */
export interface Share {
  amount: number | null
  quality: number
  estimated: boolean
}

const [TOT, PROD, CONS] = POWER_REGISTERS
const [WITHDRAWAL, INJECTION] = EXCHANGE_REGISTERS

export const registersOf = (group: Group): readonly string[] => (group === 've' ? [VE_REGISTER] : POWER_REGISTERS)

/** A register of coarser grids, made of the rows of another. */
export interface CoarseRegister {
  register: string
  of: string
  /** What a row adds to a sum; null: it is no sum, but one of its rows. */
  take: ((amount: number) => number) | null
  /** Whether a row's amount counts rather than the one that did. */
  beats?: (amount: number, other: number) => boolean
  /** Made of days only. */
  ofDays?: true
  /** Only rows at night are in it. */
  atNight?: true
}

const all = (amount: number): number => amount

/** In size, either sign; of two that differ in sign alone the one below zero, so that no order of rows matters. */
const isLarger = (amount: number, other: number): boolean => {
  const [size, otherSize] = [Math.abs(amount), Math.abs(other)]
  return size > otherSize || (size === otherSize && amount < other)
}

const [LOW, HIGH, NIGHT] = EXTREME_REGISTERS
/** What was withdrawn and what was injected are told apart slot by slot. */
export const COARSE_REGISTERS: readonly CoarseRegister[] = [
  ...[...POWER_REGISTERS, VE_REGISTER].map((register) => ({ register, of: register, take: all })),
  { register: WITHDRAWAL, of: TOT, take: (amount) => Math.max(0, amount) },
  { register: INJECTION, of: TOT, take: (amount) => Math.max(0, -amount) },
  { register: LOW, of: CONS, take: null, beats: (amount, other) => amount < other, ofDays: true },
  { register: HIGH, of: PROD, take: null, beats: (amount, other) => amount > other, ofDays: true },
  { register: NIGHT, of: PROD, take: null, beats: isLarger, ofDays: true, atNight: true }
]

export type Shares = (series: string) => Share | undefined

/** Whether all members of a group have said something; `some`: any of them. */
export const heardOf = (group: Group, version: Version | null, shares: Shares): { all: boolean; some: boolean } => {
  const parts = version?.[group] ?? []
  let heard = 0
  for (const { series } of parts) if (shares(series) !== undefined) heard++
  return { all: heard > 0 && heard === parts.length, some: heard > 0 }
}

/**
 * The rows of a group in a slot, by register: P_tot and P_prod are sums with the members' factors, P_cons their difference. Where one is
 * missing, or not known, there is no sum (never a smaller one): nothing is covered, and the quality is PARTIAL.
 */
export const rowsOf = (group: Group, version: Version, start: number, shares: Shares): [register: string, row: GridRow][] => {
  let [tot, prod, ve, quality]: number[] = [0, 0, 0, Quality.VALIDATED]
  let [complete, estimated] = [true, false]
  for (const part of version[group]) {
    const share = shares(part.series)
    if (share === undefined || share.amount === null) complete = false
    else {
      tot += part.tot * share.amount
      prod += part.prod * share.amount
      ve += part.ve * share.amount
      quality = Math.max(quality, share.quality)
      estimated ||= share.estimated
    }
  }
  const row = (amount: number): GridRow => ({
    start,
    end: start + SLOT_MS,
    // Minus zero is zero.
    amount: complete ? amount + 0 : 0,
    op: Op.PUT,
    quality: complete ? quality : Quality.PARTIAL,
    coveredMs: complete ? SLOT_MS : 0,
    estimatedMs: complete && estimated ? SLOT_MS : 0,
    expected: 1,
    received: complete ? 1 : 0
  })
  if (group === 've') return [[VE_REGISTER, row(ve)]]
  return [
    [TOT, row(tot)],
    [PROD, row(prod)],
    [CONS, row(tot - prod)]
  ]
}
