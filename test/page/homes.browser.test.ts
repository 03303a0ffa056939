import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { encode } from '../producers/flukso/blocks.js'
import { temporary } from '../whole/platform.js'
import { CHROMIUM, type How, nameless, overhang, titled } from './browser.js'
import { OWNER, openStreet, type Street, soon } from './street.js'

const DAY = 'day=2022-07-01'
/** HOME01: what its clamps count in 8 s, thousandths of Wh, when 1800 W are produced, 450 W used and 1350 W injected. */
const CLAMPS = [
  { sid: 'b4524c86c05674eddf39c121532749e3', subtype: 'pplus', step: 0 },
  { sid: '794b365d2cb1b7ddc9f26dd21c952d77', subtype: 'pminus', step: 3000 },
  { sid: '8efc63fea35526fd5dbc9866be2bb40a', subtype: 'pplus', step: 0 },
  { sid: 'a64d85b60a2e95abd2dacd74e120d66b', subtype: 'pminus', step: 4000 }
]

/** A sensor that is asked for where nobody answers. */
const AWAY = 'fed676021dacaaf6a12a8dda7685be34'

let street: Street

/** Blocks of the last seconds, of all clamps of HOME01; `rid` 1: other meters than those of 2022. */
const recent = async (samples: number): Promise<void> => {
  const last = Math.floor(Date.now() / 8000) * 8
  for (const { sid, subtype, step } of CLAMPS) {
    const list = Array.from({ length: samples }, (_, i): [number, number] => [last - 8 * (samples - 1 - i), i * step])
    const cfg = { id: sid, rid: 1, type: 'electricity', subtype, data_type: 'counter', unit: 'Wh' }
    const bid = list[0][0] - (list[0][0] % 2 ** 20)
    await street.send({ name: `${sid}/1/20/${bid}.gz`, bytes: encode({ samples: list, cfg, doubled: true }) })
  }
}

/** kWh of 1 July as the API tells it. */
const dayOf =
  (id: string) =>
  async (register: string): Promise<string> => {
    const query = new URLSearchParams({ point: `installation/${id}`, register, grid: 'P1D', from: '2022-07-01', to: '2022-07-02' })
    return (await street.get(`/v1/series?${query}`)).rows[0].kwh
  }

const figuresOf = (page: Page, id: string): Promise<string[]> => page.getByTestId(`energy ${id}`).locator('dd.figure').allTextContents()
const pictureOf = (page: Page, id: string) => page.getByTestId(`chart ${id}`).getByRole('img')

