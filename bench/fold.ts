import { energy } from '../processors/energy/fold.js'
import { NO_RULES } from '../processors/energy/rules.js'
import { initialState } from '../processors/energy/state.js'
import { step } from '../processors/energy/step.js'
import type { Readings } from '../schemas/generated.js'
import { backfillTopic } from '../schemas/topics.js'
import { memorySchemaIds, Wire } from '../schemas/wire.js'
import { counterBlocks } from './blocks.js'
import type { Figure } from './figure.js'
import { type Effort, timeBeside } from './time.js'

const TOPIC = backfillTopic('flukso')

/** Reading by reading, what a block without surprises is spared. */
const folding = (blocks: readonly Readings[]) => () => {
  let state = initialState(blocks[0].point, blocks[0].register)
  let rows = 0
  for (const [offset, block] of blocks.entries()) {
    const stepped = step(state, block, { topic: TOPIC, partition: 0, offset }, NO_RULES)
    state = stepped.state
    rows += stepped.rows.length
  }
  return rows
}

const sending = (blocks: readonly Readings[], wire: Wire) => () => {
  let state = initialState(blocks[0].point, blocks[0].register)
  for (const [offset, block] of blocks.entries()) {
    state = energy.step(wire, state, block, { topic: TOPIC, partition: 0, offset }, NO_RULES).state
  }
  return state.rev
}

/** The least anybody can do: end minus start, over the same arrays. */
const differences = (blocks: readonly Readings[]) => () => {
  let before = 0
  let sum = 0
  for (const { rows, at, value } of blocks) {
    for (let i = 0; i < rows; i++) {
      sum += at[i] > 0 ? value[i] - before : 0
      before = value[i]
    }
  }
  return sum
}

const READINGS = 200_000

export const fold = async (effort: Effort): Promise<Figure[]> => {
  const wire = await Wire.open(memorySchemaIds())
  const figures: Figure[] = []
  for (const rows of [4096, 96, 1]) {
    const count = rows === 1 ? READINGS / 10 : Math.ceil(READINGS / rows) * rows
    const blocks = counterBlocks(count / rows, rows)
    const [ms, peerMs, sentMs] = await timeBeside(effort, [folding(blocks), differences(blocks), sending(blocks, wire)])
    const peer = { name: 'a bare difference loop', value: (count / peerMs) * 1000 }
    const of = `blocks of ${rows}`
    figures.push(
      {
        part: 'Energy fold',
        what: `its output encoded, ${of}`,
        value: (count / sentMs) * 1000,
        unit: 'readings/s',
        peer,
        ...(rows === 96 && { aim: { least: 5e6 } })
      },
      {
        part: 'Energy fold',
        what: `by the rules alone, as where a block is not usual, ${of}`,
        value: (count / ms) * 1000,
        unit: 'readings/s',
        peer
      }
    )
  }
  return figures
}
