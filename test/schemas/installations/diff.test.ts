import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Installation, Member, Point } from '../../../schemas/generated.js'
import { diffWorkbook, diffWorkbooks, type InstallationChange, installationChangeText } from '../../../schemas/installations/diff.js'
import { pointOfSensor, registerOfLabel } from '../../../schemas/installations/members.js'
import { membershipRows } from '../../../schemas/installations/memberships.js'
import { SENSORS_TAB, type Tab } from '../../../schemas/installations/tabs.js'
import { currentInstallations, installationAt, versionsByName } from '../../../schemas/installations/versions.js'
import { readWorkbook, type Workbook, workbookTabs } from '../../../schemas/installations/workbook.js'
import { pointRow } from '../../api/ledger.js'
import { changed, sampleTabs } from './sample.js'

const ZONE = 'Europe/Brussels'
const JULY = Date.parse('2022-06-30T22:00:00Z')
const AUGUST = Date.parse('2022-07-31T22:00:00Z')
const from = (validFrom: number) => ({ validFrom, zone: ZONE })
const workbook = (tabs: readonly Tab[]): Workbook => readWorkbook(tabs).workbook
/** The registry once changes are entered, later than all that is there. */
const enter = (rows: readonly Installation[], changes: readonly InstallationChange[]): Installation[] => {
  const knownAt = Math.max(0, ...rows.map((row) => row.knownAt)) + 1
  return [...rows, ...changes.map(({ row }) => ({ ...row, knownAt }))]
}
const texts = (changes: readonly InstallationChange[]) => changes.map((change) => installationChangeText(change))

const V1 = workbook(sampleTabs('v1'))
const V2 = workbook(sampleTabs('v2'))
const first = enter([], diffWorkbook([], V1, from(JULY)))

test('a first workbook adds, and again changes nothing, also for a later day', () => {
  const changes = diffWorkbook([], V1, from(JULY))
  expect(changes.map(({ installation, what, row }) => [installation, what, row.zone, row.members.length])).toEqual([
    ['GRPA01', 'added', ZONE, 10],
    ['HOME01', 'added', ZONE, 4],
    ['HOME02', 'added', ZONE, 6],
    ['HOME03', 'added', ZONE, 2]
  ])
  expect(texts(changes)[3]).toBe(
    'HOME03, from 2022-07-01 on: added: zone Europe/Brussels; sensor 2dff3d54a32548fdef18586967ae4084 "Borne" register 1.8.0, VE 1, FlmId FL00000003, StartDate 2022-06-15; sensor 4e7a74f160fd52a84e8c7193b73b136d "Borne-" register 2.8.0, VE -1, FlmId FL00000003, StartDate 2022-06-15'
  )
  for (const at of [JULY, AUGUST]) expect(diffWorkbook(first, V1, from(at))).toEqual([])
})

test('changed factors hold from their day on', () => {
  const changes = diffWorkbook(first, V2, from(AUGUST))
  expect(texts(changes)[1]).toBe(
    'HOME01, from 2022-08-01 on: changed: sensor 8efc63fea35526fd5dbc9866be2bb40a "PV" Prod 1 → -1; sensor 8efc63fea35526fd5dbc9866be2bb40a "PV" Cons 1 → -1; sensor a64d85b60a2e95abd2dacd74e120d66b "PV-" Prod -1 → 1; sensor a64d85b60a2e95abd2dacd74e120d66b "PV-" Cons -1 → 1'
  )
  const then = versionsByName(enter(first, changes))
  const prod = (at: number) => installationAt(then.get('HOME01')!, at)!.members.map((member) => member.prod)
  expect([prod(JULY), prod(AUGUST - 1), prod(AUGUST)]).toEqual([
    [0, 0, 1, -1],
    [0, 0, 1, -1],
    [0, 0, -1, 1]
  ])
  expect(then.get('HOME02')).toHaveLength(1)
})

