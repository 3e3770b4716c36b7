/**
 * Lua patterns (Lua 5.4 reference manual, 6.4.1), matched anywhere, as by `string.match`. Read once, so that a mistake
 * is found before anything is matched. Matching costs at most the product of pattern and text: a pair of positions that
 * failed is not tried again. Only `%1` to `%9` depend on earlier captures; their steps are counted.
 */

/** The message is Lua's. */
export class PatternError extends Error {
  override name = 'PatternError'
}

type Test = (byte: number) => boolean

type Item =
  | { is: 'single'; test: Test; times: '1' | '?' | '*' | '+' | '-' }
  | { is: 'balance'; open: number; close: number }
  | { is: 'frontier'; test: Test }
  | { is: 'open'; capture: number }
  | { is: 'close'; capture: number }
  | { is: 'back'; capture: number }
  | { is: 'end' }

interface Capture {
  from: number
  /** `position`: `()`, which captures no text. */
  to: number | 'position' | 'open'
}

const MAX_CAPTURES = 32
/** For a pattern with `%1`: a few milliseconds. One that costs more does not match. */
const MAX_STEPS = 100_000

const byteOf = (character: string) => character.charCodeAt(0)

/** Lua's classes, in its default locale. */
const classes: Record<string, Test> = {
  a: (byte) => within(byte, 'az') || within(byte, 'AZ'),
  c: (byte) => byte < 32 || byte === 127,
  d: (byte) => within(byte, '09'),
  g: (byte) => byte > 32 && byte < 127,
  l: (byte) => within(byte, 'az'),
  p: (byte) => byte > 32 && byte < 127 && !classes.w!(byte),
  s: (byte) => byte === 32 || (byte >= 9 && byte <= 13),
  u: (byte) => within(byte, 'AZ'),
  w: (byte) => classes.a!(byte) || classes.d!(byte),
  // No longer in the manual, but still in Lua.
  z: (byte) => byte === 0,
  x: (byte) => within(byte, '09') || within(byte, 'af') || within(byte, 'AF'),
}

/** As in Lua, pattern and text are matched as bytes, in UTF-8. @throws PatternError */
export function luaPattern(pattern: string): (text: string) => boolean {
  const source = bytesOf(pattern)
  const anchored = source.startsWith('^')
  const items = read(source, anchored ? 1 : 0)
  return (text) => matches(items, anchored, Buffer.from(text, 'utf8'))
}

function read(source: string, start: number): Item[] {
  const items: Item[] = []
  const open: number[] = []
  let captures = 0
  let at = start
  while (at < source.length) {
    const rest = source.slice(at)
    if (rest.startsWith('(')) {
      if (captures === MAX_CAPTURES) throw new PatternError('too many captures')
      items.push({ is: 'open', capture: captures })
      if (rest[1] === ')') {
        items[items.length - 1] = { is: 'close', capture: captures }
        at++
      } else open.push(captures)
      captures++
      at++
    } else if (rest.startsWith(')')) {
      const capture = open.pop()
      if (capture === undefined) throw new PatternError('invalid pattern capture')
      items.push({ is: 'close', capture })
      at++
    } else if (rest === '$') {
      items.push({ is: 'end' })
      at++
    } else if (rest.startsWith('%b')) {
      if (rest.length < 4) throw new PatternError("malformed pattern (missing arguments to '%b')")
      items.push({ is: 'balance', open: byteOf(rest[2]!), close: byteOf(rest[3]!) })
      at += 4
    } else if (rest.startsWith('%f')) {
      if (rest[2] !== '[') throw new PatternError("missing '[' after '%f' in pattern")
      const { test, length } = readSingle(rest.slice(2))
      items.push({ is: 'frontier', test })
      at += 2 + length
    } else if (/^%\d/.test(rest)) {
      const capture = Number(rest[1]) - 1
      if (capture < 0 || capture >= captures || open.includes(capture))
        throw new PatternError(`invalid capture index %${capture + 1}`)
      items.push({ is: 'back', capture })
      at += 2
    } else {
      const { test, length } = readSingle(rest)
      const quantifier = source[at + length]
      const times = quantifier && '?*+-'.includes(quantifier) ? (quantifier as '?' | '*' | '+' | '-') : '1'
      items.push({ is: 'single', test, times })
      at += length + (times === '1' ? 0 : 1)
    }
  }
  if (open.length > 0) throw new PatternError('unfinished capture')
  return items
}

