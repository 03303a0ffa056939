import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { readTabs, writeTabs } from '../../infra/workbook.js'
import { SENSORS_TAB } from '../../schemas/installations/tabs.js'
import { added, changed, sampleTabs } from '../schemas/installations/sample.js'
import { type Json, temporary } from '../whole/platform.js'
import { CHROMIUM, nameless, overhang, titled } from './browser.js'
import { OWNER, openStreet, type Street, soon } from './street.js'

/** What installations are made of, said otherwise on the page: seen first, then entered, then computed again. */
const SOLAR = { '794b365d2cb1b7ddc9f26dd21c952d77': '', '8efc63fea35526fd5dbc9866be2bb40a': '', a64d85b60a2e95abd2dacd74e120d66b: '' }

let street: Street

const versionsOf = async (id: string): Promise<Json[]> =>
  (await street.get('/v1/installations')).installations.find((each: Json) => each.id === id)?.versions ?? []
const produced = async (): Promise<string> => {
  const query = new URLSearchParams({ point: 'installation/HOME01', register: 'p_prod', grid: 'P1D', from: '2022-07-01', to: '2022-07-02' })
  return (await street.get(`/v1/series?${query}`)).rows[0].kwh
}
const at = async (id: string | null, phone = false): Promise<Page> => {
  const page = await street.enter(OWNER, { phone })
  await page.goto(`${street.url}/#/homes${id === null ? '' : `/${id}`}?view=members`)
  return page
}
const look = (within: Locator) => within.getByRole('button', { name: 'See what changes' }).click()
const shot = async (page: Page, name: string) => {
  if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, `${name}.png`), fullPage: true })
}

