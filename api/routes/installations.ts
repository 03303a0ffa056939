import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { readTabs, writeTabs } from '../../infra/workbook.js'
import { readable } from '../../schemas/access.js'
import type { Installation, Member } from '../../schemas/generated.js'
import { changeOf, type InstallationChange, installationChangeText } from '../../schemas/installations/diff.js'
import { type Finding, findingPlace, findingText } from '../../schemas/installations/finding.js'
import { checkMembers, fieldProblems, pointOfSensor } from '../../schemas/installations/members.js'
import { currentInstallations, installationAt, versionsByName } from '../../schemas/installations/versions.js'
import { pointOfInstallation } from '../../schemas/installations.js'
import { identityOf } from '../auth.js'
import type { Deps } from '../deps.js'
import { ApiError, errorAnswers, notFound } from '../errors.js'
import { iso } from '../format.js'
import { Changes, DryRun, Entered, Id, Info, VersionBody } from '../installation-bodies.js'
import { WhenParam, whenOf } from '../question.js'
import { countingOf, enterInstallations, enterWorkbook, laterVersions, type Plan, planWorkbook, workbookOf } from '../workbook.js'

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
/** What the workbooks of this kind are called; the date is that from which on they hold. */
const DATED = /^Configuration\d*_(\d{4})(\d{2})(\d{2})\.xlsx$/i

const changeRow = (change: InstallationChange) => ({
  installation: change.installation,
  validFrom: iso(change.validFrom),
  what: change.what,
  text: installationChangeText(change),
  fields: change.fields
})

/** Throws when there is an error among them and something is to be entered. */
const refuseErrors = (findings: readonly Finding[], what: string): void => {
  const errors = findings.filter(({ level }) => level === 'error')
  if (errors.length === 0) return
  const issues = errors.map((finding) => ({ path: findingPlace(finding), message: `${finding.message}. ${finding.mend}` }))
  throw new ApiError('bad_request', `${what} has errors, nothing was entered: ${findingText(errors[0])}`, issues)
}

