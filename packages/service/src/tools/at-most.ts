/** Acts on each of many, so many at the same time, and gives what came of it in their order. */
export const atMost = async <T, R>(limit: number, items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> => {
  const results: R[] = []
  const waiting = items.entries()
  const work = async (): Promise<void> => {
    for (const [index, item] of waiting) results[index] = await act(item)
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work))
  return results
}
