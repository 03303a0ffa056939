import { types } from 'cassandra-driver'
import { decoding } from '../../schemas/decoding.js'
import type { Intervals, Slots } from '../../schemas/generated.js'
import type { Wire } from '../../schemas/wire.js'
import { greatest } from '../blocks/buckets.js'
import { hash48 } from '../blocks/made.js'
import { type BlockShape, intervalsShape, readingsShape, slotsShape } from '../blocks/shapes.js'
import type { StoredReadings } from '../store.js'

/** How readings, intervals and slots become rows here. */
export interface BlockKind<Block> extends BlockShape<Block> {
  column: string
  /** What stands in the content column of one row. */
  encode(blocks: readonly Block[]): unknown
  /** 48 bits that tell it from others of its extent. */
  hash(cell: unknown): number
  decode(cell: unknown): Promise<Block[]>
  bytes(cell: unknown): number
  /** Write timestamp of a row: of equal keys any may win, as they hold the same; what counts is that it is no clock's. */
  stamp(blocks: readonly Block[]): number
}

const ofOne = <Block extends { rev: number[] }>(encode: (block: Block) => Buffer, decode: (value: Buffer) => Promise<Block>) => ({
  column: 'block',
  encode: ([block]: readonly Block[]) => encode(block),
  hash: (cell: unknown) => hash48(cell as Buffer),
  decode: async (cell: unknown) => [await decode(cell as Buffer)],
  bytes: (cell: unknown) => (cell as Buffer).length,
  stamp: (blocks: readonly Block[]) => greatest(blocks.map(({ rev }) => greatest(rev)))
})

export const intervalsKind = (wire: Wire): BlockKind<Intervals> => ({
  ...intervalsShape,
  ...ofOne(
    (block) => wire.encode('Intervals', block),
    (value) => decoding(wire)('Intervals', value)
  )
})

export const slotsKind = (wire: Wire): BlockKind<Slots> => ({
  ...slotsShape,
  ...ofOne(
    (block) => wire.encode('Slots', block),
    (value) => decoding(wire)('Slots', value)
  )
})

/** A row holds records with their positions: `(topic, partition, offset, record)`. */
export const readingsKind = (wire: Wire): BlockKind<StoredReadings> => {
  const decode = decoding(wire)
  const tuples = (cell: unknown) => (cell as types.Tuple[]).map((tuple) => tuple.values() as [string, number, types.Long, Buffer])
  return {
    ...readingsShape,
    column: 'bundle',
    encode: (bundle) =>
      bundle.map(
        ({ block, position: { topic, partition, offset } }) => new types.Tuple(topic, partition, offset, wire.encode('Readings', block))
      ),
    hash: (cell) =>
      hash48(
        Buffer.concat(
          tuples(cell).flatMap(([topic, partition, offset, record]) => [Buffer.from(`${topic} ${partition} ${offset}\n`), record])
        )
      ),
    decode: (cell) =>
      Promise.all(
        tuples(cell).map(async ([topic, partition, offset, record]) => ({
          block: await decode('Readings', record),
          position: { topic, partition, offset: offset.toNumber() }
        }))
      ),
    bytes: (cell) => tuples(cell).reduce((sum, [, , , record]) => sum + record.length, 0),
    stamp: (bundle) => greatest(bundle.map(({ position }) => position.offset))
  }
}
