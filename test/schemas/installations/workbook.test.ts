import { expect, test } from 'vitest'
import { findingText } from '../../../schemas/installations/finding.js'
import { ACCESS_TAB, CAPTIONS_TAB, SENSORS_TAB, type Tab } from '../../../schemas/installations/tabs.js'
import { readWorkbook } from '../../../schemas/installations/workbook.js'
import { added, changed, sampleTabs } from './sample.js'

const SID = '8efc63fea35526fd5dbc9866be2bb40a'
const TOKEN = '774ef9235f125a0eb96de0b325d9072c'

const texts = (tabs: readonly Tab[]) => readWorkbook(tabs).findings.map(findingText)
const sample = sampleTabs()

test('the sample: installations, groups, captions, access, tokens', () => {
  const { workbook, findings } = readWorkbook(sample)
  expect(findings).toEqual([])
  expect([...workbook.installations].map(([id, { caption, members }]) => [id, caption, members.length])).toEqual([
    ['HOME01', null, 4],
    ['HOME02', null, 6],
    ['HOME03', null, 2],
    ['GRPA01', "Consommations et productions totales de la rue d'essai", 10]
  ])
  const home = workbook.installations.get('HOME01')!.members
  expect(home[2]).toEqual({
    point: `flukso/${SID}`,
    register: '1.8.0',
    tot: 0,
    prod: 1,
    ve: 0,
    cons: 1,
    label: 'PV',
    device: 'FL00000001',
    startDate: '2022-06-15'
  })
  expect(home.map(({ label, register, tot }) => [label, register, tot])).toEqual([
    ['Mains', '1.8.0', 1],
    ['Mains-', '2.8.0', -1],
    ['PV', '1.8.0', 0],
    ['PV-', '2.8.0', 0]
  ])
  expect(workbook.installations.get('HOME03')!.members.map(({ ve }) => ve)).toEqual([1, -1])
  expect([workbook.tokens.size, workbook.tokens.get(SID)]).toEqual([12, TOKEN])
  expect(Object.fromEntries(workbook.access)).toEqual({
    HOME01: ['HOME01', 'GRPA01'],
    HOME02: ['HOME02', 'GRPA01'],
    HOME03: ['HOME03'],
    GRPA01: ['GRPA01']
  })
})

