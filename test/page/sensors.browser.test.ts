import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { encode } from '../producers/flukso/blocks.js'
import { serveTmpo, type TmpoService } from '../producers/flukso/tmpo-server.js'
import { sidOf } from '../whole/files.js'
import { CHROMIUM, nameless, overhang, titled } from './browser.js'
import { OWNER, openStreet, type Street, soon } from './street.js'

/** What administrators see of sensors: tokens that they paste, what becomes of them, and the days that are missing. */
const TOKEN = 'fedcba9876543210'.repeat(2)
const WRONG = '0123456789abcdef'.repeat(2)
const CLAMP = sidOf(4)
const HOLE = 'b4524c86c05674eddf39c121532749e3'
const JULY = 'month=2022-07&view=sensors'

let street: Street
let service: TmpoService

describe.skipIf(CHROMIUM === null)(titled('sensors in Chromium'), () => {
  beforeAll(async () => {
    service = await serveTmpo()
    const samples = Array.from({ length: 30 }, (_, i): [number, number] => [1404224000 + 8 * i, 1000 * i])
    const cfg = { id: CLAMP, rid: 0, type: 'electricity', subtype: 'pplus', data_type: 'counter', unit: 'Wh' }
    service.sensors.set(CLAMP, { token: TOKEN, blocks: new Map([['0/8/1404224000', encode({ samples, cfg })]]) })
    street = await openStreet({ flukso: `flukso: { http: { url: '${service.url}', everyMinutes: 0.05 } }` })
  }, 120_000)
  afterEach(async () => expect(await street.leave()).toEqual([]))
  afterAll(async () => {
    await street?.close()
    await service?.close()
  })

  test('a household sees nothing of it, whatever address it writes', async () => {
    const page = await street.enter('HOME01')
    for (const view of ['sensors', 'members']) {
      await page.goto(`${street.url}/#/homes?view=${view}`)
      await page.getByTestId('home HOME01').waitFor()
      for (const id of ['sensors', 'sensor-days', 'calendar']) expect(await page.getByTestId(id).count()).toBe(0)
      expect(await page.getByRole('button', { name: 'Sensors' }).count()).toBe(0)
    }
    const statuses = await page.evaluate(`Promise.all([
      fetch('/v1/sensors'),
      fetch('/v1/installations/completeness'),
      fetch('/v1/sensors', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }),
      fetch('/v1/sensors/${CLAMP}', { method: 'DELETE' })
    ]).then((all) => all.map(({ status }) => status))`)
    expect(statuses).toEqual([403, 403, 403, 403])
    // The browser complains of what it was refused.
    expect((await street.leave()).every((each) => each.includes('403'))).toBe(true)
  })

  test('a sensor is added by its id and token: a refused one is told, the right one takes its place, and its blocks come', async () => {
    const page = await street.enter(OWNER)
    await page.goto(`${street.url}/#/homes?view=sensors`)
    const sensors = page.getByTestId('sensors')
    const path = join(street.data, 'sensor-tokens.json')
    const before = Object.keys(JSON.parse(readFileSync(path, 'utf8'))).length
    await sensors.getByText('Add a sensor').click()
    await sensors.getByLabel('Id of the sensor').fill(` ${CLAMP} `)
    await sensors.getByLabel('Token', { exact: true }).fill(WRONG.slice(1))
    await sensors.getByRole('button', { name: 'Add', exact: true }).click()
    await soon(() => sensors.getByRole('alert').textContent()).toContain('token: expected 32 hex digits (0-9, a-f), found 31 characters')
    await sensors.getByLabel('Token', { exact: true }).fill(WRONG)
    await sensors.getByRole('button', { name: 'Add', exact: true }).click()
    const given = page.getByTestId('given')
    await soon(() => given.textContent()).toContain('The token is refused (status 401): copy it again')
    await soon(() => sensors.getByRole('row').filter({ hasText: CLAMP }).textContent()).toContain('token refused')
    await sensors.getByLabel('Id of the sensor').fill(CLAMP)
    await sensors.getByLabel('Token', { exact: true }).fill(TOKEN)
    await sensors.getByRole('button', { name: 'Replace the token' }).click()
    await soon(() => given.textContent()).toContain('Its token took the place of the one before')
    await soon(() => given.textContent()).toContain('its blocks come')
    expect(await sensors.getByLabel('Token', { exact: true }).inputValue()).toBe('')
    const kept = JSON.parse(readFileSync(path, 'utf8'))
    expect([Object.keys(kept).length, kept[CLAMP], statSync(path).mode & 0o777]).toEqual([before + 1, TOKEN, 0o600])
    expect(await page.content()).not.toContain(TOKEN)
    await given.getByRole('link').click()
    await page.getByTestId('curve').waitFor()
    await page.goBack()
    await sensors.getByRole('button', { name: `Remove the token of ${CLAMP}` }).click()
    await sensors.getByRole('button', { name: 'Remove its token' }).click()
    await soon(() => sensors.getByRole('row').filter({ hasText: CLAMP }).count()).toBe(0)
    expect(readFileSync(path, 'utf8')).not.toContain(CLAMP)
    // The wrong form was answered with a 400, and the browser says so.
    expect((await street.leave()).every((each) => each.includes('400'))).toBe(true)
  })

  test('an alert shows when it is told, and nobody asks again and again', async () => {
    const page = await street.enter(OWNER)
    await page.goto(`${street.url}/#/alerts`)
    await page.getByRole('heading', { name: 'Alerts' }).waitFor()
    const sid = sidOf(5)
    const card = page.getByTestId(`alert block-rejected flukso/${sid} firing`)
    await soon(() => page.getByTestId(/^alert block-rejected/).count()).toBeGreaterThanOrEqual(12)
    expect(await card.count()).toBe(0)
    let asked = 0
    page.on('request', (request) => {
      if (new URL(request.url()).pathname === '/v1/alerts') asked++
    })
    await street.give(sid, WRONG)
    await card.waitFor()
    // The step itself, the store that may be behind it, and what others meanwhile.
    await page.waitForTimeout(6_000)
    const settled = asked
    await page.waitForTimeout(7_000)
    expect(asked).toBe(settled)
  })

  test('the days that are missing, of all sensors or of one installation; a day in numbers', async () => {
    const page = await street.enter(OWNER)
    const asked: string[] = []
    page.on('request', (request) => void asked.push(new URL(request.url()).pathname))
    await page.goto(`${street.url}/#/homes?${JULY}&show=all`)
    const days = page.getByTestId('sensor-days')
    await soon(() => days.getByTestId(/^gaps /).count()).toBe(12)
    expect(asked.filter((path) => path === '/v1/installations/completeness')).toHaveLength(1)
    // What is asked before belongs to the page that was left.
    expect(asked.slice(asked.indexOf('/v1/installations/completeness'))).not.toContain('/v1/series')
    await days.getByText(/^None of 12 sensors are complete in July 2022; 12 miss \d+ days together\./).waitFor()
    const row = days.getByTestId(`gaps flukso/${HOLE} 1.8.0`)
    expect(await row.getByRole('link', { name: 'Sat, 2 Jul 2022: nothing is there' }).count()).toBe(1)
    await row.getByRole('link', { name: /^Fri, 1 Jul 2022: \d+\.\d % missing$/ }).click()
    const picked = page.getByTestId('picked-day')
    await soon(() => picked.textContent()).toMatch(
      /Fri, 1 Jul 2022: \d+\.\d % missing\. Of the month 30 days and a part of 1 day missing, 31 days together\./
    )
    expect(page.url()).toContain('#/homes')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Enter')
    await soon(() => picked.textContent()).toContain('Sat, 2 Jul 2022: nothing is there.')
    await page.getByLabel('Installation').selectOption('HOME03')
    await soon(() => days.getByTestId(/^gaps /).count()).toBe(2)
    await page.getByTestId('sensor-days').getByRole('button', { name: 'Month before' }).click()
    await days.getByText('Nothing is expected of any sensor in June 2022.').waitFor()
  })

  for (const phone of [false, true])
    test(`${phone ? 'on a phone' : 'on a desk'}: nothing hangs over, everything has a name`, async () => {
      const page = await street.enter(OWNER, { phone })
      await page.goto(`${street.url}/#/homes?${JULY}`)
      await page.getByTestId('calendar').waitFor()
      await page.getByText('Add a sensor').click()
      await page
        .getByTestId(/^gaps /)
        .first()
        .locator('.day')
        .first()
        .click()
      await page.getByTestId('picked-day').waitFor()
      expect([await nameless(page), await overhang(page)]).toEqual([[], 0])
      if (process.env.SHOTS)
        await page.screenshot({ path: join(process.env.SHOTS, `sensors-${phone ? 'phone' : 'desk'}.png`), fullPage: true })
    })
})
