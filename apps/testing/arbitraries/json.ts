/** JSON as a program of another version, or a broken one, answers with. */
import fc from 'fast-check'

/** Stands where nothing should: each kind of value, and those that a kind's own code forgets. */
export const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 1e21, '', ' ', '0', '-1', 'NaN', 'null', '\0', '../x', 'é', '__proto__'), // prettier-ignore
  fc.constantFrom<unknown>([], {}, [null], [[]], [{}], { a: null }, { length: 3 }, 'x'.repeat(3_000)),
  fc.string({ maxLength: 8 }),
)

const GONE = Symbol('gone')

/** The template, with some of its values gone or in place of others. Few at a time: the rest is read all the same. */
export function mangled(template: unknown, { most = 3 } = {}): fc.Arbitrary<unknown> {
  const places = placesIn(template)
  const change = fc.tuple(
    fc.constantFrom(...places),
    fc.oneof({ weight: 1, arbitrary: fc.constant<unknown>(GONE) }, { weight: 3, arbitrary: junk }),
  )
  return fc.array(change, { maxLength: most }).map((changes) => {
    const root = { value: structuredClone(template) }
    for (const [place, value] of changes) put(root, ['value', ...place], value)
    return root.value ?? null
  })
}

/** Answers with no JSON, with cut JSON, and with JSON that is mangled. */
export function answers(template: unknown): fc.Arbitrary<string> {
  const text = mangled(template).map((value) => JSON.stringify(value))
  return fc.oneof(
    { weight: 8, arbitrary: text },
    { weight: 1, arbitrary: fc.tuple(text, fc.nat(200)).map(([whole, length]) => whole.slice(0, length)) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
  )
}

type Place = string[]

function placesIn(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [[]]
  return [[], ...Object.entries(value).flatMap(([key, inner]) => placesIn(inner).map((place) => [key, ...place]))]
}

/** An earlier change may have taken the place away. */
function put(root: Record<string, unknown>, place: Place, value: unknown): void {
  let at = root
  for (const key of place.slice(0, -1)) {
    const next = at[key]
    if (typeof next !== 'object' || next === null) return
    at = next as Record<string, unknown>
  }
  const last = place.at(-1)!
  if (value === GONE) delete at[last]
  else at[last] = structuredClone(value)
}
