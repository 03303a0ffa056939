import avro from 'avsc'
import { type BlockHead, toBlock } from '../processors/energy/rows.js'
import { NO_RULES } from '../processors/energy/rules.js'
import { initialState } from '../processors/energy/state.js'
import { step } from '../processors/energy/step.js'
import { INTERVAL_COLUMNS, READING_COLUMNS } from '../schemas/blocks.js'
import type { Intervals, Readings } from '../schemas/generated.js'
import { memorySchemaIds, Wire } from '../schemas/wire.js'
import { counterBlocks } from './blocks.js'
import type { Figure } from './figure.js'
import { type Effort, timeBeside } from './time.js'

const ROWS = 4096

/** The same rows as an Avro array of records, one field a column: what a topic of single readings would hold. */
const rowType = (columns: readonly string[]): avro.Type =>
  avro.Type.forSchema({
    type: 'array',
    items: { type: 'record', name: 'Row', fields: columns.map((name) => ({ name, type: 'long' as const })) }
  })

const recordsOf = <Column extends string>(block: Record<Column, number[]>, columns: readonly Column[]): Record<string, number>[] =>
  block[columns[0]].map((_, i) => Object.fromEntries(columns.map((name) => [name, block[name][i]])))

const intervalsOf = (block: Readings): Intervals => {
  const { state, rows } = step(
    initialState(block.point, block.register),
    block,
    { topic: 'backfill.flukso', partition: 0, offset: 7 },
    NO_RULES
  )
  const head: BlockHead = { ...state, partition: 0, rev: 1 }
  return toBlock(head, rows)
}

const measured = async (
  effort: Effort,
  what: string,
  rows: number,
  ours: { encode(): Buffer; decode(bytes: Buffer): unknown },
  peer: { type: avro.Type; records: object[] }
): Promise<Figure[]> => {
  const bytes = ours.encode()
  const peerBytes = peer.type.toBuffer(peer.records)
  const [encoded, peerEncoded, decoded, peerDecoded] = await timeBeside(effort, [
    () => ours.encode(),
    () => peer.type.toBuffer(peer.records),
    () => ours.decode(bytes),
    () => peer.type.fromBuffer(peerBytes)
  ])
  const perRow = (ms: number) => (ms * 1e6) / rows
  const name = 'avsc, an array of records'
  const part = 'Columns'
  return [
    { part, what: `${what}: fold and encode`, value: perRow(encoded), unit: 'ns/row', peer: { name, value: perRow(peerEncoded) } },
    { part, what: `${what}: decode and unfold`, value: perRow(decoded), unit: 'ns/row', peer: { name, value: perRow(peerDecoded) } },
    { part, what: `${what}: size`, value: bytes.length / rows, unit: 'bytes/row', peer: { name, value: peerBytes.length / rows } }
  ]
}

export const columns = async (effort: Effort): Promise<Figure[]> => {
  const wire = await Wire.open(memorySchemaIds())
  const [readings] = counterBlocks(1, ROWS)
  const intervals = intervalsOf(readings)
  const ofReadings = { encode: () => wire.encode('Readings', readings), decode: (bytes: Buffer) => wire.decode('Readings', bytes) }
  const ofIntervals = { encode: () => wire.encode('Intervals', intervals), decode: (bytes: Buffer) => wire.decode('Intervals', bytes) }
  return [
    ...(await measured(effort, 'Readings', ROWS, ofReadings, {
      type: rowType(READING_COLUMNS),
      records: recordsOf(readings, READING_COLUMNS)
    })),
    ...(await measured(effort, 'Intervals', intervals.rows, ofIntervals, {
      type: rowType(INTERVAL_COLUMNS),
      records: recordsOf(intervals, INTERVAL_COLUMNS)
    }))
  ]
}