describe.skipIf(CHROMIUM === null)(titled('homes in Chromium'), () => {
  beforeAll(async () => {
    const secret = join(temporary(), 'clamp.token')
    writeFileSync(secret, 'f'.repeat(32), { mode: 0o600 })
    // Port 1 answers nobody.
    street = await openStreet({
      flukso: `flukso: { http: { url: 'http://127.0.0.1:1', sensors: [{ sensor: ${AWAY}, token: { file: ${secret} } }] } }`
    })
  }, 120_000)
  afterEach(async () => expect(await street.leave()).toEqual([]))
  afterAll(() => street?.close())

  test('who pastes their secret is at home: own installation and its group, nobody else’s', async () => {
    const page = await street.enter('HOME01')
    await page.getByTestId('home HOME01').waitFor()
    expect(page.url()).toContain('#/homes')
    expect(await page.getByTestId(/^home /).count()).toBe(2)
    expect(await page.getByTestId('home GRPA01').getByRole('heading').textContent()).toContain(
      "Consommations et productions totales de la rue d'essai"
    )
    expect(await page.getByLabel('Installation').locator('option').count()).toBe(3)
    await page.goto(`${street.url}/#/homes/HOME02?${DAY}`)
    await page.getByText('There is no installation “HOME02” here, or it is not open to you.').waitFor()
  })

  test('a figure of the day says which sensors it is made of; of a group, only one’s own one by one', async () => {
    const page = await street.enter('HOME01')
    await page.goto(`${street.url}/#/homes?${DAY}`)
    const told = async (id: string): Promise<string[]> => {
      const home = page.getByTestId(`home ${id}`)
      await home.getByRole('button', { name: 'Why this consumption?' }).click()
      const rows = home.getByTestId('day-why').locator('tbody tr')
      await rows.first().waitFor()
      return rows.allInnerTexts()
    }
    const kwhOf = (row: string): number => Number(/(-?[\d.]+) kWh/.exec(row)![1])
    for (const id of ['HOME01', 'GRPA01']) {
      const rows = await told(id)
      expect(rows.reduce((sum, row) => sum + kwhOf(row), 0)).toBeCloseTo(Number(await dayOf(id)('p_cons')), 6)
      expect(rows.map((row) => row.split(/[\t(]/)[0].trim()).slice(0, 4)).toEqual(['Mains', 'Mains-', 'PV', 'PV-'])
      expect(rows.slice(4).map((row) => row.split('\t')[0])).toEqual(id === 'GRPA01' ? ['6 that are not open to you'] : [])
    }
    await page.setViewportSize({ width: 390, height: 844 })
    expect(await overhang(page)).toBe(0)
  })

  test('a day in kWh, to the last digit, as the API has it; a day without data shows none', async () => {
    const page = await street.enter('HOME01')
    await page.goto(`${street.url}/#/homes?${DAY}`)
    for (const id of ['HOME01', 'GRPA01']) {
      const [used, produced, withdrawn, injected] = await Promise.all(['p_cons', 'p_prod', 'withdrawal', 'injection'].map(dayOf(id)))
      // What is produced counts below zero.
      expect(produced).toMatch(/^-1\.725/)
      await soon(() => figuresOf(page, id)).toEqual([used, produced.slice(1), withdrawn, injected].map((each) => `${each} kWh`))
    }
    await page.getByRole('button', { name: 'Day before' }).click()
    await soon(() => figuresOf(page, 'HOME01')).toEqual(['–', '–', '–', '–'])
    expect(await page.getByLabel('Day', { exact: true }).inputValue()).toBe('2022-06-30')
    await soon(() => pictureOf(page, 'HOME01').getAttribute('aria-label')).toBe('Power of the day: nothing was measured.')
    await page.getByLabel('Day', { exact: true }).fill('2022-07-01')
    await soon(() => figuresOf(page, 'HOME01')).toContain('0.089600 kWh')
    const before = page.getByTestId('home HOME01').locator('details')
    await before.locator('summary').click()
    expect(await before.getByRole('row').filter({ hasText: 'Thu, 30 Jun 2022' }).getByRole('cell').allTextContents()).toEqual([
      ...['–', '–', '–', '–'],
      '0.0 %'
    ])
  })

  test('a few minutes of it are asked for in slots of 8 s; what is drawn has gaps where nothing is known', async () => {
    const page = await street.enter('HOME01')
    const [from, to] = ['2022-07-01T11:52:24Z', '2022-07-01T12:10:00Z'].map((at) => Date.parse(at))
    const asked = page.waitForRequest((request) => request.url().includes('grid=PT8S') && request.url().includes('register=p_tot'))
    await page.goto(`${street.url}/#/homes/HOME01?${DAY}&from=${from}&to=${to}`)
    expect(new URL((await asked).url()).searchParams.get('format')).toBe('columns')
    // A7: from -1350 W to 2070 W, until 12:00:56.
    await soon(() => pictureOf(page, 'HOME01').getAttribute('aria-label')).toBe(
      'Power of the day: from the grid between -1.35 kW and 2.07 kW. 9 min missing.'
    )
    const plot = page.getByTestId('chart HOME01').locator('.u-over')
    const { width, height } = (await plot.boundingBox())!
    const pointAt = (at: string) => plot.hover({ position: { x: ((Date.parse(at) - from) / (to - from)) * width, y: height / 2 } })
    await pointAt('2022-07-01T11:56:00Z')
    for (const said of ['13:55', 'Consumption', '450 W', 'Production', '-1.80 kW', 'Injection', '-1.35 kW'])
      await soon(() => page.locator('.tooltip').textContent()).toContain(said)
    await pointAt('2022-07-01T12:05:00Z')
    await page.locator('.tooltip').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Whole day' }).click()
    await soon(() => page.url()).not.toContain('from=')
  })

  test('a charging station: its vehicles are drawn and added up', async () => {
    const page = await street.enter('HOME03')
    await page.goto(`${street.url}/#/homes?${DAY}`)
    await soon(() => pictureOf(page, 'HOME03').getAttribute('aria-label')).toMatch(/^Power of the day: vehicles up to \d/)
    expect(await page.getByTestId('chart HOME03').locator('.legend').textContent()).toContain('Vehicles')
    const vehicles = await dayOf('HOME03')('p_ve')
    await soon(() => figuresOf(page, 'HOME03')).toContain(`${vehicles} kWh`)
    if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, 'vehicles.png'), fullPage: true })
    const other = await street.enter('HOME01')
    await other.goto(`${street.url}/#/homes?${DAY}`)
    await soon(() => other.getByTestId('chart HOME01').locator('.legend').textContent()).toContain('Grid')
    expect(await other.getByTestId('chart HOME01').textContent()).not.toContain('Vehicles')
  })

  test('today comes live, and what it is now stands there without a reload', async () => {
    const page = await street.enter('HOME01')
    await page.getByTestId('home HOME01').waitFor()
    await page.getByRole('button', { name: 'Today' }).click()
    await recent(30)
    const now = page.getByTestId('now HOME01').locator('dd')
    await soon(() => now.allTextContents()).toEqual(['450 W', '-1.80 kW', '-1.35 kW'])
    await soon(() => pictureOf(page, 'HOME01').getAttribute('aria-label')).toContain('between -1.35 kW and -1.35 kW')
    // A neighbour is missing, so nobody knows what the group takes.
    expect(await pictureOf(page, 'GRPA01').getAttribute('aria-label')).toBe('Power of the day: nothing was measured.')
    expect(await page.getByTestId('now GRPA01').count()).toBe(0)
  })

  test('an administrator chooses among all, and sees how the sensors are', async () => {
    const page = await street.enter(OWNER)
    await page.getByRole('link', { name: 'Homes' }).click()
    await page.getByRole('button', { name: 'Sensors' }).click()
    const sensors = page.getByTestId('sensors')
    await sensors.getByText(/not fine\.$/).waitFor()
    await soon(() => sensors.getByRole('row').filter({ hasText: AWAY }).textContent()).toContain('no answer')
    await page.getByRole('button', { name: 'Power' }).click()
    await page.getByLabel('Installation').selectOption('HOME02')
    await page.getByTestId('home HOME02').waitFor()
    expect(await page.getByTestId(/^home /).count()).toBe(1)
  })

  for (const how of [{ phone: true }, { dark: true }] satisfies How[]) {
    test(`${how.phone ? 'on a phone' : 'on a desk'}, ${how.dark ? 'dark' : 'light'}: nothing hangs over, everything has a name`, async () => {
      const page = await street.enter('HOME01', how)
      for (const path of [`/homes?${DAY}`, '/alerts']) {
        await page.goto(`${street.url}/#${path}`)
        await page.locator('main h1').waitFor()
        await soon(() => page.locator('.loading').count()).toBe(0)
        expect([path, await nameless(page), await overhang(page)]).toEqual([path, [], 0])
        if (how.phone) expect(await page.evaluate('document.querySelector(".tabs").scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
      }
    })
  }
})
