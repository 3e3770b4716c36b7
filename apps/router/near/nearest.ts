/** Pure. Which names are nearly another one: mistyped, or one digit away. */

const LONGEST_TAG = 128

/**
 * How many letters may be other, missing, too many or swapped. What is shorter than three letters is close to anything.
 */
function slipsIn(name: string): number {
  if (name.length < 3 || name.length > LONGEST_TAG) return 0
  return name.length < 6 ? 1 : 2
}

/**
 * Capitals do not count, since hosts have none.
 * @param names of those that are equally close the first ones are taken
 * @param suits asked only of those that would be taken
 * @returns the closest first
 */
export function nearest(
  wanted: string,
  names: Iterable<string>,
  { most, suits }: { most: number; suits: (name: string) => boolean },
): string[] {
  const target = wanted.toLowerCase()
  const slips = slipsIn(target)
  if (slips === 0) return []
  const byDistance: string[][] = Array.from({ length: slips + 1 }, () => [])
  const furthest = () => {
    let found = 0
    return byDistance.findIndex((at) => (found += at.length) >= most)
  }
  let limit = slips
  for (const name of names) {
    if (name === wanted || Math.abs(name.length - target.length) > limit) continue
    const distance = distanceWithin(limit, name.toLowerCase(), target)
    if (distance > limit || !suits(name)) continue
    byDistance[distance]!.push(name)
    const full = furthest()
    // Only a closer one takes a place now.
    if (full >= 0) limit = full - 1
    if (limit < 0) break
  }
  return byDistance.flat().slice(0, most)
}

/**
 * The edits between two names: a letter that is other, missing or too many, or two that are swapped (optimal string
 * alignment). Only what may still be within the limit is reckoned.
 * @returns any number above `limit` where it is more
 */
export function distanceWithin(limit: number, a: string, b: string): number {
  if (a === b) return 0
  if (limit === 0 || Math.abs(a.length - b.length) > limit) return limit + 1
  let start = 0
  let [endA, endB] = [a.length, b.length]
  while (start < endA && start < endB && a.charCodeAt(start) === b.charCodeAt(start)) start++
  while (endA > start && endB > start && a.charCodeAt(endA - 1) === b.charCodeAt(endB - 1)) {
    endA--
    endB--
  }
  if (start === endA || start === endB) return endA - start + (endB - start)
  return alignment(limit, a.slice(start, endA), b.slice(start, endB))
}

let [before, row, next] = [0, 1, 2].map(() => new Uint8Array(LONGEST_TAG + 1)) as [Uint8Array, Uint8Array, Uint8Array]

function alignment(limit: number, a: string, b: string): number {
  for (let j = 0; j <= b.length; j++) row[j] = j
  for (let i = 1; i <= a.length; i++) {
    const letter = a.charCodeAt(i - 1)
    const last = i > 1 ? a.charCodeAt(i - 2) : -1
    let least = (next[0] = i)
    for (let j = 1; j <= b.length; j++) {
      const other = b.charCodeAt(j - 1)
      let edits = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (letter === other ? 0 : 1))
      if (j > 1 && last === other && letter === b.charCodeAt(j - 2)) edits = Math.min(edits, before[j - 2]! + 1)
      next[j] = edits
      if (edits < least) least = edits
    }
    if (least > limit) return limit + 1
    ;[before, row, next] = [row, next, before]
  }
  return Math.min(limit + 1, row[b.length]!)
}
