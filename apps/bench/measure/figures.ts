/** 0.5 is the median. */
export function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!]
  return low + (high - low) * (at % 1)
}

export function median(values: number[]): number {
  return quantile(values, 0.5)
}

/** `152 ms (141 to 190)`: the median, and the middle 80 %. */
export function spread(values: number[], unit: string, digits = 0): string {
  const [low, middle, high] = [0.1, 0.5, 0.9].map((share) => quantile(values, share).toFixed(digits))
  return `${middle} ${unit} (${low} to ${high})`
}
