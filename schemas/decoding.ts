import type { RecordName } from './generated.js'
import { type Records, UnknownSchema, type Wire } from './wire.js'

/** A record; a promise of it when this process meets its writer's schema for the first time, and has to look it up. */
export const decoded = <Name extends RecordName>(wire: Wire, name: Name, value: Buffer): Records[Name] | Promise<Records[Name]> => {
  try {
    return wire.decode(name, value)
  } catch (error) {
    if (!(error instanceof UnknownSchema)) throw error
    return wire.learn(error.id).then(() => wire.decode(name, value))
  }
}

/** Always a promise. */
export const decoding =
  (wire: Wire) =>
  async <Name extends RecordName>(name: Name, value: Buffer): Promise<Records[Name]> =>
    decoded(wire, name, value)