/** Installations and groups: what they are made of, since when, who may see them. */
export const installationRoutes =
  (deps: Deps): FastifyPluginAsyncZod =>
  async (app) => {
    const now = deps.now ?? Date.now
    const homeZone = deps.sourceZone(pointOfSensor(''))
    const byName = async () => versionsByName(await deps.installations.versions())

    app.addContentTypeParser([XLSX, 'application/octet-stream'], { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

    app.get(
      '/v1/installations',
      {
        config: { roles: ['admin', 'reader'] },
        schema: {
          summary: 'The installations and groups open to you.',
          response: { 200: z.object({ installations: z.array(Info) }), ...errorAnswers }
        }
      },
      async (request) => {
        const identity = identityOf(request)
        const open = [...(await byName())].filter(([id]) => readable(identity, pointOfInstallation(id)).length > 0)
        const installations = open.map(([id, versions]) => {
          const { name, zone } = installationAt(versions, now()) ?? versions[0]
          const all = versions.map((version) => ({ ...version, validFrom: iso(version.validFrom), knownAt: iso(version.knownAt) }))
          return { id, name, zone, point: pointOfInstallation(id), ...(identity.role === 'admin' ? { versions: all } : {}) }
        })
        return { installations }
      }
    )

    /** What one row would do; enters it, unless it is only asked or changes nothing. */
    const put = async (row: Installation, dryRun: boolean) => {
      const [current, latest] = await Promise.all([deps.installations.versions(), deps.store.latest()])
      const change = changeOf(installationAt(versionsByName(current).get(row.installation) ?? [], row.validFrom), row)
      const findings = [...checkRow(row, countingOf(latest)), ...laterVersions(current, change ? [change] : [], 'validFrom')]
      if (!dryRun) refuseErrors(findings, row.installation)
      const entered = dryRun || !change ? null : await enterInstallations(deps, [row])
      return { applied: entered !== null, knownAt: entered && iso(entered.knownAt), changes: change ? [changeRow(change)] : [], findings }
    }

    app.put(
      '/v1/installations/:id',
      {
        schema: {
          summary: 'Says what an installation is from an instant on, until its next version; the same checks as for a workbook.',
          params: z.object({ id: Id }),
          querystring: z.object({ dryRun: DryRun }),
          body: VersionBody,
          response: { 200: Changes, ...errorAnswers }
        }
      },
      async (request) => {
        const { validFrom, zone = homeZone, ...said } = request.body
        if ((said.latitude === null) !== (said.longitude === null))
          throw new ApiError('bad_request', 'latitude, longitude: say both, or neither.')
        const at = whenOf(validFrom, zone, 'validFrom')
        const row = { installation: request.params.id, validFrom: at, knownAt: 0, deleted: false, zone, ...said }
        return put(row, request.query.dryRun === 'true')
      }
    )

    app.delete(
      '/v1/installations/:id',
      {
        schema: {
          summary: 'Ends an installation from an instant on (its history stays), or takes one of its versions back.',
          params: z.object({ id: Id }),
          querystring: z.object({
            from: WhenParam.optional().describe('From when on it has no members.'),
            version: WhenParam.optional().describe('validFrom of the version to take back: what held before holds on.'),
            dryRun: DryRun
          }),
          response: { 200: Changes, ...errorAnswers }
        }
      },
      async (request) => {
        const { from, version, dryRun } = request.query
        if ((from === undefined) === (version === undefined)) throw new ApiError('bad_request', 'from, version: say one of them.')
        const versions = (await byName()).get(request.params.id) ?? []
        if (versions.length === 0) throw notFound('installation')
        const { zone } = versions[versions.length - 1]
        if (from !== undefined) {
          const validFrom = whenOf(from, zone, 'from')
          const holding = installationAt(versions, validFrom)
          if (!holding) throw new ApiError('not_found', `${request.params.id} begins only later.`)
          return put({ ...holding, validFrom, knownAt: 0, members: [] }, dryRun === 'true')
        }
        const taken = versions.find(({ validFrom }) => validFrom === whenOf(version!, zone, 'version'))
        if (!taken)
          throw new ApiError('not_found', `${request.params.id} has no version of that validFrom; GET /v1/installations lists them.`)
        return takeBack(taken, dryRun === 'true')
      }
    )

    const takeBack = async (taken: Installation, dryRun: boolean) => {
      const rows = await deps.installations.versions()
      const without = currentInstallations(rows).filter(
        (row) => row.installation === taken.installation && row.validFrom !== taken.validFrom
      )
      const before = installationAt(without, taken.validFrom)
      const change = changeOf(taken, { ...(before ?? { ...taken, name: '', members: [] }), validFrom: taken.validFrom })
      const entered = dryRun ? null : await enterInstallations(deps, [{ ...taken, deleted: true }])
      return {
        applied: entered !== null,
        knownAt: entered && iso(entered.knownAt),
        changes: change ? [changeRow(change)] : [],
        findings: []
      }
    }

    app.get(
      '/v1/installations/workbook',
      {
        schema: {
          summary: 'Installations, access and captions as a configuration workbook (.xlsx); tokens of sensors are left out.',
          produces: [XLSX],
          querystring: z.object({ at: WhenParam.optional().describe('What held then; absent: the last version of each.') }),
          response: { 200: z.any(), ...errorAnswers }
        }
      },
      async (request, reply) => {
        const { at } = request.query
        const tabs = await workbookOf(deps, at === undefined ? Number.POSITIVE_INFINITY : whenOf(at, homeZone, 'at'))
        return reply.type(XLSX).send(await writeTabs(tabs))
      }
    )

    app.post(
      '/v1/installations/workbook',
      {
        schema: {
          summary: 'Enters a configuration workbook (.xlsx): it is the whole of what holds from an instant on.',
          consumes: [XLSX],
          querystring: z.object({
            name: z.string().max(200).default('').describe('Of the file: ConfigurationNN_YYYYmmdd.xlsx says from when on it holds.'),
            validFrom: WhenParam.optional().describe('From when on it holds; bare dates and times are local.'),
            dryRun: DryRun
          }),
          response: { 200: Entered, ...errorAnswers }
        }
      },
      async (request) => {
        if (!Buffer.isBuffer(request.body)) throw new ApiError('bad_request', `Send the workbook as the body, with content-type ${XLSX}.`)
        const { name, validFrom: asked = dateOf(name) } = request.query
        if (asked === null)
          throw new ApiError(
            'bad_request',
            'validFrom: say from when on it holds (--valid-from 2022-07-01), or name the file ConfigurationNN_YYYYmmdd.xlsx.'
          )
        const validFrom = whenOf(asked, homeZone, 'validFrom')
        const plan = await planWorkbook(deps, await readTabs(request.body), { validFrom, zone: homeZone })
        const { changes, findings, tokens, people } = plan
        if (request.query.dryRun === 'false') refuseErrors(findings, 'The workbook')
        const done = request.query.dryRun === 'true' || isEmpty(plan) ? null : await enterWorkbook(deps, plan, now())
        return {
          applied: done !== null,
          knownAt: done?.knownAt ? iso(done.knownAt) : null,
          validFrom: iso(validFrom),
          changes: changes.map(changeRow),
          tokens: tokens.size,
          people: people.map((each) => ({ ...each, secret: done?.secrets.get(each.name) })),
          findings
        }
      }
    )
  }

const dateOf = (name: string): string | null => {
  const match = DATED.exec(name)
  return match && `${match[1]}-${match[2]}-${match[3]}`
}

const isEmpty = ({ changes, tokens, people }: Plan): boolean => changes.length === 0 && tokens.size === 0 && people.length === 0

/** Places of findings are those of the body: members by their number, from 1. */
const checkRow = ({ installation, members }: Installation, counting: ReturnType<typeof countingOf>): Finding[] => {
  const words = { tab: 'members', label: 'label', sensor: 'point' }
  const fields = members.flatMap((member: Member, i) =>
    fieldProblems(member).map(
      ({ field, message }): Finding => ({
        level: 'error',
        tab: words.tab,
        row: i + 1,
        column: field,
        message,
        mend: 'GET /v1/points lists points.'
      })
    )
  )
  const written = members.map((member, i) => ({ installation, member, row: i + 1 }))
  return [...fields, ...checkMembers(written, counting, words)]
}
