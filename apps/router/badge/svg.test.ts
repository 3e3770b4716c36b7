import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyText } from '../../testing/arbitraries/texts.ts'
import { badges } from './badges.ts'
import { badgeSvg } from './svg.ts'

const numbersIn = (svg: string, pattern: RegExp) => Array.from(svg.matchAll(pattern), ([, number]) => Number(number))

test('a badge says its state in its title too, and is as wide as its texts', () => {
  const widths = Object.values(badges).map((badge) => {
    const svg = badgeSvg(badge)
    assert.match(svg, new RegExp(`<title>preview: ${badge.text}</title>`))
    assert.match(svg, new RegExp(`role="img" aria-label="preview: ${badge.text}"`))
    const [width, clip] = numbersIn(svg, / width="(\d+)"/g)
    const [label, text] = numbersIn(svg, /textLength="(\d+)"/g)
    const [, at] = numbersIn(svg, /<text x="(\d+)"/g)
    assert.equal(label, 44)
    assert.deepEqual([clip, at! + text! + 8], [width, width], badge.text)
    return [badge.text, width!] as const
  })
  const widthOf = Object.fromEntries(widths)
  assert.deepEqual(
    ['running', 'asleep, opens on a click', 'waits for approval'].map((text) => widthOf[text]),
    [128, 217, 185],
  )
})

test('whatever its text is, a badge is well-formed, and has no control character', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const svg = badgeSvg({ text, colour: '#000', shape: '' })
      assert.doesNotMatch(svg, /[^\P{Cc}\n]/u)
      assert.ok(svg.isWellFormed())
      assert.doesNotMatch(svg, /&(?!(amp|lt|gt|quot);)/)
      const tags = Array.from(svg.matchAll(/<(\/?)([a-zA-Z]+)([^<>]*?)(\/?)>/g))
      // Every < begins one of ours, and what is opened is closed.
      assert.equal(svg.split('<').length - 1, tags.length)
      const open: string[] = []
      for (const [, isEnd, name, attributes, isEmpty] of tags) {
        assert.match(attributes!, /^( [\w-]+="[^"<>]*")*$/)
        if (isEnd) assert.equal(open.pop(), name)
        else if (!isEmpty) open.push(name!)
      }
      assert.deepEqual(open, [])
    }),
  )
})
