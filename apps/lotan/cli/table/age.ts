/** `8 s`, `5 min`, `3 h`, `2 d`: one unit, rounded down. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

/** `in 90 d`: how long until an end, rounded to the nearest. What has just been made for 90 days, or for one, says so. */
export function left(ms: number): string {
  if (!(ms > 0)) return 'over'
  const unit = [86_400_000, 3_600_000, 60_000].find((each) => ms >= 0.99 * each) ?? 1_000
  return `in ${age(Math.round(ms / unit) * unit)}`
}
