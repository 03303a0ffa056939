import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Mail } from '../../../schemas/settings-outlets.js'
import { mailedAt, runMailSink } from '../../../sinks/mail/sink.js'
import type { Outlet } from '../../../sinks/outbox/run.js'
import { MINUTE, NOON, openRig, type Rig, stop } from '../outbox/rig.js'
import { type MailServer, mailServer } from './server.js'

let rig: Rig
let server: MailServer
let outlet: Outlet | null = null
beforeEach(async () => {
  rig = await openRig()
  server = await mailServer()
})
afterEach(async () => {
  if (outlet) await stop(outlet)
  outlet = null
  await server.close()
  await rig.close()
})

const ANNA = { name: 'anna', to: ['anna@example.org'], delayMinutes: 0 }
const settingsOf = (more: Record<string, unknown> = {}, port = server.port): Mail =>
  Mail.parse({ host: '127.0.0.1', port, tls: 'none', from: 'Ledger <ledger@example.org>', recipients: [ANNA], ...more })
const start = (settings = settingsOf(), password = 'secret-of-mail') => {
  const { log, wire } = rig.embedded
  outlet = runMailSink(settings, { log, wire, now: () => rig.now, password: () => password })
  return outlet
}
const restart = async (settings?: Mail) => {
  await stop(outlet as Outlet)
  await rig.reopen()
  return start(settings)
}

test('what began together is one mail; its end is another', async () => {
  const sink = start()
  await rig.tell({ subject: 'HOME02' }, { subject: 'HOME01', rule: 'sign-consumption', text: 'P_cons is <below> -15 W.' })
  await rig.settled(sink)
  expect(server.received).toHaveLength(1)
  const [{ to, subject, text, html }] = server.received
  expect(to).toEqual(['anna@example.org'])
  expect(subject).toBe('Wattledger: 2 began (HOME02, HOME01)')
  expect(text).toMatch(
    /^Began\n {2}HOME01\n {4}sign-consumption, warning, since 2026-05-01 12:00\. P_cons is <below> -15 W\.\n {2}HOME02\n/
  )
  expect(html).toContain('P_cons is &lt;below&gt; -15 W.')

  await rig.tell({ subject: 'HOME02', state: 'ok', until: NOON + MINUTE, since: NOON })
  await rig.settled(sink)
  expect(server.received).toHaveLength(2)
  expect(server.received[1].subject).toBe('Wattledger: 1 over (HOME02)')
  expect(server.received[1].text).toContain('from 2026-05-01 12:00 to 2026-05-01 12:01')
})

test('what is only recorded, and what expired before it came here, is told nobody', async () => {
  await rig.tell({ notify: false }, { subject: 'HOME02', expires: NOON - 1 })
  const sink = start()
  await rig.settled(sink)
  expect(server.received).toEqual([])
})

test('within the delay: what is taken back is told nobody, what is over came and went', async () => {
  const sink = start(settingsOf({ recipients: [{ ...ANNA, delayMinutes: 5 }] }))
  await rig.tell({ subject: 'HOME01' }, { subject: 'HOME02' })
  await rig.settled(sink)
  rig.now += 4 * MINUTE
  await rig.tell({ subject: 'HOME01', since: NOON, state: 'retracted' })
  await rig.settled(sink)
  expect(server.received).toEqual([])
  await rig.tell({ subject: 'HOME02', since: NOON, state: 'ok', until: NOON + MINUTE })
  rig.now += 2 * MINUTE
  await rig.settled(sink)
  expect(server.received.map(({ subject }) => subject)).toEqual(['Wattledger: 1 came and went (HOME02)'])

  await rig.tell({ subject: 'HOME01', state: 'retracted', since: NOON })
  rig.now += 6 * MINUTE
  await rig.settled(sink)
  expect(server.received).toHaveLength(1)
})

test('what was told and is taken back by a correction is told as that, also after a restart', async () => {
  await rig.settled(start())
  await rig.tell({})
  await rig.settled(outlet!)
  expect(server.received).toHaveLength(1)
  const sink = await restart()
  await rig.tell({ state: 'retracted', since: NOON })
  await rig.settled(sink)
  expect(server.received.map(({ subject }) => subject)).toEqual(['Wattledger: 1 began (HOME01)', 'Wattledger: 1 taken back (HOME01)'])
})

test('a server that is down for an hour, and we with it for a while: nothing is lost, and it is one mail', async () => {
  const { port } = server
  await server.close()
  const settings = settingsOf({}, port)
  let sink = start(settings)
  for (let home = 1; home <= 6; home++) {
    await rig.tell({ subject: `HOME0${home}` })
    await rig.settled(sink)
    rig.now += 10 * MINUTE
    if (home !== 3) continue
    const before = sink
    sink = await restart(settings)
    expect(before.trouble()).toBeNull()
  }
  expect(sink.trouble()).toMatch(/^anna: 127\.0\.0\.1:\d+ does not take the mail: .*ECONNREFUSED/)
  server = await mailServer({}, port)
  rig.now += 10 * MINUTE
  await rig.settled(sink)
  expect(server.received).toHaveLength(1)
  for (let home = 1; home <= 6; home++) expect(server.received[0].text).toContain(`HOME0${home}`)
  expect(sink.trouble()).toBeNull()
})

test('a server that says "later" is tried again, with growing pauses', async () => {
  let tried = 0
  server.judge(() => {
    tried++
    return { code: 451, message: 'greylisted' }
  })
  const sink = start()
  await rig.tell({})
  const after: number[] = []
  for (let s = 0; s < 60; s++) {
    await rig.settled(sink)
    after.push(tried)
    rig.now += 1000
  }
  // At 0, 5, 15 and 35 s.
  expect([after[0], after[4], after[5], after[14], after[15], after[34], after[35], after[59]]).toEqual([1, 1, 2, 2, 3, 3, 4, 4])
  server.judge(() => null)
  rig.now += 10 * MINUTE
  await rig.settled(sink)
  expect(server.received).toHaveLength(1)
})

