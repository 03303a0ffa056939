import type { Reject } from '../schemas/generated.js'
import { NotARecord } from '../schemas/wire.js'
import type { LogRecord } from './log.js'

const FOUND_CHARACTERS = 200

/**
 * A record that stands on a topic and that nobody can work with, as a Reject: it is set aside under its place in the log, and what comes
 * behind it goes on. The same record is the same Reject, whichever room meets it. `at`: when it was met or received, UTC ms.
 */
export const unusable = ({ topic, partition, offset }: LogRecord, error: Error, at: number): Reject => {
  const place = `${topic}/${partition}/${offset}`
  const about = { source: '', origin: place, name: place, line: 0, field: '', ingestedAt: at, parserVersion: 1 }
  const found = error.message.slice(0, FOUND_CHARACTERS)
  if (error instanceof NotARecord)
    return {
      ...about,
      reason: 'not-a-record',
      expected: `a record that belongs on ${topic}`,
      found,
      advice: 'Find what else writes to this topic. If it was ours, the raw bytes are kept: wattledger reparse.'
    }
  return {
    ...about,
    reason: 'not-foldable',
    expected: 'figures that a fold can work with',
    found,
    advice: 'A mistake of the program, or of what else writes to this topic: report it with this line. The record stays on its topic.'
  }
}
