import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { Misuse, type WithLedger } from './command.js'
import type { Ledger } from './ledger.js'
import { type Output, outputOf } from './output.js'
import { diffWorkbookFiles, exportWorkbook, importWorkbook, isWorkbook } from './workbook.js'

interface Answer {
  applied: boolean
  knownAt: string | null
  changes: { text: string }[]
  findings: { level: string; point: string; key: string; message: string; mend: string }[]
}

const yamlOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Misuse(`${file} cannot be read: ${(error as Error).message}`)
  }
}

const enter = async (ledger: Ledger, file: string, dryRun: boolean): Promise<Answer> =>
  (await ledger.send('POST', `/v1/registry?dryRun=${dryRun}`, yamlOf(file), 'application/yaml')) as Answer

const show = (out: Output, answer: Answer): void => {
  out.object({ ...answer }, () => answer.changes.map(({ text }) => text).join('\n') || 'Nothing differs.')
  for (const { level, point, key, message, mend } of answer.findings) out.say(`${level}: ${point} ${key}: ${message} ${mend}`)
}

/** `wattledger registry import FILE | export [FILE.xlsx] | check FILE`; workbooks are those that end in .xlsx. */
export const registryCommands = (registry: Command, common: (command: Command) => Command, withLedger: WithLedger): void => {
  common(registry.command('import'))
    .description('enter a registry file, or a workbook of installations; what differs is shown first')
    .argument('<file>', 'YAML file, or workbook (.xlsx)')
    .option('--dry-run', 'only show what differs')
    .option('--valid-from <date>', 'workbook: from when on it holds (default: the date in its name)')
    .option('--diff <other>', 'workbook: only show how it differs from another one, entering nothing')
    .action(async (file: string, options) => {
      if (options.diff !== undefined) {
        await diffWorkbookFiles(file, options.diff, outputOf(options.json ?? false))
        return
      }
      if (isWorkbook(file)) {
        await withLedger(options, (ledger, out) => importWorkbook(ledger, out, file, options), true)
        return
      }
      await withLedger(
        options,
        async (ledger, out) => {
          const planned = await enter(ledger, file, true)
          if (options.dryRun || planned.changes.length === 0) {
            show(out, planned)
            return planned.findings.some(({ level }) => level === 'error') ? 2 : 0
          }
          for (const { text } of planned.changes) out.say(text)
          const done = await enter(ledger, file, false)
          await ledger.settle()
          out.object({ ...done }, () => `${done.changes.length} versions entered, known since ${done.knownAt}.`)
          for (const { level, point, key, message, mend } of done.findings) out.say(`${level}: ${point} ${key}: ${message} ${mend}`)
          return 0
        },
        true
      )
    })
  common(registry.command('check'))
    .description('check a registry file, or a workbook, against the ledger, entering nothing')
    .argument('<file>', 'YAML file, or workbook (.xlsx)')
    .option('--valid-from <date>', 'workbook: from when on it holds (default: the date in its name)')
    .action(async (file: string, options) => {
      await withLedger(options, async (ledger, out) => {
        if (isWorkbook(file)) return importWorkbook(ledger, out, file, { ...options, dryRun: true })
        const answer = await enter(ledger, file, true)
        show(out, answer)
        return answer.findings.some(({ level }) => level === 'error') ? 2 : 0
      })
    })
  common(registry.command('export'))
    .description('the registry as YAML, or installations as a workbook without tokens, to change and import again')
    .argument('[file]', 'workbook (.xlsx) to write (default: YAML on the standard output)')
    .option('--at <date>', 'workbook: what held then (default: the last version of each installation)')
    .action(async (file: string | undefined, options) => {
      await withLedger(options, async (ledger, out) => {
        if (file !== undefined) return exportWorkbook(ledger, out, file, options.at)
        for await (const bytes of ledger.getBytes('/v1/registry')) out.raw(bytes)
        return 0
      })
    })
}

/** `wattledger access list | add NAME | link [NAME] | remove NAME` */
export const accessCommand = (access: Command, common: (command: Command) => Command, withLedger: WithLedger): void => {
  common(access.command('add'))
    .description('make a token; it is shown once')
    .argument('<name>', 'who it is for')
    .option('--role <role>', 'admin, reader or device', 'reader')
    .option('--point <id...>', 'points a reader may see (default: all)')
    .option('--from <instant>', 'only data from here on')
    .option('--to <instant>', 'only data before this')
    .action(async (name: string, options) => {
      await withLedger(
        options,
        async (ledger, out) => {
          const points: string[] = options.point ?? ['*']
          const grants =
            options.role === 'reader' ? points.map((point) => ({ point, from: options.from ?? null, to: options.to ?? null })) : []
          const made = (await ledger.send('POST', '/v1/access', { name, role: options.role, grants })) as { token: string }
          out.object({ ...made }, () => made.token)
          return 0
        },
        true
      )
    })
  common(access.command('link'))
    .description('make a link that signs one browser in, once, within 15 minutes')
    .argument('[name]', 'who it is for (default: the owner of the folder)')
    .action(async (name: string | undefined, options) => {
      await withLedger(options, async (ledger, out) => {
        if (!ledger.running) throw new Misuse('Nothing answers browsers yet: run "wattledger start", which prints such a link itself.')
        const made = (await ledger.send('POST', '/v1/sign-in-links', { name })) as { link: string; expiresAt: string }
        out.object({ ...made }, () => made.link)
        return 0
      })
    })
  common(access.command('list'))
    .description('who has access')
    .action(async (options) => {
      await withLedger(options, async (ledger, out) => {
        const answer = (await ledger.get('/v1/access')) as Record<string, unknown>
        out.object(answer, () => JSON.stringify(answer, null, 2))
        return 0
      })
    })
  common(access.command('remove'))
    .description('take access back, at once')
    .argument('<name>', 'whose')
    .action(async (name: string, options) => {
      await withLedger(options, async (ledger, out) => {
        await ledger.send('DELETE', `/v1/access/${encodeURIComponent(name)}`)
        out.say(`${name} has no access any more.`)
        return 0
      })
    })
}
