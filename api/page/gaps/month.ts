import type { PointInfo } from '../answers.js'
import { instantOf, wallOf } from '../chart/zone.js'
import { when } from '../format.js'

/** A month of the calendar, `2023-10`: each meter's own, in its own zone. */
export type Month = string

const monthAt = (wall: number): Month => new Date(wall).toISOString().slice(0, 7)
const wallStart = (month: Month): number => Date.parse(`${month}-01`)

/** The month that a link names; otherwise that of the newest reading, which is this one as long as anything speaks. */
export const monthOf = (text: string | null, points: readonly PointInfo[], now: number): Month => {
  if (text !== null && /^(19|20)\d\d-(0[1-9]|1[0-2])$/.test(text)) return text
  let newest = { at: Number.NEGATIVE_INFINITY, zone: 'UTC' }
  for (const { zone, registers } of points) {
    for (const { last } of registers) if (last !== null && Date.parse(last) > newest.at) newest = { at: Date.parse(last), zone }
  }
  if (newest.at > now || newest.at === Number.NEGATIVE_INFINITY) newest.at = now
  // What ends with the month belongs to it.
  return monthAt(wallOf(newest.zone, newest.at - 1))
}

export const movedMonth = (month: Month, by: number): Month => {
  const date = new Date(wallStart(month))
  return monthAt(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + by, 1))
}

/** Whether some clock on earth shows this month or a later one: there is nothing behind it yet. */
export const isNewest = (month: Month, now: number): boolean => month >= monthAt(now + 14 * 3_600_000)

/** "October 2023". */
export const monthText = (month: Month): string => when(wallStart(month), 'UTC', { month: 'long', year: 'numeric' })

/** First day, and the day after the last. */
export const datesOf = (month: Month): { from: string; to: string } => ({ from: `${month}-01`, to: `${movedMonth(month, 1)}-01` })

/** When a local date begins in a zone, as the address of a load curve has it. */
export const startOf = (date: string, zone: string): string => new Date(instantOf(zone, Date.parse(date))).toISOString()

export const isWeekend = (date: string): boolean => [0, 6].includes(new Date(date).getUTCDay())

/** "Thu, 12 Oct 2023". */
export const dateText = (date: string): string =>
  when(Date.parse(date), 'UTC', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' })