function readSingle(rest: string): { test: Test; length: number } {
  if (rest.startsWith('%')) {
    if (rest.length < 2) throw new PatternError("malformed pattern (ends with '%')")
    return { test: classOf(rest[1]!), length: 2 }
  }
  if (rest.startsWith('[')) return readSet(rest)
  const byte = byteOf(rest)
  return { test: rest.startsWith('.') ? () => true : (other) => other === byte, length: 1 }
}

/** The first `]` may be a member, ranges have no classes at their ends, and `%` escapes anything. */
function readSet(rest: string): { test: Test; length: number } {
  const complement = rest[1] === '^'
  const first = complement ? 2 : 1
  let end = first
  do {
    if (end >= rest.length) throw new PatternError("malformed pattern (missing ']')")
    end += rest[end] === '%' ? 2 : 1
  } while (rest[end] !== ']')
  const members: Test[] = []
  for (let at = first; at < end; at++) {
    const [member, dash, last] = rest.slice(at, at + 3)
    if (member === '%') members.push(classOf(rest[++at]!))
    else if (dash === '-' && at + 2 < end) {
      const [low, high] = [byteOf(member!), byteOf(last!)]
      members.push((byte) => byte >= low && byte <= high)
      at += 2
    } else {
      const only = byteOf(member!)
      members.push((byte) => byte === only)
    }
  }
  return { test: (byte) => members.some((test) => test(byte)) !== complement, length: end + 1 }
}

function classOf(letter: string): Test {
  const named = classes[letter.toLowerCase()]
  if (!named) return (byte) => byte === byteOf(letter)
  return letter === letter.toLowerCase() ? named : (byte) => !named(byte)
}

function matches(items: readonly Item[], anchored: boolean, text: Buffer): boolean {
  const captures: (Capture | undefined)[] = []
  const remembers = !items.some(({ is }) => is === 'back')
  const failed = new Uint8Array(remembers ? (items.length + 1) * (text.length + 1) : 0)
  let steps = 0

  for (let start = 0; start <= (anchored ? 0 : text.length); start++) if (from(0, start)) return true
  return false

  function from(item: number, at: number): boolean {
    const place = item * (text.length + 1) + at
    if (remembers ? failed[place] : ++steps > MAX_STEPS) return false
    const found = tryFrom(item, at)
    if (!found && remembers) failed[place] = 1
    return found
  }

  function tryFrom(n: number, at: number): boolean {
    const item = items[n]
    switch (item?.is) {
      case undefined:
        return true
      case 'end':
        return at === text.length
      case 'single':
        return single(item, n, at)
      case 'balance': {
        const end = balanced(item, at)
        return end !== undefined && from(n + 1, end)
      }
      case 'frontier':
        return !item.test(text[at - 1] ?? 0) && item.test(text[at] ?? 0) && from(n + 1, at)
      case 'open':
        return capturing(item.capture, { from: at, to: 'open' }, n, at)
      case 'close': {
        const begun = captures[item.capture]
        const done: Capture = begun?.to === 'open' ? { ...begun, to: at } : { from: at, to: 'position' }
        return capturing(item.capture, done, n, at)
      }
      case 'back': {
        const { from: begin, to } = captures[item.capture]!
        if (typeof to !== 'number') return false
        const again = text.subarray(begin, to)
        return text.subarray(at, at + again.length).equals(again) && from(n + 1, at + again.length)
      }
    }
  }

  function single({ test, times }: Extract<Item, { is: 'single' }>, n: number, at: number): boolean {
    const fits = (place: number) => place < text.length && test(text[place]!)
    if (times === '1') return fits(at) && from(n + 1, at + 1)
    if (times === '-') {
      for (let end = at; ; end++) {
        if (from(n + 1, end)) return true
        if (!fits(end)) return false
      }
    }
    let end = at
    while (fits(end) && (times !== '?' || end === at)) end++
    for (const least = times === '+' ? at + 1 : at; end >= least; end--) if (from(n + 1, end)) return true
    return false
  }

  function balanced({ open, close }: Extract<Item, { is: 'balance' }>, at: number): number | undefined {
    if (text[at] !== open) return undefined
    for (let depth = 1, end = at + 1; end < text.length; end++) {
      if (text[end] === close) depth--
      else if (text[end] === open) depth++
      if (depth === 0) return end + 1
    }
    return undefined
  }

  function capturing(index: number, capture: Capture, n: number, at: number): boolean {
    const before = captures[index]
    captures[index] = capture
    if (from(n + 1, at)) return true
    captures[index] = before
    return false
  }
}

function within(byte: number, ends: string): boolean {
  return byte >= byteOf(ends[0]!) && byte <= byteOf(ends[1]!)
}

/** The bytes of its UTF-8, one character each. */
function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
