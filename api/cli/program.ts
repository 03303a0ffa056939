import { existsSync, readFileSync } from 'node:fs'
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { Refused, Unavailable } from '../../infra/errors.js'
import { problemText } from '../../schemas/problems.js'
import { loadSettings, type Settings } from '../../schemas/settings.js'
import type { GoldenRules } from '../deps.js'
import { type CommonOptions, Misuse, type WithLedger } from './command.js'
import { exportCommand } from './export.js'
import { halfDaysCommand } from './half-days.js'
import { historyCommands } from './history.js'
import { type FindFiles, importCommand } from './import.js'
import { localLedger, type Opened, Refusal, remoteLedger } from './ledger.js'
import { logOf, type Output, outputOf } from './output.js'
import { alertsCommand, changesCommand, explainCommand, gapsCommand, pointsCommand, seriesCommand } from './questions.js'
import { reconcileCommand } from './reconcile.js'
import { accessCommand, registryCommands } from './registry.js'
import { rejectsCommands } from './rejects.js'
import { printRules } from './rules.js'

/** What main.ts gives the command line. */
export interface Workshop {
  /** Opens a data folder for one command, or says where the process that owns it answers. */
  open(settings: Settings): Promise<Opened | { url: string; token: string }>
  start(settings: Settings, out: Output, how: { samples?: boolean; only?: Only; slot?: number }): Promise<number>
  rules(): GoldenRules
  files: FindFiles
}

export const ROOMS = ['producers', 'processors', 'sinks', 'api'] as const

/** One room of a cluster, perhaps one of its processors or sinks. */
export interface Only {
  room: (typeof ROOMS)[number]
  name?: string
}

export const DEFAULT_SETTINGS_FILE = 'wattledger.yaml'

const settingsOf = ({ config, data }: CommonOptions): Settings => {
  if (config !== undefined && !existsSync(config)) throw new Misuse(`There is no settings file ${config}.`)
  const file = config ?? DEFAULT_SETTINGS_FILE
  const loaded = loadSettings(existsSync(file) ? readFileSync(file, 'utf8') : '', file)
  if ('problems' in loaded) throw new Misuse(loaded.problems.map(problemText).join('\n'))
  return data === undefined ? loaded.settings : { ...loaded.settings, data }
}

const slotOf = (text: string): number => {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('expected a whole number from 0')
  return Number(text)
}

/** Runs one command; the result is the process's exit code: 0 done, 1 failed, 2 done but something was refused. */
export const runCli = async (argv: readonly string[], workshop: Workshop): Promise<number> => {
  let code = 0
  const program = new Command('wattledger')
    .description('A ledger for energy meters: every kWh can be explained, replayed and revised.')
    .exitOverride()
    .showSuggestionAfterError()
  const common = (command: Command): Command =>
    command
      .option('--config <file>', `settings file (default: ./${DEFAULT_SETTINGS_FILE}, if there is one)`)
      .option('--data <folder>', 'data folder, instead of the one in the settings')
      .option('--json', 'one JSON object a line on stdout, messages on stderr')

  const withLedger: WithLedger = async (options, use, fresh = false) => {
    const settings = settingsOf(options)
    if (!fresh && !existsSync(settings.data)) {
      throw new Misuse(`There is no ledger in ${settings.data} yet: wattledger import FILE… makes one, --data names another folder.`)
    }
    const opened = await workshop.open(settings)
    const ledger = 'url' in opened ? remoteLedger(opened.url, opened.token) : localLedger(opened)
    try {
      code = await use(ledger, outputOf(options.json ?? false))
    } finally {
      await ledger.close()
    }
  }

  common(program.command('start'))
    .description('run the platform: watch the folders of the settings, show what arrives, answer HTTP')
    .action(async (options: CommonOptions) => {
      const bare = options.config === undefined && options.data === undefined && !existsSync(DEFAULT_SETTINGS_FILE)
      const settings = settingsOf(options)
      code = await workshop.start(bare ? { ...settings, data: './data/demo' } : settings, outputOf(options.json ?? false), {
        samples: bare
      })
    })
  common(program.command('run'))
    .description('one room of a cluster in a process of its own')
    .addArgument(new Argument('<room>').choices(ROOMS))
    .option('--only <name>', 'one of its processors or sinks')
    .addOption(
      new Option('--slot <n>', 'number of this process among those of its kind, the same after a restart')
        .argParser(slotOf)
        .default(0)
        .env('WATTLEDGER_SLOT')
    )
    .action(async (room: Only['room'], { only: name, slot, ...options }: CommonOptions & { only?: string; slot: number }) => {
      const settings = settingsOf(options)
      if (!settings.kafka)
        throw new Misuse('Rooms run apart only in cluster mode: name kafka and cassandra in the settings, or use wattledger start.')
      const out = options.json ? logOf({ room, only: name, slot }) : outputOf(false)
      code = await workshop.start(settings, out, { only: { room, name }, slot })
    })
  importCommand(common(program.command('import')), withLedger, workshop.files)
  pointsCommand(common(program.command('points')), withLedger)
  seriesCommand(common(program.command('series')), withLedger)
  exportCommand(common(program.command('export')), withLedger)
  halfDaysCommand(common(program.command('half-days')), withLedger)
  explainCommand(common(program.command('explain')), withLedger)
  changesCommand(common(program.command('changes')), withLedger)
  gapsCommand(common(program.command('gaps')), withLedger)
  alertsCommand(common(program.command('alerts')), withLedger)
  rejectsCommands(program.command('rejects').description('what could not be read: list, inspect, redrive'), common, withLedger)
  registryCommands(program.command('registry').description('names, zones, meters in time, factors, rules of points'), common, withLedger)
  accessCommand(program.command('access').description('who may read what'), common, withLedger)
  common(program.command('rules'))
    .description('the golden traces: what our rules make of them, and what others do')
    .action((options: CommonOptions) => {
      printRules(outputOf(options.json ?? false), workshop.rules())
    })
  historyCommands(program, common, withLedger)
  reconcileCommand(common(program.command('reconcile')), withLedger)
  const config = program.command('config').description('the settings file')
  common(config.command('check'))
    .description('check the settings file and show what holds')
    .action((options: CommonOptions) => {
      const out = outputOf(options.json ?? false)
      const settings = settingsOf(options)
      out.object(settings as unknown as Record<string, unknown>, () => JSON.stringify(settings, null, 2))
      out.say('The settings are valid.')
    })

  try {
    await program.parseAsync([...argv])
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    if (error instanceof Misuse || error instanceof Refusal || error instanceof Unavailable || error instanceof Refused) {
      process.stderr.write(`${(error as Error).message}\n`)
      return 1
    }
    throw error
  }
}