test('what is not there any more ends, and keeps its history; a caption that is left out stays', () => {
  const [sensors, access, captions] = sampleTabs()
  const rows = sensors.rows.filter(([id, , , label]) => id !== 'HOME03' && label !== 'PV-' && label !== 'PV')
  const less = workbook([{ ...sensors, rows }, access, { ...captions, rows: captions.rows.slice(0, 1) }])
  const changes = diffWorkbook(first, less, from(AUGUST))
  expect(texts(changes)[2]).toBe('HOME03, from 2022-08-01 on: removed: no members any more; what was before stays')
  const then = versionsByName(enter(first, changes))
  expect(installationAt(then.get('HOME03')!, AUGUST)!.members).toEqual([])
  expect(installationAt(then.get('HOME03')!, JULY)!.members).toHaveLength(2)
  expect(installationAt(then.get('HOME01')!, AUGUST)!.members.map(({ label }) => label)).toEqual(['Mains', 'Mains-'])
  expect(installationAt(then.get('GRPA01')!, AUGUST)!.name).toBe("Consommations et productions totales de la rue d'essai")
  expect(diffWorkbook(enter(first, changes), less, from(AUGUST + 1))).toEqual([])
})

test('what a workbook cannot say stays: place, zone, other members, a register said by hand', () => {
  const meter = { ...first[1].members[0], point: 'ES0021000000000001JN', label: 'Meter', device: '' }
  const byHand = first.map((row) =>
    row.installation === 'HOME01'
      ? {
          ...row,
          zone: 'Europe/Paris',
          latitude: 50.8,
          longitude: 4.3,
          members: [...row.members.map((member) => (member.label === 'PV-' ? { ...member, register: '1.8.0' } : member)), meter]
        }
      : row
  )
  expect(diffWorkbook(byHand, V1, from(AUGUST))).toEqual([])
  const { row } = diffWorkbook(byHand, V2, from(AUGUST)).find(({ installation }) => installation === 'HOME01')!
  expect([row.zone, row.latitude, row.members.at(-1)!.point, row.members[3].register]).toEqual(['Europe/Paris', 50.8, meter.point, '1.8.0'])
  const none = workbook([{ name: SENSORS_TAB, rows: sampleTabs()[0].rows.slice(0, 1) }, ...sampleTabs().slice(1)])
  const without = diffWorkbook(byHand, none, from(AUGUST)).find(({ installation }) => installation === 'HOME01')!
  expect([without.what, without.row.members]).toEqual(['changed', [meter]])
})

test('two workbooks are compared without a ledger', () => {
  expect(diffWorkbooks(V1, V2).map(({ installation, what }) => [installation, what])).toEqual([
    ['GRPA01', 'changed'],
    ['HOME01', 'changed']
  ])
  const moved = workbook(changed(sampleTabs(), SENSORS_TAB, 12, { InstallationId: 'HOME04' }))
  expect(diffWorkbooks(V1, moved).map((change) => installationChangeText(change, false))).toEqual([
    'HOME03: changed: sensor 2dff3d54a32548fdef18586967ae4084 "Borne" no longer (was register 1.8.0, VE 1, FlmId FL00000003, StartDate 2022-06-15)',
    'HOME04: added: sensor 2dff3d54a32548fdef18586967ae4084 "Borne" register 1.8.0, VE 1, FlmId FL00000003, StartDate 2022-06-15'
  ])
})

// --- any workbook

const word = fc.constantFrom('Mains', 'Phase L1', 'PV', 'Brun', "Pompe de l'eau", 'L-1', '12', '')
const factor = fc.constantFrom(-1, 0, 1)
const sid = fc.integer({ min: 0, max: 12 }).map((digit) => digit.toString(16).padStart(2, '0').repeat(16))
const member: fc.Arbitrary<Member> = fc
  .record({
    sid,
    tot: factor,
    prod: factor,
    ve: factor,
    cons: factor,
    word,
    dash: fc.boolean(),
    device: word,
    startDate: fc.constantFrom('', '2022-06-15', 'juin')
  })
  .map(({ sid, word, dash, ...rest }) => {
    const label = dash ? `${word}-` : word
    return { ...rest, label, point: pointOfSensor(sid), register: registerOfLabel(label) }
  })
