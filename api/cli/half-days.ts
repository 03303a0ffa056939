import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Command, Option } from 'commander'
import { CUTS, figuresIn, halfDayName } from '../../schemas/half-days.js'
import { type CommonOptions, Misuse, type WithLedger } from './command.js'
import { toFile } from './export.js'
import { type Ledger, Refusal } from './ledger.js'
import { thousands } from './table.js'

interface Options extends CommonOptions {
  from: string
  to: string
  installations?: string[]
  cut?: string
  out: string
}

const DAY_MS = 86_400_000
const PAUSE_MS = 5_000
const HALVES = ['AM', 'PM'] as const

/** `wattledger half-days --from DAY --to DAY --out FOLDER` */
export const halfDaysCommand = (command: Command, withLedger: WithLedger): void => {
  command
    .description('half-days of installations as the files that go out by SFTP (docs/outlets.md)')
    .requiredOption('--from <day>', 'first local day')
    .requiredOption('--to <day>', 'the day after the last one')
    .option('--installations <ids>', 'only these, with commas between them (default: all)', (ids: string) => ids.split(','))
    .addOption(new Option('--cut <cut>', 'where AM ends (default: as the settings have it under sftp)').choices(CUTS))
    .requiredOption('--out <folder>', 'where the files go; it is made')
    .action(async (options: Options) => {
      const days = daysOf(options)
      await withLedger(options, async (ledger, out) => {
        mkdirSync(options.out, { recursive: true })
        let written = 0
        let nothing = 0
        let missing = 0
        for (const installation of await chosen(ledger, options)) {
          for (const day of days) {
            for (const half of HALVES) {
              const { content, figures, known } = await asked(ledger, installation, day, half, options)
              // As when they are sent: of nothing there is no file.
              const file = known === 0 ? null : halfDayName(installation, { day, half })
              if (file === null) nothing++
              else {
                await toFile([Buffer.from(content)], join(options.out, file))
                written++
                missing += figures - known
              }
              out.object({ installation, day, half, file, figures, known }, () =>
                file === null
                  ? `${installation} ${day} ${half}: nothing is known, so there is no file`
                  : `${file}  ${known === figures ? 'whole' : `${thousands(figures - known)} of ${thousands(figures)} figures are missing`}`
              )
            }
          }
        }
        out.say(
          `${thousands(written)} files in ${options.out}, ${thousands(missing)} figures missing in them; nothing is known of ${thousands(nothing)} half-days.`
        )
        return 0
      })
    })
}

const daysOf = ({ from, to }: Options): string[] => {
  const [first, end] = [from, to].map((day) => (/^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN))
  if (Number.isNaN(first) || Number.isNaN(end)) throw new Misuse('--from and --to are days, such as 2022-07-01.')
  if (end <= first) throw new Misuse('--to is the day after the last one: it has to come after --from.')
  return Array.from({ length: (end - first) / DAY_MS }, (_, i) => new Date(first + i * DAY_MS).toISOString().slice(0, 10))
}

const chosen = async (ledger: Ledger, { installations: wanted }: Options): Promise<string[]> => {
  const { installations } = (await ledger.get('/v1/installations')) as { installations: { id: string }[] }
  const all = installations.map(({ id }) => id).sort()
  const unknown = wanted?.find((id) => !all.includes(id))
  if (unknown !== undefined) throw new Misuse(`There is no installation "${unknown}". There are: ${all.join(', ')}.`)
  return wanted ?? all
}

/** Sixty homes and a month are more questions than one may ask in a minute. */
const patiently = async <Answer>(ask: () => Promise<Answer>): Promise<Answer> => {
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== 'rate_limited') throw error
      await wait(PAUSE_MS)
    }
  }
}

const asked = async (ledger: Ledger, installation: string, day: string, half: string, { cut }: Options) => {
  const query = cut === undefined ? '' : `?cut=${encodeURIComponent(cut)}`
  const path = `/v1/installations/${encodeURIComponent(installation)}/half-days/${day}/${half}${query}`
  const content = String(await patiently(() => ledger.get(path)))
  return { content, ...figuresIn(content) }
}
