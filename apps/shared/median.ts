/** Since one slow pull or huge image must not decide. Undefined of nothing. */
export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.slice((sorted.length - 1) >> 1, (sorted.length >> 1) + 1)
  return middle.length > 0 ? middle.reduce((a, b) => a + b, 0) / middle.length : undefined
}
