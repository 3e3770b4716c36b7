import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyText } from '../../testing/arbitraries/texts.ts'
import { isSame, makeSecret } from '../../shared/secret.ts'
import { secretsIn, setCookie } from './session-cookie.ts'

const secret = makeSecret()
const other = makeSecret()

test('which secrets a Cookie header has', () => {
  const cases: [what: string, header: string | undefined, secrets: string[]][] = [
    ['none', undefined, []],
    ['an empty one', '', []],
    ['one', `lotan=${secret}`, [secret]],
    ['one among others', `a=b; lotan=${secret}; c=d`, [secret]],
    ['without the space', `a=b;lotan=${secret};c=d`, [secret]],
    ['tossed before it', `lotan=x; lotan=; lotan=${other}; lotan=${secret}`, [other, secret]],
    ['tossed after it', `lotan=${secret}; lotan=x`, [secret]],
    ['only tossed', 'lotan=x; lotan=y', []],
    ['another name', `slotan=${secret}; lotan2=${secret}`, []],
    ['the name for https', `__Host-lotan=${secret}`, []],
    ['of an earlier Lotan', `lotan=1790000000.${secret}`, []],
    ['cut', `lotan=${secret.slice(0, -1)}`, []],
    ['longer', `lotan=${secret}A`, []],
    ['quoted', `lotan="${secret}"`, []],
  ]
  for (const [what, header, secrets] of cases) assert.deepEqual(secretsIn(header, false), secrets, what)
})

test('the cookie belongs to one host and no script, and over https to nobody else’s name', () => {
  const attributes = 'Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict'
  assert.equal(setCookie(secret, false), `lotan=${secret}; ${attributes}`)
  assert.equal(setCookie(secret, true), `__Host-lotan=${secret}; ${attributes}; Secure`)
  assert.equal(setCookie(null, false), 'lotan=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict')
  assert.deepEqual(secretsIn(`lotan=${other}; __Host-lotan=${secret}`, true), [secret])
  assert.deepEqual(secretsIn(`lotan=${secret}`, true), [])
})

test('only a secret is that secret, and each is another one', () => {
  assert.ok(isSame(secret, secret))
  for (const text of ['', 'x', secret.slice(1), `${secret}x`, other]) assert.ok(!isSame(text, secret), text)
  assert.equal(new Set(Array.from({ length: 100 }, makeSecret)).size, 100)
})

test('no Cookie header has a secret but one in which it stands, whole, and whatever stands beside it', () => {
  const piece = fc.oneof(
    anyText.map((text) => text.replaceAll(';', '')),
    fc.constantFrom('lotan=', 'lotan=1.x', `__Host-lotan=${secret}`, `lotan=${other}`),
    fc.tuple(fc.nat(secret.length - 1), fc.constantFrom('A', '0', '.', '=')).map(([at, letter]) => {
      const changed = secret.slice(0, at) + letter + secret.slice(at + 1)
      return changed === secret ? '' : `lotan=${changed}`
    }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 5 }), fc.nat(5), (pieces, at) => {
      assert.ok(!secretsIn(pieces.join(';'), false).includes(secret))
      assert.ok(secretsIn(pieces.toSpliced(at, 0, ` lotan=${secret}`).join(';'), false).includes(secret))
    }),
    { numRuns: 300 },
  )
})