describe.skipIf(CHROMIUM === null)(titled('what installations are made of, in Chromium'), () => {
  beforeAll(async () => {
    street = await openStreet()
  }, 120_000)
  afterEach(async () => expect(await street.leave()).toEqual([]))
  afterAll(() => street?.close())

  test('a household sees none of it, and its routes refuse', async () => {
    const page = await street.enter('HOME01')
    await page.goto(`${street.url}/#/homes/HOME01?view=members`)
    await page.getByTestId('home HOME01').waitFor()
    for (const id of ['made-of', 'installations', 'workbook']) expect(await page.getByTestId(id).count()).toBe(0)
    const statuses = await page.evaluate(`Promise.all([
      fetch('/v1/installations/HOME01?dryRun=true', { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{}' }),
      fetch('/v1/installations/HOME01?from=2022-08-01&dryRun=true', { method: 'DELETE' }),
      fetch('/v1/installations/workbook'),
      fetch('/v1/installations/workbook?dryRun=true', { method: 'POST', body: new Blob(['x']) })
    ]).then((all) => all.map(({ status }) => status))`)
    expect(statuses).toEqual([403, 403, 403, 403])
    expect((await street.leave()).every((each) => each.includes('403'))).toBe(true)
  })

  test('what one is made of: its members, their factors, since when', async () => {
    const page = await at(null)
    await page.getByTestId('installations').getByRole('link', { name: 'HOME01' }).click()
    const rows = page.getByTestId('made-of').getByRole('row')
    await soon(() => rows.count()).toBe(5)
    expect(await rows.nth(3).getByRole('cell').allTextContents()).toEqual(
      expect.arrayContaining(['PV', '8efc63fea35526fd5dbc9866be2bb40a', '1.8.0', '+1'])
    )
    expect(await page.getByLabel('Version').locator('option').allTextContents()).toEqual(['from Fri, 1 Jul 2022 (holds now)'])
  })

  test('a sign is corrected: errors and warnings stand at their fields, differences are seen first, then the day is told anew', async () => {
    const before = await produced()
    expect(before).toMatch(/^-1\.7/)
    const page = await at('HOME01')
    await page.getByRole('button', { name: 'Change', exact: true }).click()
    const editor = page.getByTestId('editor')
    expect(await editor.getByRole('button', { name: 'See what changes' }).isDisabled()).toBe(true)
    await editor.getByRole('button', { name: /^As of 2022-07-01/ }).click()
    await look(editor)
    await editor.getByText('Nothing differs from what holds already.').waitFor()
    expect(await editor.getByRole('button', { name: 'Enter the change' }).count()).toBe(0)

    // The same sensor twice: an error, where it is written.
    const third = editor.getByTestId('member 3')
    await third.getByLabel('Sensor, or point').fill('794b365d2cb1b7ddc9f26dd21c952d77')
    await third.getByLabel('Function').fill('PV')
    await look(editor)
    await soon(() => third.locator('.problems').textContent()).toContain('HOME01 has 794b365d2cb1b7ddc9f26dd21c952d77 in row 2 already')
    expect(await third.getByLabel('Sensor, or point').getAttribute('aria-invalid')).toBe('true')
    expect(await editor.getByRole('button', { name: 'Enter the change' }).count()).toBe(0)
    await shot(page, 'made-of-error')
    await third.getByLabel('Sensor, or point').fill('8efc63fea35526fd5dbc9866be2bb40a')

    // Both directions of one sign: a warning, and it may be entered.
    const fourth = editor.getByTestId('member 4')
    await fourth.getByLabel(/^Prod/).selectOption('1')
    await look(editor)
    await soon(() => third.locator('.problems').textContent()).toContain('"PV" and "PV-" of HOME01 have the same sign')
    await editor.getByRole('button', { name: 'Enter the change' }).waitFor()
    await third.getByLabel(/^Prod/).selectOption('-1')
    // What was seen is not what is written any more.
    await editor.getByRole('button', { name: 'Enter the change' }).waitFor({ state: 'detached' })
    await look(editor)
    const cells = (name: string) => editor.getByRole('row').filter({ hasText: name }).getByRole('cell').allTextContents()
    await soon(() => cells('"PV" Prod')).toEqual(['sensor 8efc63fea35526fd5dbc9866be2bb40a "PV" Prod', '1', '-1'])
    await shot(page, 'made-of-preview')
    await editor.getByRole('button', { name: 'Enter the change' }).click()
    const revision = page.getByTestId('revision')
    await soon(() => revision.textContent()).toBe('Entered: 1 day told anew.')
    expect(await produced()).toBe(before.slice(1))
    expect((await versionsOf('HOME01')).map(({ members }) => members[2].prod)).toEqual([-1])
    await soon(() => page.getByTestId('made-of').getByRole('row').nth(3).textContent()).toContain('-1')
  })

  test('a new one, of a sensor that is pasted by its id; it ends, and its end is taken back', async () => {
    const page = await at(null)
    await page.getByRole('button', { name: 'New installation' }).click()
    const editor = page.getByTestId('editor')
    await editor.getByLabel('Id', { exact: true }).fill('HOME01')
    await editor.getByText('There is an installation HOME01 already').waitFor()
    await editor.getByLabel('Id', { exact: true }).fill('HOME09')
    await editor.getByLabel('Caption').fill('Chez nous')
    await editor.getByLabel('Holds from midnight of').fill('2022-07-01')
    const first = editor.getByTestId('member 1')
    await first.getByLabel('Sensor, or point').fill(' 2DFF3D54A32548FDEF18586967AE4084 ')
    await first.getByLabel('Function').fill('Mains-')
    await first.getByLabel('Network').selectOption('-1')
    expect(await first.getByLabel('Register').inputValue()).toBe('2.8.0')
    await first.getByLabel('Register').fill('no register')
    await look(editor)
    await soon(() => editor.getByRole('alert').textContent()).toContain('members.0.register')
    await first.getByLabel('Register').fill('2.8.0')
    await look(editor)
    await soon(() => editor.getByTestId('preview').textContent()).toContain('HOME09 is new from Fri, 1 Jul 2022 on')
    await editor.getByRole('button', { name: 'Enter it' }).click()
    await soon(() => page.getByTestId('revision').textContent()).toContain('Entered')
    expect(await versionsOf('HOME09')).toMatchObject([
      { name: 'Chez nous', members: [{ point: 'flukso/2dff3d54a32548fdef18586967ae4084', register: '2.8.0', tot: -1, label: 'Mains-' }] }
    ])
    await page.getByTestId('installations').getByRole('link', { name: 'HOME09' }).click()
    await page.getByRole('button', { name: 'End it' }).click()
    await page.getByLabel('From midnight of').fill('2022-08-01')
    await look(page.getByTestId('preview'))
    await soon(() => page.getByTestId('end-it').textContent()).toContain('HOME09 has no members any more; what was before stays')
    await page.getByTestId('preview').getByRole('button', { name: 'End it' }).click()
    await soon(async () => (await versionsOf('HOME09')).map(({ members }) => members.length)).toEqual([1, 0])
    await page.getByText('It has no members from then on.').waitFor()
    await page.getByRole('button', { name: 'Take this version back' }).click()
    await look(page.getByTestId('preview'))
    await page.getByRole('button', { name: 'Take it back' }).click()
    await soon(async () => (await versionsOf('HOME09')).length).toBe(1)
    // The register that is none was answered with a 400, and the browser says so.
    expect((await street.leave()).every((each) => each.includes('400'))).toBe(true)
  })

  test('a workbook: errors enter nothing; differences, people and their secrets; and what is downloaded is what holds', async () => {
    const folder = temporary()
    const book = async (name: string, tabs: Parameters<typeof writeTabs>[0]): Promise<string> => {
      writeFileSync(join(folder, name), await writeTabs(tabs))
      return join(folder, name)
    }
    const page = await at(null)
    const card = page.getByTestId('workbook')
    await card
      .getByLabel('Workbook (.xlsx)')
      .setInputFiles(await book('wrong.xlsx', changed(sampleTabs(), SENSORS_TAB, 3, { Network: '2' })))
    await card.getByLabel('Holds from midnight of').fill('2022-08-01')
    await look(card)
    await soon(() => card.getByRole('list', { name: 'What is wrong, or may be' }).textContent()).toContain(
      `${SENSORS_TAB}, row 3, Network: expected -1, 0, 1 or nothing, found "2"`
    )
    expect(await card.getByRole('button', { name: 'Enter the workbook' }).count()).toBe(0)
    const tabs = added(sampleTabs('v2'), 'Export_Access', { Login: 'Ana', InstallationId: 'HOME02' })
    await card.getByLabel('Workbook (.xlsx)').setInputFiles(await book('Configuration02_20220801.xlsx', tabs))
    await card.getByLabel('Holds from the day that its name says, or from').fill('')
    await look(card)
    await soon(() => card.getByRole('list', { name: 'People' }).textContent()).toBe('Ana is new and may see HOME02')
    expect(await card.getByTestId('secrets').count()).toBe(0)
    await shot(page, 'workbook-preview')
    await card.getByRole('button', { name: 'Enter the workbook' }).click()
    await soon(() => card.getByTestId('secrets').textContent()).toMatch(/^Anawl_[\w-]{43}$/)
    expect((await versionsOf('GRPA01')).map(({ validFrom }) => validFrom)).toEqual(['2022-06-30T22:00:00.000Z', '2022-07-31T22:00:00.000Z'])
    const download = page.waitForEvent('download')
    await card.getByRole('link', { name: 'Download' }).click()
    const [sensors, access] = await readTabs(readFileSync(await (await download).path()))
    expect(access.rows).toContainEqual(['Ana', 'HOME02'])
    const tokens = Object.keys(SOLAR)
    expect(sensors.rows.filter((row) => tokens.includes(row[8])).every((row) => (row[9] ?? '') === '')).toBe(true)
  })

  for (const phone of [false, true])
    test(`${phone ? 'on a phone' : 'on a desk'}: nothing hangs over, everything has a name`, async () => {
      const page = await at(null, phone)
      await page.getByTestId('installations').waitFor()
      expect([await nameless(page), await overhang(page)]).toEqual([[], 0])
      await shot(page, `made-of-all-${phone ? 'phone' : 'desk'}`)
      await page.goto(`${street.url}/#/homes/HOME02?view=members`)
      await page.getByRole('button', { name: 'Change', exact: true }).click()
      await page.getByRole('button', { name: /^As of/ }).click()
      await page.getByTestId('member 6').getByLabel('Sensor, or point').fill('456f35e533d8889d797881c995a53c71')
      await look(page.getByTestId('editor'))
      await page.getByTestId('member 6').locator('.problems').waitFor()
      expect([await nameless(page), await overhang(page)]).toEqual([[], 0])
      await shot(page, `made-of-one-${phone ? 'phone' : 'desk'}`)
    })
})
