import type { AlertInfo } from './told.js'

const RULES: Record<string, string> = {
  silent: 'Silent',
  backwards: 'Went backwards',
  jump: 'Jumped',
  frozen: 'Stands still',
  'clock-drift': 'Clock is off',
  'block-rejected': 'Could not be read',
  'platform-late': 'Nobody listened',
  missing: 'Data is missing',
  'sign-consumption': 'Consumption below zero',
  'sign-production': 'Production above zero',
  'production-at-night': 'Production at night',
  conservation: 'More in a part than in all'
}
const STATES: Record<string, string> = {
  firing: 'active',
  flapping: 'comes and goes',
  acked: 'acknowledged',
  resolving: 'seems over',
  ok: 'over',
  retracted: 'taken back'
}

export const ruleText = ({ rule }: Pick<AlertInfo, 'rule'>): string => RULES[rule] ?? rule

export const stateText = ({ state, ackedBy }: Pick<AlertInfo, 'state' | 'ackedBy'>): string =>
  state === 'acked' ? `acknowledged by ${ackedBy}` : (STATES[state] ?? state)
