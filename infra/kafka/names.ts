const CHANGELOG = '.changelog'

/** Where the states of a group are. Also the topic its members subscribe to: who has a partition of it has the task of that number. */
export const changelogOf = (group: string): string => `${group}${CHANGELOG}`

export const isChangelog = (topic: string): boolean => topic.endsWith(CHANGELOG)

/** Key of a checkpoint in a changelog: the input offsets that the states of a partition include. */
export const CHECKPOINT = '__cp'
