import type { LogRecord } from '../../infra/log.js'
import type { Alert, Readings, RecordName, Slots } from '../../schemas/generated.js'
import { mergeSlots } from '../../schemas/merge.js'
import { Op } from '../../schemas/quality.js'
import { Topics } from '../../schemas/topics.js'
import { NotARecord, type Records } from '../../schemas/wire.js'
import type { Place } from './client.js'
import { alertLine, alertTags, canBeTags, gaugeLines, gaugeTags, slotLines, slotTags } from './lines.js'
import { isPower, powerLines, powerTags } from './power.js'
import type { Selection } from './select.js'

export type Decode = <Name extends RecordName>(name: Name, value: Buffer) => Promise<Records[Name]>

/** What a batch of the log changes: first points go, then lines come. No two lines are of one point. */
export interface Changes {
  removed: Place[]
  /** Some at a time, made when they are asked for. */
  lines: Iterable<readonly string[]>
  /** Series whose names cannot be written, as they are. */
  unwritable: { measurement: string; tags: Place['tags'] }[]
}

const MEASURED = 'GAUGE'

/** Reads a batch, in the order of the log; what is not wanted falls away here. */
export const changesOf = async (records: readonly LogRecord[], decode: Decode, selection: Selection): Promise<Changes> => {
  const slots = new Map<string, Slots[]>()
  const powers = new Map<string, Slots[]>()
  const gauges = new Map<string, Readings[]>()
  const alerts = new Map<string, Alert>()
  for (const { topic, value } of records) {
    if (value === null) continue
    try {
      if (topic === Topics.slots || topic === Topics.power) {
        const block = await decode('Slots', value)
        if (block.rows > 0 && selection.grids(block.point).has(block.grid)) add(slots, slotTags(block), block)
        if (block.rows > 0 && selection.power(block.point).has(block.grid) && isPower(block.register)) add(powers, powerTags(block), block)
      } else if (topic === Topics.alerts) {
        const alert = await decode('Alert', value)
        if (selection.takes(alert.subject)) noteAlert(alerts, alert)
      } else {
        const block = await decode('Readings', value)
        if (block.rows > 0 && block.kind === MEASURED && selection.takes(block.point)) add(gauges, gaugeTags(block), block)
      }
    } catch (error) {
      // The store sets such a record aside, for all.
      if (!(error instanceof NotARecord)) throw error
    }
  }
  const changes = { removed: [] as Place[], sources: [] as (() => readonly string[])[], unwritable: [] as Changes['unwritable'] }
  const writable = (measurement: string, tags: Place['tags']): boolean => {
    const can = canBeTags(tags)
    if (!can) changes.unwritable.push({ measurement, tags })
    return can
  }
  const tell = (measurement: string, tags: Place['tags'], blocks: readonly Slots[], lines: (block: Slots) => string[]) => {
    if (!writable(measurement, tags)) return
    const current = mergeSlots(blocks)
    for (const at of withdrawnOf(blocks, current)) changes.removed.push({ measurement, tags, at })
    changes.sources.push(...current.map((block) => () => lines(block)))
  }
  for (const blocks of slots.values()) tell('energy', slotTags(blocks[0]), blocks, slotLines)
  for (const blocks of powers.values()) tell('power', powerTags(blocks[0]), blocks, powerLines)
  for (const blocks of gauges.values()) {
    if (writable('gauge', gaugeTags(blocks[0]))) changes.sources.push(() => lastOfEach(blocks))
  }
  for (const alert of alerts.values()) {
    const tags = alertTags(alert)
    if (!writable('alert', tags)) continue
    // A field that is empty now would keep what an earlier state wrote.
    if (alert.until === null || alert.value === null || alert.threshold === null)
      changes.removed.push({ measurement: 'alert', tags: tags.filter(([, value]) => value !== ''), at: alert.since })
    changes.sources.push(() => [alertLine(alert)])
  }
  return { removed: changes.removed, lines: linesOf(changes.sources), unwritable: changes.unwritable }
}

function* linesOf(sources: readonly (() => readonly string[])[]): Generator<readonly string[]> {
  for (const source of sources) yield source()
}

const add = <Block>(series: Map<string, Block[]>, tags: Place['tags'], block: Block): void => {
  const key = tags.map(([, value]) => value).join('\u0000')
  const blocks = series.get(key)
  if (blocks) blocks.push(block)
  else series.set(key, [block])
}

const noteAlert = (alerts: Map<string, Alert>, alert: Alert): void => {
  const key = [...alertTags(alert).map(([, value]) => value), alert.since].join('\u0000')
  const before = alerts.get(key)
  if (!before || before.rev <= alert.rev) alerts.set(key, alert)
}

/** Starts that some block withdraws and that do not stand again. */
const withdrawnOf = (blocks: readonly Slots[], current: readonly Slots[]): Set<number> => {
  const withdrawn = new Set<number>()
  for (const { op, start } of blocks) for (const [i, each] of op.entries()) if (each === Op.WITHDRAWN) withdrawn.add(start[i])
  if (withdrawn.size > 0) for (const { start } of current) for (const each of start) withdrawn.delete(each)
  return withdrawn
}

/** Gauges have no revisions of their own: of two at one instant the later one in the log stands. */
const lastOfEach = (blocks: readonly Readings[]): string[] => {
  const lines = new Map<string, string>()
  for (const block of blocks) for (const line of gaugeLines(block)) lines.set(line.slice(line.lastIndexOf(' ')), line)
  return [...lines.values()]
}
