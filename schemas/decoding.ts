import type { RecordName } from './generated.js'
import { type Records, UnknownSchema, type Wire } from './wire.js'

/** Decodes a record, looking its writer's schema up when this process meets it for the first time. */
export const decoding =
  (wire: Wire) =>
  async <Name extends RecordName>(name: Name, value: Buffer): Promise<Records[Name]> => {
    try {
      return wire.decode(name, value)
    } catch (error) {
      if (!(error instanceof UnknownSchema)) throw error
      await wire.learn(error.id)
      return wire.decode(name, value)
    }
  }
