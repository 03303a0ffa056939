import type { Home } from '../answers.js'

/** More than these are chosen from, not drawn all at once. */
const MOST_TOGETHER = 3

export const fitTogether = (all: readonly Home[]): boolean => all.length <= MOST_TOGETHER

/** Those to be drawn: the one that is asked for, or all that fit on a page; none where what is asked for is not open. */
export const shownHomes = (all: readonly Home[], asked: string | null): readonly Home[] => {
  if (asked !== null) return all.filter(({ id }) => id === asked)
  return fitTogether(all) ? all : all.slice(0, 1)
}

export const titleOf = ({ id, name }: Home): string => name || id

/** A person is mostly called as the home is; its groups come after it. */
export const ownFirst = (all: readonly Home[], name: string): Home[] => [
  ...all.filter(({ id }) => id === name),
  ...all.filter(({ id }) => id !== name)
]
