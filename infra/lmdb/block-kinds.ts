import type { Intervals, Slots } from '../../schemas/generated.js'
import type { Wire } from '../../schemas/wire.js'
import { type BlockShape, intervalsShape, readingsShape, slotsShape } from '../blocks/shapes.js'
import type { StoredReadings } from '../store.js'
import type { Names } from './names.js'

/** How readings, intervals and slots become keys and bytes here. */
export interface BlockKind<Block> extends BlockShape<Block> {
  grid(block: Block): number
  encode(blocks: readonly Block[]): Buffer
  decode(value: Buffer): Block[]
}

export const intervalsKind = (wire: Wire): BlockKind<Intervals> => ({
  ...intervalsShape,
  grid: () => 0,
  encode: ([block]) => wire.encode('Intervals', block),
  decode: (value) => [wire.decode('Intervals', value)]
})

export const slotsKind = (wire: Wire, grids: Names): BlockKind<Slots> => ({
  ...slotsShape,
  grid: ({ grid }) => grids.get(grid)!,
  encode: ([block]) => wire.encode('Slots', block),
  decode: (value) => [wire.decode('Slots', value)]
})

const ENTRY_BYTES = 14

/** Values of readings are bundles: per block `u16 topic | u16 partition | u48 offset | u32 bytes | record`. */
export const readingsKind = (wire: Wire, topics: Names): BlockKind<StoredReadings> => {
  const entryOf = ({ block, position }: StoredReadings): Buffer[] => {
    const bytes = wire.encode('Readings', block)
    const head = Buffer.allocUnsafe(ENTRY_BYTES)
    head.writeUInt16BE(topics.get(position.topic)!, 0)
    head.writeUInt16BE(position.partition, 2)
    head.writeUIntBE(position.offset, 4, 6)
    head.writeUInt32BE(bytes.length, 10)
    return [head, bytes]
  }
  return {
    ...readingsShape,
    grid: () => 0,
    encode: (bundle) => Buffer.concat(bundle.flatMap(entryOf)),
    decode: (value) => {
      const bundle: StoredReadings[] = []
      for (let at = 0; at < value.length; ) {
        const position = {
          topic: topics.nameOf(value.readUInt16BE(at)),
          partition: value.readUInt16BE(at + 2),
          offset: value.readUIntBE(at + 4, 6)
        }
        const from = at + ENTRY_BYTES
        at = from + value.readUInt32BE(at + 10)
        bundle.push({ block: wire.decode('Readings', value.subarray(from, at)), position })
      }
      return bundle
    }
  }
}
