/** The matcher against Lua itself: Debian's lua5.4. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import test from 'node:test'
import fc from 'fast-check'
import { luaPattern, PatternError } from './lua-pattern.ts'

/** Reads `pattern text` in hexadecimal, a line each, and says for each `true`, `false` or what Lua says is wrong. */
const script = `
  local function unhex(text) return (text:gsub('..', function(pair) return string.char(tonumber(pair, 16)) end)) end
  for line in io.lines() do
    local pattern, text = line:match('^(%x*) (%x*)$')
    local fine, found = pcall(string.match, unhex(text), unhex(pattern))
    print(fine and tostring(found ~= nil) or found)
  end
`

type Case = [pattern: string, text: string]

/** What Lua says of each. */
function luaSays(cases: Case[]): string[] {
  const hex = (text: string) => Buffer.from(text).toString('hex')
  const input = cases.map((both) => both.map(hex).join(' ')).join('\n')
  return execFileSync('lua5.4', ['-e', script], { input: `${input}\n`, maxBuffer: 2 ** 26 })
    .toString()
    .split('\n')
    .slice(0, cases.length)
}

function weSay([pattern, text]: Case): string {
  try {
    return String(luaPattern(pattern)(text))
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    return error.message
  }
}

const table: [...Case, expected: string][] = [
  ['^pr%-%d+$', 'pr-3001', 'true'],
  ['^pr%-%d+$', 'pr-3001a', 'false'],
  ['pr-', 'p', 'true'],
  ['%d', 'release', 'false'],
  ['', 'anything', 'true'],
  ['^v?%d+%.%d+%.%d+$', 'v1.22.333', 'true'],
  ['^[%w_]+$', 'main_2', 'true'],
  ['^[^%u]+$', 'Main', 'false'],
  ['[a-c%-]', '-', 'true'],
  ['[]]', ']', 'true'],
  ['[^]]', ']', 'false'],
  ['[a-]', '-', 'true'],
  ['[%a-z]', '-', 'true'],
  ['%f[%d]3', 'pr3', 'true'],
  ['%f[%w]main%f[%W]', 'the-main-one', 'true'],
  ['%f[%w]main%f[%W]', 'domain', 'false'],
  ['^%b()$', '(a(b)c)', 'true'],
  ['^%b()$', '(a(b)c', 'false'],
  ['^(%w)%w*%1$', 'abca', 'true'],
  ['^(%w)%w*%1$', 'abcd', 'false'],
  ['()%1', 'a', 'false'],
  ['a$b', 'a$b', 'true'],
  ['b^', 'b^', 'true'],
  ['.-x', 'aaax', 'true'],
  ['a%', 'a', "malformed pattern (ends with '%')"],
  ['[a', 'a', "malformed pattern (missing ']')"],
  ['[%', 'a', "malformed pattern (missing ']')"],
  ['[]', 'a', "malformed pattern (missing ']')"],
  ['%b', 'a', "malformed pattern (missing arguments to '%b')"],
  ['%bx', 'x', "malformed pattern (missing arguments to '%b')"],
  ['%fa', 'a', "missing '[' after '%f' in pattern"],
  ['(a', 'a', 'unfinished capture'],
  ['a)', 'a', 'invalid pattern capture'],
  ['%1', 'a', 'invalid capture index %1'],
  ['(a%1)', 'aa', 'invalid capture index %1'],
  ['()'.repeat(33), 'a', 'too many captures'],
]

test('patterns mean what they mean in Lua, and mistakes are named in its words', () => {
  const cases = table.map(([pattern, text]): Case => [pattern, text])
  const lua = luaSays(cases)
  for (const [i, [pattern, text, expected]] of table.entries()) {
    // Lua's message may go on: "in pattern".
    assert.ok(lua[i]!.startsWith(expected), `Lua says of ${pattern} and ${text}: ${lua[i]}`)
    assert.equal(weSay([pattern, text]), expected, `${pattern} and ${text}`)
  }
})

test('any pattern of Lua’s alphabet means the same, on any text', () => {
  const piece = fc.constantFrom(
    ...['a', 'b', '1', '-', '.', ' ', '^', '$', '*', '+', '?', '(', ')', '()', '[', ']', '[^', '%', '%%', '%.', '%-'],
    ...['%a', '%A', '%d', '%w', '%W', '%p', '%s', '%u', '%l', '%x', '%c', '%g', '%z', '%Z', '%b()', '%bab', '%f[%a]', '%1', '%2'],
    ...['[a-b]', '[%a-]', '[^1]', '[]a]', '[%]]', '.-', '.*', 'a-', '(a', '(.', 'b)', '.)', '\u00e9', '[\u00e9]'],
  ) // prettier-ignore
  const text = fc.array(fc.constantFrom('a', 'b', '1', '-', '.', '(', ')', ' ', 'A', '%', 'z', 'Z', '\0', '\u00e9'), {
    maxLength: 9,
  })
  const pattern = fc.array(piece, { maxLength: 6 })
  const cases = fc
    .sample(fc.tuple(pattern, text), 20_000)
    .map(([pattern, text]): Case => [pattern.join(''), text.join('')])
  const lua = luaSays(cases)
  let [matched, refused, failed] = [0, 0, 0]
  for (const [i, one] of cases.entries()) {
    const ours = weSay(one)
    const theirs = lua[i]!
    if (theirs === 'true') matched++
    else if (theirs === 'false') failed++
    else refused++
    // Lua finds a mistake only where matching comes to it.
    if ((theirs === 'true' || theirs === 'false') && ours !== 'true' && ours !== 'false') continue
    assert.ok(theirs.startsWith(ours), `${JSON.stringify(one)}: Lua says ${theirs}, we say ${ours}`)
  }
  for (const [what, count] of Object.entries({ matched, refused, failed })) assert.ok(count > 500, `${count} ${what}`)
})

test('no pattern and tag cost more than a moment, where backtracking takes for ever', () => {
  const tag = 'a'.repeat(128)
  const worst = [
    '.*'.repeat(125) + 'b',
    '.-'.repeat(125) + 'b',
    'a?'.repeat(125) + 'b',
    `${'(a*)'.repeat(31)}b`,
    `${'(a*)'.repeat(30)}%1%2%3b`,
    `(.-)(.-)(.-)(.-)%4%3%2%1b`,
    '%ba'.repeat(80),
  ]
  for (const pattern of worst) {
    const matches = luaPattern(pattern)
    const began = performance.now()
    assert.equal(matches(tag), false, pattern)
    const took = performance.now() - began
    assert.ok(took < 10_000, `${pattern.slice(0, 20)} took ${took.toFixed(0)} ms`)
  }
})
