/** Of an address: what is asked for, as far as it was said. */
export const query = (values: Record<string, string | undefined>): string => {
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries(values)) if (value !== undefined) params.set(key, value)
  const text = params.toString()
  return text === '' ? '' : `?${text}`
}