const stated = fc.record({
  caption: fc.option(fc.constantFrom('Rue', "L'école", '2022-06-15', '=1+1'), { nil: null }),
  members: fc.uniqueArray(member, { selector: ({ point }) => point, minLength: 1, maxLength: 6 })
})
const anyWorkbook: fc.Arbitrary<Workbook> = fc
  .dictionary(fc.constantFrom('HOME01', 'HOME02', 'home-3', '4', 'GRPA01'), stated)
  .map((installations) => ({
    installations: new Map(Object.entries(installations)),
    tokens: new Map(),
    access: new Map([['ana', ['HOME01']]])
  }))

test('whatever is entered in whatever order: again it changes nothing, and the export is the workbook again', () => {
  const steps = fc.array(fc.record({ workbook: anyWorkbook, day: fc.integer({ min: 0, max: 3 }) }), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(steps, (all) => {
      let rows: Installation[] = []
      for (const { workbook, day } of all) {
        rows = enter(rows, diffWorkbook(rows, workbook, from(day)))
        expect(diffWorkbook(rows, workbook, from(day))).toEqual([])
      }
      for (const day of [0, 1, 2, 3]) {
        const holding = [...versionsByName(rows).values()].flatMap((versions) => installationAt(versions, day) ?? [])
        const read = readWorkbook(workbookTabs(holding, new Map([['ana', ['HOME01']]])))
        expect(read.findings.filter(({ level }) => level === 'error')).toEqual([])
        expect(read.workbook.tokens.size).toBe(0)
        // What has neither members nor a caption has no row there; it is empty already.
        expect(diffWorkbook(rows, read.workbook, from(day))).toEqual([])
      }
    })
  )
})

test('an earlier day is not touched by what is entered for a later one', () => {
  fc.assert(
    fc.property(anyWorkbook, anyWorkbook, (a, b) => {
      const before = enter([], diffWorkbook([], a, from(1)))
      const after = enter(before, diffWorkbook(before, b, from(2)))
      const at = (rows: Installation[], day: number) =>
        [...versionsByName(rows).values()].flatMap((each) => installationAt(each, day) ?? [])
      expect(at(after, 1)).toEqual(currentInstallations(before))
    })
  )
})

// --- points

test('points learn once whose members they are, and keep what they say', () => {
  const rows = membershipRows([], first)
  expect(rows).toHaveLength(12)
  const mains = rows.find(({ point }) => point === 'flukso/b4524c86c05674eddf39c121532749e3')!
  expect(mains).toMatchObject({ validFrom: 0, deleted: false, name: '', registers: [], installations: ['GRPA01', 'HOME01'] })
  expect(membershipRows(rows, first)).toEqual([])
  const said: Point[] = [
    pointRow(mains.point, { validFrom: 5, knownAt: 1, name: 'old' }),
    pointRow(mains.point, { validFrom: 5, knownAt: 2, name: 'Kitchen', installations: ['HOME01'] }),
    pointRow(mains.point, { validFrom: 9, knownAt: 2, name: 'Cellar' })
  ]
  const [row] = membershipRows(said, first.slice(0, 2)).filter(({ point }) => point === mains.point)
  expect(row).toEqual({ ...said[1], knownAt: 0, installations: ['GRPA01', 'HOME01'] })
  // An import of points writes no list: what the rows before said counts on.
  expect(membershipRows([...said, row, { ...said[1], knownAt: 9, installations: [] }], first.slice(0, 2))).not.toContainEqual(
    expect.objectContaining({ point: mains.point })
  )
})

test('a member that counts nowhere is no member of a load curve', () => {
  const idle = { ...first[0], members: first[0].members.map((each) => ({ ...each, tot: 0, prod: 0, ve: 0 })) }
  expect(membershipRows([], [idle])).toEqual([])
})
