import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import ssh2 from 'ssh2'
import { readKeysFile } from './keys-file.ts'

const ED25519 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKDxbJfwn5J0Bgkdy0fZl6WOJfYBHsGbB5HLoR6TkCi6'
const OTHER = publicKey('ed25519')

function publicKey(type: 'ed25519' | 'rsa' | 'ecdsa', options: object = {}): string {
  // ssh2's own, which is fit for a public key.
  const made = ssh2.utils.generateKeyPairSync(type as 'rsa', options as { bits: number })
  return made.public.trim().split(' ').slice(0, 2).join(' ')
}

const problemsOf = (text: string) => readKeysFile(text).problems.map(({ line, problem }) => `${line} ${problem}`)

describe('the file of keys', () => {
  test('has keys of three kinds, with options, comments and empty lines', () => {
    const lines = [
      '# who may come',
      '',
      `${ED25519} anna@laptop of the team`,
      `match="^pr%-",can="admin" ${OTHER} ben`,
      `match="^api/" can="read"  ${publicKey('rsa', { bits: 2_048 })}`,
      `${publicKey('ecdsa', { bits: 256 })} cleo\r`,
      publicKey('ecdsa', { bits: 521 }),
    ]
    const { keys, problems } = readKeysFile(lines.join('\n'))
    assert.deepEqual(problems, [])
    assert.deepEqual(
      keys.map(({ type, can, sees }) => [type, can, ['pr-7', 'api/pr-7', 'main'].filter((id) => sees(id))]),
      [
        ['ssh-ed25519', 'shell', ['pr-7', 'api/pr-7', 'main']],
        ['ssh-ed25519', 'admin', ['pr-7']],
        ['ssh-rsa', 'read', ['api/pr-7']],
        ['ecdsa-sha2-nistp256', 'shell', ['pr-7', 'api/pr-7', 'main']],
        ['ecdsa-sha2-nistp521', 'shell', ['pr-7', 'api/pr-7', 'main']],
      ],
    )
    const [anna, ben, nameless] = keys
    assert.deepEqual([anna?.who, ben?.who], ['key anna@laptop of the team', 'key ben'])
    assert.equal(nameless?.who, `key ${nameless?.fingerprint}`)
    // As `ssh-keygen -l` says.
    assert.equal(anna?.fingerprint, 'SHA256:+3+VsEXoGzhettyfRjlh5kJ3J2kcT8xbDKA0+lBvHJI')
  })

  test('matches a copy by what people write', () => {
    const [key] = readKeysFile(`match="^pr%-7%-%-as%-" ${ED25519}`).keys
    assert.deepEqual(['pr-7', 'pr-7~anna'].map((id) => key?.sees(id)), [false, true]) // prettier-ignore
  })

  for (const [line, problem] of [
    [`from="10.0.0.1" ${ED25519}`, 'has the option from, which Lotan does not know: it knows match and can'],
    [`no-pty,match="^pr" ${ED25519}`, 'has the option no-pty, which Lotan does not know: it knows match and can'],
    [`can=shell ${ED25519}`, 'has the option can without a value in quotes, such as can="shell"'],
    [`match="^pr ${ED25519}`, 'has the option match without a value in quotes, such as match="^pr%-"'],
    [`can="root" ${ED25519}`, 'has can="root": it can be read, run, shell or admin'],
    [`can="run",can="shell" ${ED25519}`, 'has the option can twice'],
    [`match="%" ${ED25519}`, 'has match="%": malformed pattern (ends with \'%\')'],
    [`match="" ${ED25519}`, 'has match="": write a Lua pattern of at most 500 characters'],
    ['ssh-ed25519', 'is damaged: what follows ssh-ed25519 is no such key'],
    [`${ED25519.slice(0, -5)} anna`, 'is damaged: what follows ssh-ed25519 is no such key'],
    [ED25519.replace('ssh-ed25519', 'ssh-rsa'), 'is damaged: what follows ssh-rsa is no such key'],
    [publicKey('rsa', { bits: 1_024 }), 'is an RSA key of 1024 bits: 2048 are the least'],
    ['ssh-dss AAAAB3NzaC1kc3M= old', 'has a key of the type "ssh-dss": it can be ssh-ed25519, ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, ecdsa-sha2-nistp521 or ssh-rsa'], // prettier-ignore
    ['anna@laptop', 'is not understood from "@laptop" on: write options, the key\'s type, the key and a comment'],
  ] as const)
    test(`refuses a line that ${problem}`, () => assert.ok(problemsOf(line).includes(`1 ${problem}`), problemsOf(line).join('\n'))) // prettier-ignore

  test('tells all that is wrong at once, with lines', () => {
    const text = `${ED25519} anna\n\nx="1" ${OTHER}\ncan="none" ${OTHER}\n${ED25519} again\n`
    assert.deepEqual(problemsOf(text), [
      '3 has the option x, which Lotan does not know: it knows match and can',
      '4 has can="none": it can be read, run, shell or admin',
      '5 has the same key as line 1: leave one of them out',
    ])
  })

  test('is read to its end whatever stands in it, and each line is a key, a comment or a problem', () => {
    const part = fc.oneof(
      fc.constantFrom(
        'match="^pr%-"',
        'can="shell"',
        'can=',
        ',',
        ' ',
        '"',
        '\\"',
        '=',
        ED25519,
        OTHER,
        'ssh-rsa AAAA',
      ),
      fc.string({ unit: 'binary', maxLength: 8 }),
    )
    const line = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
        const text = lines.join('\n')
        const { keys, problems } = readKeysFile(text)
        const told = text.replace(/^\ufeff/, '').split(/\r?\n/).filter((one) => one.trim() !== '' && !one.trim().startsWith('#')) // prettier-ignore
        assert.ok(keys.length + new Set(problems.map((one) => one.line)).size >= told.length)
        for (const { who, can } of keys) assert.ok(/^key [^\p{Cc}]+$/u.test(who) && can)
      }),
      { examples: [[[`match="\\"" ${ED25519}`]], [['\u0085x']]] },
    )
  })

  test('takes no key that this machine’s cryptography does not', () => {
    const { publicKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { x = '', y = '' } = key.export({ format: 'jwk' })
    const field = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes])
    const lineOf = (point: Buffer) =>
      `ecdsa-sha2-nistp256 ${Buffer.concat([field(Buffer.from('ecdsa-sha2-nistp256')), field(Buffer.from('nistp256')), field(point)]).toString('base64')}`
    const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
    assert.deepEqual(problemsOf(lineOf(point)), [])
    point[40]! ^= 1
    assert.deepEqual(problemsOf(lineOf(point)), ['1 is damaged: what follows ecdsa-sha2-nistp256 is no such key'])
  })
})
