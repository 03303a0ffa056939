import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs, { type Admin } from 'kafkajs'

const PATIENCE_MS = 5_000
const POLL_MS = 20
/** Kafka names a static member by its instance id and a UUID. */
const UUID_SUFFIX = '-00000000-0000-0000-0000-000000000000'.length

/**
 * Resolves when a group has no member of this instance id any more; nothing else tells when a goodbye was heard. After 5 s it resolves
 * anyway: whoever waits is on its way out, and one that is still a member then is missed when its session is over.
 */
export const gone = async (admin: Admin, group: string, instance: string): Promise<void> => {
  const enough = new AbortController()
  const look = async () => {
    while (!enough.signal.aborted) {
      const { groups } = await admin.describeGroups([group])
      if (!groups[0].members.some(({ memberId }) => memberId.slice(0, -UUID_SUFFIX) === instance)) return
      await sleep(POLL_MS)
    }
  }
  const patience = sleep(PATIENCE_MS, undefined, { signal: enough.signal }).catch(() => {})
  await Promise.race([look().catch(() => patience), patience])
  enough.abort()
}

const { MemberAssignment } = kafkajs.AssignerProtocol

/** Whether every partition of a topic is some member's; also while a group is about to share them out anew. */
export const covered = async (admin: Admin, group: string, topic: string, partitions: number): Promise<boolean> => {
  const { groups } = await admin.describeGroups([group])
  const { state, members } = groups[0]
  if (state !== 'Stable') return true
  const held = members.flatMap(({ memberAssignment }) => MemberAssignment.decode(memberAssignment)?.assignment[topic] ?? [])
  return new Set(held).size >= partitions
}
