import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  mark,
  MOST_CHARACTERS,
  noStyle,
  paint,
  severityOf,
  textOf,
  timed,
  type Severity,
  type Style,
} from '../../../../views/log-lines.js'

const shown = (line: string, style: Style = noStyle) =>
  paint(line, style).runs.map(({ text, classes }) => (classes ? `${classes}(${text})` : text))

describe('colours', () => {
  const cases: [line: string, shown: string[]][] = [
    ['plain', ['plain']],
    ['\x1b[31mred\x1b[0m and on', ['a1(red)', ' and on']],
    ['\x1b[1;32mbold\x1b[22m not\x1b[39m at all', ['a2 ab(bold)', 'a2( not)', ' at all']],
    ['\x1b[90mgrey\x1b[m', ['a8(grey)']],
    ['\x1b[91;103mbright\x1b[0m', ['g3(bright)']],
    ['\x1b[37mwhite\x1b[30m and black', ['white and black']],
    ['\x1b[2mdim\x1b[0m', ['a8(dim)']],
    ['\x1b[7mturned\x1b[27m', ['g0(turned)']],
    ['\x1b[7;34mturned\x1b[0m', ['g4(turned)']],
    ['\x1b[3;4mboth\x1b[23m one\x1b[24m', ['ai au(both)', 'au( one)']],
    ['\x1b[4:3mcurly\x1b[4:0m', ['au(curly)']],
    ['\x1b[38;5;9mnine\x1b[38;5;196m cube\x1b[38;5;244m grey', ['a1(nine cube)', 'a8( grey)']],
    ['\x1b[38;2;0;120;255mtrue\x1b[0m', ['a4(true)']],
    ['\x1b[38:2::0:200:40mcolons\x1b[0m', ['a2(colons)']],
    ['\x1b[38;2;255;255;255mwhite', ['white']],
    ['\x1b[38;5mhalf a code', ['half a code']],
    ['\x1b[38;5;999mno such colour', ['no such colour']],
    ['\x1b[>4;1mfor a keyboard', ['for a keyboard']],
    ['\x1b]0;a title\x07and \x1b[2Kwhat \x1b[10Gfollows\x1b', ['and what follows']],
    ['10 %\r20 %\r30 %\r', ['30 %']],
    ['a\tb\x00c\x9b', ['a\tbc']],
  ]
  for (const [line, expected] of cases) test(JSON.stringify(line), () => assert.deepEqual(shown(line), expected))

  test('go on in the next line until they end', () => {
    const { style } = paint('\x1b[31mfirst')
    assert.deepEqual(shown('second\x1b[0m third', style), ['a1(second)', ' third'])
  })

  test('a long line is cut, and says so', () => {
    const [first, last] = shown('x'.repeat(MOST_CHARACTERS + 5))
    assert.deepEqual([first!.length, last], [MOST_CHARACTERS, 'a8( … 5 characters more)'])
  })

  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom('\x1b[', '\x1b]', '\x1b', ';', '38;5;', '48;2;1;2;3', 'm', '\x07', '</span><script>', '"', '&lt;', 'K'),
    fc.array(fc.nat({ max: 120 }), { maxLength: 5 }).map((codes) => `\x1b[${codes.join(';')}m`),
  ) // prettier-ignore
  const anyLine = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join('').replace(/[\r\n]/g, ' '))

  test('whatever is written, what is shown has no control in it, loses no letter, and uses no other classes', () => {
    fc.assert(
      fc.property(anyLine, (line) => {
        const { runs, style } = paint(line)
        const text = textOf(runs)
        assert.doesNotMatch(text, /[\x00-\x08\x0a-\x1f\x7f-\x9f]/)
        const escapes = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[^])|[\x00-\x08\x0a-\x1f\x7f-\x9f]/g
        assert.equal(text, line.replace(escapes, ''))
        for (const { classes } of runs) assert.match(classes, /^(|a[1-68]|g[0-6])( ?a[biu])*$/)
        assert.doesNotThrow(() => paint('next', style))
      }),
      { numRuns: 500 },
    )
  })

  test('what is found is marked where it stands, and nothing is lost by it', () => {
    const found = (line: string, wanted: string) =>
      mark(paint(line).runs, wanted).runs.map(({ text, classes, mark }) =>
        [classes, mark ? `<${text}>` : text].join(''),
      )
    assert.deepEqual(found('a \x1b[31mType\x1b[0mError: x', 'typeerror'), ['a ', 'a1<Type>', '<Error>', ': x'])
    assert.deepEqual(found('aaa', 'A'), ['<a>', '<a>', '<a>'])
    assert.deepEqual(found('a.b a+b', 'a.b'), ['<a.b>', ' a+b'])
    assert.deepEqual(found('none', 'x'), ['none'])
    fc.assert(
      fc.property(anyLine, fc.string({ unit: 'binary', maxLength: 3 }), (line, wanted) => {
        const { runs } = paint(line)
        const marked = mark(runs, wanted)
        assert.equal(textOf(marked.runs), textOf(runs))
        assert.equal(marked.runs.some(({ mark }) => mark), marked.found > 0)
      }),
      { numRuns: 300 },
    ) // prettier-ignore
  })
})

