import { MAX_ROWS } from '../../schemas/blocks.js'
import { POWER_GRID } from '../../schemas/installations.js'
import type { Wire } from '../../schemas/wire.js'
import type { Output } from '../contract.js'
import { type GridRow, type SlotHead, toSlots } from './step.js'

/** Rows of one grid as the values of records, none with more rows than a block may have. */
export function* slotRecords(wire: Wire, head: SlotHead, rows: readonly GridRow[]): Generator<Buffer> {
  for (let from = 0; from < rows.length; from += MAX_ROWS) yield wire.encode('Slots', toSlots(head, rows.slice(from, from + MAX_ROWS)))
}

const NOBODY = { point: '', register: '', unit: '', grid: POWER_GRID, rev: 0, knownAt: 0 } as const

/** A heartbeat of a source, passed on. */
export const slotsBeat = (wire: Wire, topic: string, source: string, at: number): Output => ({
  topic,
  key: '',
  value: wire.encode('Slots', { ...toSlots({ ...NOBODY, source }, []), beat: at })
})
