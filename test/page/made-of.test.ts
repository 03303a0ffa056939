import { expect, test } from 'vitest'
import type { Finding, Home, HomeMember } from '../../api/page/answers.js'
import { bodyOf, draftOf, emptyDraft, newMember, pointOf, pointText, problemsOf, relabelled } from '../../api/page/homes/made-of/draft.js'
import { mayEnter } from '../../api/page/homes/made-of/step.js'

const SID = '2dff3d54a32548fdef18586967ae4084'
const PV: HomeMember = {
  ...{ point: `flukso/${SID}`, register: '1.8.0', tot: 0, prod: 1, ve: 0, cons: 1 },
  ...{ label: 'PV', device: 'FL1', startDate: '2022-06-15' }
}
const home: Home = { id: 'HOME01', name: 'Chez nous', zone: 'Europe/Brussels', point: 'installation/HOME01' }
const version = { validFrom: '2022-06-30T22:00:00.000Z', name: 'Chez nous', latitude: 50.8, longitude: null, members: [PV] }

test('a sensor is known by its id, other points by their names', () => {
  expect([pointText(`flukso/${SID}`), pointText('rtu/cabin'), pointText('flukso/kitchen')]).toEqual([SID, 'rtu/cabin', 'flukso/kitchen'])
  expect([pointOf(` ${SID.toUpperCase()} `), pointOf('rtu/cabin '), pointOf(SID.slice(1))]).toEqual([
    `flukso/${SID}`,
    'rtu/cabin',
    SID.slice(1)
  ])
})

test('a dash behind the name turns the direction, unless the register was said otherwise', () => {
  const member = { ...newMember(), label: 'PV' }
  expect(relabelled(member, 'PV-').register).toBe('2.8.0')
  expect(relabelled(relabelled(member, 'PV-'), 'PV').register).toBe('1.8.0')
  expect(relabelled({ ...member, register: '2.8.0' }, 'Sun').register).toBe('2.8.0')
})

test('what is written goes out as the API wants it; since when, people have to say', () => {
  const draft = draftOf(home, version)
  expect(draft.validFrom).toBe('')
  expect(bodyOf({ ...draft, validFrom: '2022-07-01' })).toEqual({
    ...{ validFrom: '2022-07-01', name: 'Chez nous', zone: 'Europe/Brussels', latitude: 50.8, longitude: null },
    members: [PV]
  })
  expect(bodyOf({ ...emptyDraft(), members: [] })).toEqual({ validFrom: '', name: '', latitude: null, longitude: null, members: [] })
})

test('findings stand at their fields, an error before a warning', () => {
  const finding = (level: Finding['level'], row: number, column: string, tab = 'members'): Finding => ({
    ...{ level, tab, row, column, message: `${level} of ${column}`, mend: 'Mend it.' }
  })
  const findings = [
    finding('error', 3, 'point'),
    finding('warning', 3, 'point'),
    finding('warning', 1, 'label'),
    finding('warning', 0, '', 'x')
  ]
  const issues = [
    { path: 'members.0.register', message: 'not valid' },
    { path: 'validFrom', message: 'not valid' }
  ]
  expect([...problemsOf(findings, issues)]).toEqual([
    ['2.point', { level: 'error', text: 'error of point. Mend it.' }],
    ['0.label', { level: 'warning', text: 'warning of label. Mend it.' }],
    ['0.register', { level: 'error', text: 'not valid' }]
  ])
})

test('only what was seen, changes something and has no error may be entered', () => {
  const change = { installation: 'HOME01', validFrom: '', what: 'changed' as const, text: '', fields: [] }
  const seen = (changes: (typeof change)[], findings: Finding[] = [], more = {}) =>
    mayEnter({ is: 'seen', plan: { applied: false, changes, findings, ...more } })
  const found = (level: Finding['level']): Finding => ({ level, tab: '', row: 0, column: '', message: '', mend: '' })
  expect([seen([change]), seen([change], [found('warning')]), seen([], [], { tokens: 2 })]).toEqual([true, true, true])
  expect([seen([]), seen([change], [found('error')]), mayEnter({ is: 'written' }), mayEnter({ is: 'looking' })]).toEqual(
    Array(4).fill(false)
  )
})
