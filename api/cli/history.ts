import type { Command } from 'commander'
import { Misuse, type WithLedger } from './command.js'
import { table, thousands } from './table.js'

interface Verified {
  days: number
  differences: { point: string; day: string; ours: string | null; replayed: string | null }[]
}

/** `wattledger replay --verify | refold | reparse` */
export const historyCommands = (program: Command, common: (command: Command) => Command, withLedger: WithLedger): void => {
  common(program.command('replay'))
    .description('run all topics again into an empty store and compare the ledgers')
    .requiredOption('--verify', 'prove the ledger by a hash per point and day')
    .action(async (options) => {
      await withLedger(options, async (ledger, out) => {
        out.say('Replaying all topics into an empty store …')
        const { days, differences } = (await ledger.send('POST', '/v1/replay/verify')) as Verified
        const verdict =
          differences.length === 0
            ? `${thousands(days)} point-days, each the same as replayed.`
            : `${thousands(differences.length)} of ${thousands(days)} point-days differ.`
        out.object({ days, differing: differences.length }, () => verdict)
        if (differences.length === 0) return 0
        out.objects(
          differences.map((difference) => ({ ...difference })),
          () =>
            table(
              ['point', 'day', 'ours', 'replayed'],
              differences.map(({ point, day, ours, replayed }) => [point, day, ours?.slice(0, 12), replayed?.slice(0, 12)])
            )
        )
        return 1
      })
    })
  common(program.command('refold'))
    .description('fold stored readings again with the present rules; only rows that differ go out')
    .option('--point <id>', 'only this point')
    .option('--from <instant>', 'only from here on (ISO 8601)')
    .action(async (options) => {
      if (options.from !== undefined && Number.isNaN(Date.parse(options.from))) {
        throw new Misuse(`--from: "${options.from}" is not an instant such as 2024-01-31T00:00:00Z.`)
      }
      const from = options.from === undefined ? undefined : new Date(options.from).toISOString()
      await withLedger(options, async (ledger, out) => {
        await ledger.send('POST', '/v1/refold', { point: options.point, from })
        out.object({ done: true }, () => 'Folded again; rows that came out different are revised.')
        return 0
      })
    })
  common(program.command('reparse'))
    .description('read the raw archive again with the present parsers; only what differs changes the ledger')
    .action(async (options) => {
      await withLedger(options, async (ledger, out) => {
        const done = (await ledger.send('POST', '/v1/reparse')) as { files: number; readings: number; rejects: number }
        out.object(
          { ...done },
          () => `${thousands(done.files)} files read again: ${thousands(done.readings)} readings, ${thousands(done.rejects)} rejects.`
        )
        return 0
      })
    })
}
