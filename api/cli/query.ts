/** Of an address: what is asked for, as far as it was said; of a list each. */
export const query = (values: Record<string, string | readonly string[] | undefined>): string => {
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries(values)) for (const each of [value ?? []].flat()) params.append(key, each)
  const text = params.toString()
  return text === '' ? '' : `?${text}`
}
