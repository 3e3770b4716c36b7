import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { pageAfter, nextIn } from './link.ts'

const asked = new URL('https://registry.example.com:5000/v2/team/app/tags/list?n=1000')
const here = 'https://registry.example.com:5000/v2/team/app/tags/list'

test('where a list goes on is found in every form that registries send', () => {
  const table: [link: string | null, next: string | undefined][] = [
    ['</v2/team/app/tags/list?n=10&last=b>; rel="next"', `${here}?n=10&last=b`],
    ['</v2/team/app/tags/list?last=b>;rel=next', `${here}?last=b`],
    ['</v2/team/app/tags/list?last=b>; REL="Next"', `${here}?last=b`],
    ['</v2/team/app/tags/list?last=b>; title="a, b; c"; rel = "prev next"', `${here}?last=b`],
    ['/v2/team/app/tags/list?last=b; rel="next"', `${here}?last=b`],
    ['<list?last=b>; rel=next', `${here}?last=b`],
    ['<?last=b>; rel=next', `${here}?last=b`],
    ['<http://registry.example.com/v2/team/app/tags/list?last=b>; rel="next"', `${here}?last=b`],
    ['<https://inside.example.com/v2/team/app/tags/list?last=b,c;d>; rel="next"', `${here}?last=b,c;d`],
    ['<//elsewhere.example.com/v2/team/app/tags/list?last=b>; rel="next"', `${here}?last=b`],
    [
      '<http://a//evil.example.com/v2?last=b>; rel=next',
      'https://registry.example.com:5000//evil.example.com/v2?last=b',
    ],
    ['</v2/first>; rel="first", </v2/team/app/tags/list?last=b>; rel="next"', `${here}?last=b`],
    ['</v2/first>; rel="prev"', undefined],
    ['</v2/first>; rel="nextish"', undefined],
    ['</v2/first>', undefined],
    ['; rel="next"', undefined],
    ['<http://[>; rel="next"', undefined],
    ['', undefined],
    [null, undefined],
  ]
  for (const [link, next] of table) assert.equal(nextIn(link, asked)?.href, next, String(link))
})

test('whatever a registry sends, its list goes on at its own origin or not at all', () => {
  const piece = fc.constantFrom('<', '>', ';', ',', '"', ' ', 'rel=next', 'rel="next"', '//evil.example.com/', 'https://a', '\\', '@') // prettier-ignore
  const link = fc.array(fc.oneof(piece, fc.string({ maxLength: 8 })), { maxLength: 12 }).map((all) => all.join(''))
  fc.assert(
    fc.property(link, (link) => {
      const next = nextIn(link, asked)
      return next === undefined || (next.origin === asked.origin && next.username === '' && next.password === '')
    }),
  )
})

test('a list from behind a tag on is asked for in the same pages', () => {
  assert.equal(pageAfter('a&b', asked).href, `${here}?n=1000&last=a%26b`)
  assert.equal(pageAfter('c', pageAfter('b', asked)).href, `${here}?n=1000&last=c`)
})
