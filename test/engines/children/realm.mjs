// A log of which one set of rooms sees only the topics and groups of its own, so that many tests share a broker.
export const realm = (log, name) => {
  const inside = (topic) => topic.slice(name.length)
  const outside = (topic) => name + topic
  const offsets = (found) => new Map([...found].map(([topic, list]) => [inside(topic), list]))
  const sent = (commit) => commit && { ...commit, outputs: commit.outputs.map((each) => ({ ...each, topic: outside(each.topic) })) }
  return {
    partitions: log.partitions,
    ends: async (topics) => offsets(await log.ends(topics.map(outside))),
    committed: async (group) => offsets(await log.committed(outside(group))),
    process: (group, topics, handlers) =>
      log.process(outside(group), topics.map(outside), {
        ...handlers,
        batch: async (task, records) =>
          sent(
            await handlers.batch(
              task,
              records.map((each) => ({ ...each, topic: inside(each.topic) }))
            )
          ),
        between: handlers.between && (async (...asked) => sent(await handlers.between(...asked)))
      })
  }
}
