// Places between the steps of a transaction at which a process stops, says so, and goes on so many ms after it is told to on its input.
import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import rdkafka from 'node-rdkafka'

export const say = (word) => writeSync(1, `${word}\n`)

const COMMITTED = 'committed'
const RESTORE = 'restore'

/** `step`: a method of node-rdkafka's producer to stop before; `committed`: the broker has, and the process does not know it yet. */
export const stopAt = ({ step, group, passes = 0, afterMs = 0 }) => {
  if (step === RESTORE) return stopInRestore(group)
  const method = step === COMMITTED ? 'commitTransaction' : step
  const call = rdkafka.Producer.prototype[method]
  let times = 0
  rdkafka.Producer.prototype[method] = function (...args) {
    const isOurs = this.globalConfig['transactional.id']?.startsWith(`${group}.`)
    if (!isOurs || times++ !== passes) return call.apply(this, args)
    if (step === COMMITTED) {
      const done = args.pop()
      return call.call(this, ...args, (...answer) => whenTold(afterMs, () => done(...answer)))
    }
    // What is not sent is only ours: freezing before would leave nothing for others to trip over.
    this.flush(5000, () => whenTold(afterMs, () => call.apply(this, args)))
  }
}

const whenTold = (afterMs, goOn) => {
  process.stdin.once('data', async () => {
    await sleep(afterMs)
    goOn()
  })
  say('stopped')
}

/** With half of what came of the states given to whoever restores them. */
const stopInRestore = (group) => {
  const { consume } = rdkafka.KafkaConsumer.prototype
  let stopped = false
  rdkafka.KafkaConsumer.prototype.consume = function (limit, done) {
    return consume.call(this, limit, (error, messages) => {
      const states = messages?.filter(({ topic }) => topic === `${group}.changelog`).length ?? 0
      if (stopped || states === 0) return stopped ? undefined : done(error, messages)
      stopped = true
      done(error, messages.slice(0, Math.ceil(states / 2)))
      say('stopped')
    })
  }
}