const sensor = (row: number, cells: Record<string, string>) => changed(sample, SENSORS_TAB, row, cells)
const cases: { when: string; given: Tab[]; told: string[] }[] = [
  {
    when: 'a tab nobody knows',
    given: [...sample, { name: 'InstalationCaptions', rows: [] }],
    told: ['error: InstalationCaptions: nobody knows this tab. Did you mean "InstallationCaptions"?']
  },
  {
    when: 'a tab is missing',
    given: sample.slice(0, 2),
    told: [
      'error: InstallationCaptions: the tab is missing. A workbook has the tabs Export_InstallationSensors, Export_Access, InstallationCaptions.'
    ]
  },
  {
    when: 'a column nobody knows, in place of another',
    given: sensor(1, { Prod: 'Production' }),
    told: [
      `error: ${SENSORS_TAB}, row 1, Production: nobody knows this column. Known here: InstallationId, StartDate, FlmId, Function, Network, Prod, Cons, VE, SensorId, Token.`,
      `error: ${SENSORS_TAB}, row 1, Prod: the column is missing. Headers: InstallationId, StartDate, FlmId, Function, Network, Prod, Cons, VE, SensorId, Token.`
    ]
  },
  {
    when: 'a sensor id that is not hexadecimal',
    given: sensor(4, { SensorId: '8efc63fea35526fd5dbc9866be2bb40X', Function: '' }),
    told: [
      `error: ${SENSORS_TAB}, row 4, SensorId: expected 32 hexadecimal digits, found "8efc63fea35526fd5dbc9866be2bb40X". Copy it from the configuration of the device, and format the column as text.`,
      `warning: ${SENSORS_TAB}, row 5, Function: "PV-" of HOME01 has no partner "PV" on the same device. Add its row; if the clamp counts in one direction only, leave it so.`
    ]
  },
  {
    when: 'a token that is none, which is not shown',
    given: sensor(4, { Token: 'hunter2' }),
    told: [
      `error: ${SENSORS_TAB}, row 4, Token: expected 32 hexadecimal digits, found something else. Copy it from the configuration of the device, and format the column as text.`,
      `warning: ${SENSORS_TAB}, row 5, Function: "PV-" of HOME01 has no partner "PV" on the same device. Add its row; if the clamp counts in one direction only, leave it so.`
    ]
  },
  {
    when: 'two tokens for a sensor',
    given: sensor(16, { Token: 'a'.repeat(32) }),
    told: [
      `error: ${SENSORS_TAB}, row 16, Token: row 4 has another token for this sensor. Keep the right one in both rows.`,
      `warning: ${SENSORS_TAB}, row 17, Function: "PV-" of GRPA01 has no partner "PV" on the same device. Add its row; if the clamp counts in one direction only, leave it so.`
    ]
  },
  {
    when: 'a sensor twice in an installation',
    given: sensor(4, { SensorId: 'b4524c86c05674eddf39c121532749e3', Token: '' }),
    told: [
      `error: ${SENSORS_TAB}, row 4, SensorId: HOME01 has b4524c86c05674eddf39c121532749e3 in row 2 already. Keep one of the two rows.`
    ]
  },
  {
    when: 'a factor that is none',
    given: sensor(2, { Network: '2', Cons: 'yes' }),
    told: [
      `error: ${SENSORS_TAB}, row 2, Network: expected -1, 0, 1 or nothing, found "2". Leave it empty where it does not count.`,
      `error: ${SENSORS_TAB}, row 2, Cons: expected -1, 0, 1 or nothing, found "yes". Leave it empty where it does not count.`,
      `warning: ${SENSORS_TAB}, row 3, Function: "Mains-" of HOME01 has no partner "Mains" on the same device. Add its row; if the clamp counts in one direction only, leave it so.`
    ]
  },
  {
    when: 'a clamp without its export',
    given: changed(sample, SENSORS_TAB, 5, null),
    told: [
      `warning: ${SENSORS_TAB}, row 4, Function: "PV" of HOME01 has no partner "PV-" on the same device. Add its row; if the clamp counts in one direction only, leave it so.`
    ]
  },
  {
    when: 'both directions of a clamp with one sign',
    given: sensor(5, { Prod: '1' }),
    told: [
      `warning: ${SENSORS_TAB}, row 4, Function: "PV" and "PV-" of HOME01 have the same sign. What a clamp counts in its two directions has opposite signs: change one of them.`
    ]
  },
  {
    when: 'an installation without an id',
    given: sensor(12, { InstallationId: '' }),
    told: [
      `error: ${SENSORS_TAB}, row 12, InstallationId: expected the id of an installation, found nothing. Write letters, digits and . _ -, at most 64, such as HOME01.`,
      `warning: ${SENSORS_TAB}, row 13, Function: "Borne-" of HOME03 has no partner "Borne" on the same device. Add its row; if the clamp counts in one direction only, leave it so.`
    ]
  },
  {
    when: 'access to an installation without sensors',
    given: added(sample, ACCESS_TAB, { Login: 'HOME09', InstallationId: 'HOME09' }),
    told: [
      `warning: ${ACCESS_TAB}, row 8, InstallationId: HOME09 has no sensors. Add its sensors in ${SENSORS_TAB}, or correct the id; until then there is nothing to see.`
    ]
  },
  {
    when: 'a login that can be none',
    given: added(sample, ACCESS_TAB, { Login: 'Jean Dupont', InstallationId: 'HOME01' }),
    told: [`error: ${ACCESS_TAB}, row 8, Login: expected a name, found "Jean Dupont". Write letters, digits and . _ @ -, at most 64.`]
  },
  {
    when: 'two captions for a group',
    given: added(sample, CAPTIONS_TAB, { InstallationId: 'GRPA01', Caption: 'Rue' }),
    told: [`error: ${CAPTIONS_TAB}, row 3, InstallationId: GRPA01 has a caption already. Keep one of the two rows.`]
  }
]
for (const { when, given, told } of cases) test(when, () => expect(texts(given)).toEqual(told))

test('no finding holds a token, whatever is wrong', () => {
  for (const { given } of cases) expect(texts(given).join()).not.toMatch(/774ef9|da21a1|hunter2|aaaaaa/)
})

test('columns may stand in any order, rows may be empty, ids in capitals', () => {
  const [sensors, ...others] = sample
  const rows = sensors.rows.map((row) => [...row].reverse().map((cell) => (/^[0-9a-f]{32}$/.test(cell) ? cell.toUpperCase() : ` ${cell}`)))
  const shuffled = [{ name: sensors.name, rows: [rows[0], [], ...rows.slice(1), ['', ' ']] }, ...others]
  expect(readWorkbook(shuffled)).toEqual(readWorkbook(sample))
})

test('a register that the ledger has otherwise is told', () => {
  const counting = [
    { point: `flukso/${SID}`, register: '2.8.0' },
    { point: 'flukso/b4524c86c05674eddf39c121532749e3', register: '1.8.0' }
  ]
  const { findings } = readWorkbook(sample, counting)
  expect(findings.map(({ level, row, column, message }) => [level, row, column, message])).toEqual([
    ['warning', 4, 'SensorId', `it is taken for register 1.8.0, and the ledger has 2.8.0 of flukso/${SID}`],
    ['warning', 16, 'SensorId', `it is taken for register 1.8.0, and the ledger has 2.8.0 of flukso/${SID}`]
  ])
})
