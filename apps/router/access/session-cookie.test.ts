import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyText } from '../../testing/arbitraries/texts.ts'
import { isToken, proofOf, provesLogin, setCookie } from './session-cookie.ts'

const token = 'the-token-of-these-tests'
const now = Date.UTC(2026, 0, 1)
const day = 24 * 60 * 60 * 1_000
const proof = proofOf(token, now)

function signed(expiry: string | number, key = token): string {
  return `${expiry}.${createHmac('sha256', key).update(String(expiry)).digest('base64url')}`
}

test('which Cookie headers prove a login', () => {
  const cases: [what: string, header: string | undefined, proves: boolean][] = [
    ['none', undefined, false],
    ['an empty one', '', false],
    ['the proof', `lotan=${proof}`, true],
    ['the proof among others', `a=b; lotan=${proof}; c=d`, true],
    ['without the space', `a=b;lotan=${proof};c=d`, true],
    ['tossed before it', `lotan=x; lotan=; lotan=${signed(1)}; lotan=${proof}`, true],
    ['tossed after it', `lotan=${proof}; lotan=x`, true],
    ['only tossed', 'lotan=x; lotan=y', false],
    ['another name', `slotan=${proof}; lotan2=${proof}`, false],
    ['the name for https', `__Host-lotan=${proof}`, false],
    ['the token itself', `lotan=${token}`, false],
    ['another token’s', `lotan=${proofOf('the-token-before-it', now)}`, false],
    ['a later expiry under an old signature', `lotan=9${proof}`, false],
    ['past its expiry', `lotan=${signed(Math.floor(now / 1_000))}`, false],
    ['a second before its expiry', `lotan=${signed(Math.floor(now / 1_000) + 1)}`, true],
    ['an expiry that is no number', `lotan=${signed('1e99')}`, false],
    ['an expiry that is none', `lotan=${signed('')}`, false],
    ['a cut signature', `lotan=${proof.slice(0, -1)}`, false],
    ['a longer signature', `lotan=${proof}A`, false],
    ['quoted', `lotan="${proof}"`, false],
  ]
  for (const [what, header, proves] of cases) assert.equal(provesLogin(header, token, false, now), proves, what)
})

test('a login lasts 30 days', () => {
  assert.ok(provesLogin(`lotan=${proof}`, token, false, now + 30 * day - 1_000))
  assert.ok(!provesLogin(`lotan=${proof}`, token, false, now + 30 * day))
})

test('the cookie belongs to one host and no script, and over https to nobody else’s name', () => {
  const attributes = 'Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict'
  assert.equal(setCookie(proof, false), `lotan=${proof}; ${attributes}`)
  assert.equal(setCookie(proof, true), `__Host-lotan=${proof}; ${attributes}; Secure`)
  assert.equal(setCookie(null, false), 'lotan=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict')
  assert.ok(provesLogin(`lotan=x; __Host-lotan=${proof}`, token, true, now))
  assert.ok(!provesLogin(`lotan=${proof}`, token, true, now))
  assert.ok(!proof.includes(token))
})

test('only the token is the token', () => {
  assert.ok(isToken(token, token))
  for (const text of ['', 'x', token.slice(1), `${token}x`, token.toUpperCase()]) assert.ok(!isToken(text, token), text)
})

test('no Cookie header proves a login but one that has the proof, whole, and whatever stands beside it', () => {
  const piece = fc.oneof(
    anyText.map((text) => text.replaceAll(';', '')),
    fc.constantFrom('lotan=', `lotan=${token}`, 'lotan=1.x', `__Host-lotan=${proof}`, `lotan=${proof.toUpperCase()}`),
    fc.tuple(fc.nat(proof.length - 1), fc.constantFrom('A', '0', '.', '=')).map(([at, other]) => {
      const changed = proof.slice(0, at) + other + proof.slice(at + 1)
      return changed === proof ? '' : `lotan=${changed}`
    }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 5 }), fc.nat(5), (pieces, at) => {
      assert.equal(provesLogin(pieces.join(';'), token, false, now), false)
      assert.equal(provesLogin(pieces.toSpliced(at, 0, ` lotan=${proof}`).join(';'), token, false, now), true)
    }),
    { numRuns: 300 },
  )
})