test('an answer that is lost makes the same mail go out twice, known by its id', async () => {
  let first = true
  server.judge(() => {
    const verdict = first ? 'lost' : null
    first = false
    return verdict
  })
  const sink = start()
  await rig.tell({})
  await rig.settled(sink)
  rig.now += MINUTE
  await rig.settled(sink)
  expect(server.received).toHaveLength(2)
  const [one, two] = server.received
  expect(one.id).toMatch(/^<[0-9a-f]{32}@example\.org>$/)
  expect(two).toEqual(one)
})

test('each recipient gets what they want, and an address that is refused is set aside and costs the others nothing', async () => {
  server.refuse((address) => address.startsWith('gone'))
  const sink = start(
    settingsOf({
      recipients: [
        { ...ANNA, rules: ['sign-*'] },
        { name: 'bo', to: ['gone@example.org', 'bo@example.org'], delayMinutes: 0, subjects: ['HOME1*'] }
      ]
    })
  )
  await rig.tell({ subject: 'HOME01', rule: 'sign-production' }, { subject: 'HOME10' }, { subject: 'HOME02' })
  await rig.settled(sink)
  expect(server.received.map(({ to, subject }) => [to, subject]).sort()).toEqual([
    [['anna@example.org'], 'Wattledger: 1 began (HOME01)'],
    [['bo@example.org'], 'Wattledger: 1 began (HOME10)']
  ])
  expect(sink.counts.setAside).toBe(1)
  const rejects = []
  const { log, wire } = rig.embedded
  for await (const records of log.tail('readings.rejected', [], AbortSignal.timeout(200)))
    for (const { value } of records) rejects.push(wire.decode('Reject', value!))
  expect(rejects).toEqual([expect.objectContaining({ reason: 'mail-refused', name: 'mail bo', found: 'gone@example.org' })])
})

test('a name somebody chose adds no header and no letter to the mail', async () => {
  const sink = start()
  await rig.tell({ subject: 'HOME\r\nBcc: eve@example.org\r\n\r\nx' })
  await rig.settled(sink)
  const [{ to, subject, text }] = server.received
  expect(to).toEqual(['anna@example.org'])
  expect(subject).toBe('Wattledger: 1 began (HOME Bcc: eve@example.org x)')
  expect(text).toContain('Began\n  HOME Bcc: eve@example.org x\n')
})

test('TLS is insisted on, its authority is the one that is named, and the password is said to nobody else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wattledger-mail-'))
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...subject], {
      stdio: 'ignore'
    })
    const logins: string[] = []
    const secured = await mailServer({
      key: readFileSync(key),
      cert: readFileSync(cert),
      disabledCommands: [],
      authOptional: false,
      onAuth: ({ username, password }, _session, done) => {
        logins.push(`${username} ${password}`)
        if (password === 'secret-of-mail') done(null, { user: username })
        else done(new Error(`no ${password}`))
      }
    })
    const login = { user: 'ledger', password: { env: 'MAIL' } }
    const settings = (port: number, more = {}) => settingsOf({ host: 'localhost', tls: 'starttls', login, ...more }, port)
    const trouble = async (given: Mail, password?: string) => {
      const sink = start(given, password)
      await rig.tell({ subject: `HOME0${rig.now % 10}` })
      await rig.settled(sink)
      const said = sink.trouble()
      await stop(sink)
      rig.now += 60 * MINUTE
      return said
    }
    expect(await trouble(settings(server.port))).toMatch(/STARTTLS/i)
    expect(await trouble(settings(secured.port))).toMatch(/self.signed/i)
    expect(logins).toEqual([])
    const wrong = await trouble(settings(secured.port, { ca: cert }), 'wrong-password-of-mail')
    expect(wrong).toContain('Invalid login')
    expect(wrong).not.toContain('wrong-password')
    expect(await trouble(settings(secured.port, { ca: cert }))).toBeNull()
    // Those that waited may go out before the last one has come.
    expect(secured.received.map(({ text }) => text.match(/missing, warning/g)?.length ?? 0).reduce((a, b) => a + b)).toBe(4)
    expect(secured.received.every(({ secure }) => secure)).toBe(true)
    await secured.close()
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 120_000)

test('a schedule goes by the local clock, over the change of clocks as well', () => {
  const at = (since: string) =>
    new Date(mailedAt({ delayMinutes: 5, schedule: '0 7 * * *', zone: 'Europe/Brussels' }, Date.parse(since))).toISOString()
  expect(at('2026-03-28T05:59:00Z')).toBe('2026-03-28T06:00:00.000Z')
  expect(at('2026-03-28T06:00:00Z')).toBe('2026-03-29T05:00:00.000Z')
  expect(at('2026-10-24T06:00:00Z')).toBe('2026-10-25T06:00:00.000Z')
})

test('settings that would send a password in clear, or to nobody, are refused', () => {
  const login = { user: 'a', password: { env: 'B' } }
  expect(() => settingsOf({ host: 'mail.example.org', login })).toThrow(/without TLS/)
  expect(() => settingsOf({ recipients: [] })).toThrow()
  expect(() => settingsOf({ recipients: [ANNA, ANNA] })).toThrow(/same name/)
  expect(() => settingsOf({ recipients: [{ ...ANNA, schedule: 'daily' }] })).toThrow(/schedule/)
  expect(() => settingsOf({ recipients: [{ ...ANNA, to: ['anna@example.org\nBcc: eve@example.org'] }] })).toThrow()
})
