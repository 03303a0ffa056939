import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { problemText } from '../../schemas/problems.js'
import { loadSettings } from '../../schemas/settings.js'

const FINGERPRINT = `SHA256:${'A'.repeat(43)}`
const problems = (yaml: string): string[] => {
  const loaded = loadSettings(yaml, 'wattledger.yaml')
  return 'problems' in loaded ? loaded.problems.map(problemText) : []
}

test('what docs/outlets.md says to write is understood', () => {
  const docs = readFileSync(new URL('../../docs/outlets.md', import.meta.url), 'utf8')
  const blocks = [...docs.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml]) => yaml.replace('SHA256:…', FINGERPRINT))
  expect(blocks).toHaveLength(2)
  for (const yaml of blocks) expect(problems(yaml)).toEqual([])
})

test('a mistake is told with its line and its mend, and no secret that was written there', () => {
  const mail = "mail:\n  host: mail.example.org\n  from: a@b.c\n  recipients: [{ name: a, to: ['nobody'] }]\n"
  expect(problems(mail).join()).toMatch(/wattledger\.yaml:4: mail\.recipients\[0\]\.to\[0\]: .*such as anna@example\.org/)
  const hook = 'webhooks:\n  - { name: desk, url: "http://desk.example.org", secret: hunter2 }\n'
  expect(problems(hook).join()).toMatch(/https/)
  expect(problems(hook).join()).toMatch(/A secret never stands in this file/)
  expect(problems(hook).join()).not.toContain('hunter2')
  const sftp = `sftp:\n  host: h\n  user: u\n  hostKeys: ['${FINGERPRINT}']\n`
  expect(problems(sftp).join()).toMatch(/name a key or a password/)
  expect(problems(`${sftp}  key: { file: a }\n  cut: 11:00\n`).join()).toMatch(/10:00Z or noon/)
})
