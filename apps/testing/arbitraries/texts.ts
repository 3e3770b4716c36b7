/** Texts that come in from outside: what they should be, what they nearly are, and anything else. */
import fc from 'fast-check'
import { TAG } from '../../shared/tag.ts'

export const anyText = fc.oneof(
  fc.string({ maxLength: 30 }),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom('', ' ', '\0', '\n', '../..', '__proto__', 'constructor', 'toString', '%00', '\u2028', '\ud800', "'\"><x-evil>", '${x}', '1e9', '-0', 'x'.repeat(5_000)), // prettier-ignore
)

export const tags = fc.oneof(
  fc.stringMatching(/^[a-z0-9]{1,8}$/),
  fc.stringMatching(/^v?\d{1,2}[._]\d{1,2}[._]\d{1,2}$/),
  fc.stringMatching(TAG),
)

/** Most of them are none. */
export const nearTags = fc.oneof(
  tags,
  fc.constantFrom('', '.', '..', '.a', '-a', 'a/b', 'a b', 'a\n', 'a\0', 'é', 'a'.repeat(128), 'a'.repeat(129), 'con', '__proto__', 'constructor', "<x-evil>'\""), // prettier-ignore
  anyText,
)

/** Host names of visitors, as a Host header has them. */
export function hosts(domain: string): fc.Arbitrary<string> {
  const ends = fc.constantFrom('', `.${domain}`, `.${domain}.`, `.${domain}:80`, `.${domain.toUpperCase()}`, domain)
  return fc.tuple(fc.oneof(nearTags, fc.webAuthority()), ends).map((parts) => parts.join(''))
}

/** What of a text may stand in a header: HTTP has no control characters and no characters above U+00FF in one. */
export function headerText(text: string): string {
  return text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '?').trim()
}

/** As `lotan.*` labels of an image, or any other. */
export const labelValues = fc.oneof(
  fc.constantFrom('', '0', '1', '-1', '80', '65535', '65536', '1e3', '0x50', '512m', '9999g', '1.5', 'NaN', 'Infinity', 'SIGTERM', 'term', '15', '999', '/', '/healthz', '/a b', '//x', 'http://x/'), // prettier-ignore
  anyText,
)

/** Like the sample: cut off, with lines missing or twice, and with other text in it. */
export function mangledText(sample: string): fc.Arbitrary<string> {
  const lines = fc.array(fc.oneof(fc.constantFrom(...sample.split('\n')), anyText), { maxLength: 8 })
  const inside = fc.tuple(fc.nat(sample.length), fc.nat(sample.length), anyText)
  return fc.oneof(
    lines.map((all) => all.join('\n')),
    inside.map(([start, end, text]) => sample.slice(0, start) + text + sample.slice(end)),
  )
}