describe('what a line tells of', () => {
  const table: Record<Severity, string[]> = {
    err: [
      'ERROR: relation "items" does not exist',
      '[ERROR] no database',
      '[error] no database',
      'error TypeError: Cannot read properties of undefined',
      '2026-11-28 14:31:44,903 - app - ERROR - lost',
      '2026-11-28T14:31:44Z error could not connect',
      'Error: listen EADDRINUSE',
      'fatal: not a git repository',
      'panic: runtime error: index out of range',
      'time=2026-11-28 level=error msg="x"',
      '{"level":50,"msg":"x"}',
      '{"severity":"ERROR","message":"x"}',
      'java.lang.NullPointerException: x',
      'Exception in thread "main" java.lang.Error',
      'Traceback (most recent call last):',
      'UnhandledPromiseRejection: Unhandled promise rejection',
      'Segmentation fault (core dumped)',
      'npm ERR! code ELIFECYCLE',
      'E1128 14:31:44.903 main.go:12] x',
      '10.0.0.1 - - [28/Nov/2026] "GET /a HTTP/1.1" 502 17',
      'PUT   /api/items/977 500 9 ms',
      'FATAL:  password authentication failed',
    ],
    wrn: [
      'WARN no SMTP_HOST',
      '[warn] x',
      'warn  mailer: no SMTP_HOST, mails are written to the log',
      'Warning: x is deprecated',
      '(node:7) DeprecationWarning: punycode',
      '{"level":40,"msg":"slow"}',
      'level=warning msg=x',
      'npm WARN deprecated x',
      'W1128 14:31:44.903 main.go:12] x',
    ],
    '': [
      '0 errors, 0 warnings',
      'errors: 0',
      'error: null',
      'no error found',
      'GET /errors 200 3 ms',
      'GET /error.html 200 3 ms',
      'LOG_LEVEL=ERROR',
      'error handler installed',
      'error-reporting is on',
      'stderr is a pipe',
      'writes to /var/log/error.log',
      'info  session of demo opened',
      'GET /lists/500 200 3 ms',
      '{"level":30,"msg":"listening"}',
      'warnings are shown',
      'ok    health check, 61 migrations known, 0 to do',
      'started in 500 ms',
      '',
    ],
  }
  for (const [expected, lines] of Object.entries(table))
    for (const line of lines) test(`${expected || 'nothing'}: ${line}`, () => assert.equal(severityOf(line), expected))

  test('a stack belongs to the error above it, and what follows does not', () => {
    assert.equal(severityOf('    at reorder (/app/server/items.js:118:27)', 'err'), 'err')
    assert.equal(severityOf('  File "/app/main.py", line 3, in <module>', 'err'), 'err')
    assert.equal(severityOf('Caused by: a broken pipe', 'wrn'), 'wrn')
    assert.equal(severityOf('    at reorder (/app/server/items.js:118:27)', ''), '')
    assert.equal(severityOf('listening on 80', 'err'), '')
  })

  test('is found in any line quickly, however long', () => {
    const lines = [' '.repeat(100_000), '['.repeat(100_000), 'a '.repeat(50_000), '0:'.repeat(50_000), 'E'.repeat(100_000)]
    const began = process.cpuUsage().user
    for (const line of lines) severityOf(line, 'err')
    assert.ok(process.cpuUsage().user - began < 1_000_000)
  }) // prettier-ignore
})

test('a line’s own time is told from its text', () => {
  const cases: [line: string, time: string | null, text: string][] = [
    ['2026-11-28T14:29:40.120456789Z ready', '2026-11-28T14:29:40.120Z', 'ready'],
    ['2026-11-28T14:29:40Z  two spaces', '2026-11-28T14:29:40Z', ' two spaces'],
    ['2026-11-28T14:29:40.1Z', '2026-11-28T14:29:40.1Z', ''],
    ['2026-11-28T14:29:40.1Z ', '2026-11-28T14:29:40.1Z', ''],
    ['ready', null, 'ready'],
    ['2026-11-28 ready', null, '2026-11-28 ready'],
  ]
  for (const [line, time, text] of cases) assert.deepEqual(timed(line), { time, text })
})
