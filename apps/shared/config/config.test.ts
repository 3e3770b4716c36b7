import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { anyText, labelValues } from '../../testing/arbitraries/texts.ts'
import {
  environmentFor,
  groups,
  readApiConfig,
  readConfig,
  readForgeToken,
  SettingsError,
  urlOf,
  type Config,
  type NamedFiles,
  type Problem,
} from './config.ts'
import { findRunDir, kept, makeRunDir } from './data-dir.ts'
import { bytesOf } from './values/amount.ts'

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-config-'))
after(() => fs.rmSync(root, { recursive: true }))
const dir = path.join(root, 'data')

function read(env: NodeJS.ProcessEnv): Config {
  return readConfig({ LOTAN_DATA_DIR: dir, ...env })
}

function problemsOf(env: NodeJS.ProcessEnv): Problem[] {
  try {
    read(env)
    return []
  } catch (error) {
    assert.ok(error instanceof SettingsError, String(error))
    return error.problems
  }
}

test('name and picture of the installation', () => {
  const { brand } = read({ LOTAN_NAME: 'Żółw & Söhne', LOTAN_LOGO: 'logo.svg' })
  assert.deepEqual(brand, { name: 'Żółw & Söhne', logo: path.resolve('logo.svg') })
})

test('files that settings name are checked, also where other settings are bad', () => {
  const checked: (string | null | undefined)[] = []
  const more = ({ brand }: NamedFiles) => {
    checked.push(brand?.logo)
    return [{ variable: 'LOTAN_LOGO', problem: 'is gone' }]
  }
  const bad = { LOTAN_DATA_DIR: dir, LOTAN_LOGO: '/logo.svg', TL_DOMAIN: 'no domain' }
  assert.throws(() => readConfig(bad, more), { message: /TL_DOMAIN is 'no domain'[^]*\nLOTAN_LOGO is gone$/ })
  assert.throws(() => readConfig({ ...bad, LOTAN_LOGO: 'a"b' }, () => []), /LOTAN_LOGO is/)
  assert.deepEqual(checked, ['/logo.svg'])

  const site = (env: NodeJS.ProcessEnv) => {
    let found: NamedFiles['site']
    const keep = ({ site }: NamedFiles) => ((found = site), [])
    assert.throws(() => readConfig({ LOTAN_DATA_DIR: dir, LOTAN_SLOTS: 'many', TL_DOMAIN: 'p.test', ...env }, keep))
    return found
  }
  const expected = { domain: 'p.test', tls: null, hostForm: 'nested' }
  const names = (env: NodeJS.ProcessEnv) => site(env)?.repositories.map(({ name }) => name)
  assert.partialDeepStrictEqual(site({}), expected)
  assert.deepEqual(names({ REPOSITORY: 'no:repository' }), [''])
  assert.deepEqual(names({ LOTAN_REPOSITORIES: 'api=r.io/api' }), ['api'])
  assert.deepEqual(names({ REPOSITORY: 'no:repository', LOTAN_REPOSITORIES: 'api=r.io/api' }), ['', 'api'])
  assert.equal(site({ LOTAN_REPOSITORIES: 'no' }), undefined)
  assert.equal(site({ LOTAN_HOST_FORM: 'no' }), undefined)
})

test('without any setting it is the demo, on loopback', () => {
  const { instance, adminToken, hookSecret, dockerConfig, stackKey, offers, prepulls, repositories, inForce, ...rest } =
    read({})
  assert.deepEqual(
    repositories.map(({ name, reference }) => [name, reference]),
    [['', '127.0.0.1:5000/todowrangler']],
  )
  assert.ok(inForce.settings.length > 40)
  assert.deepEqual([offers('anything'), prepulls('anything')], [true, false])
  assert.match(instance, /^[0-9a-f]{8}$/)
  assert.match(adminToken, /^[0-9a-f]{32}$/)
  assert.match(hookSecret, /^[0-9a-f]{32}$/)
  assert.match(stackKey, /^[0-9a-f]{32}$/)
  assert.equal(path.basename(dockerConfig), '.docker')
  assert.deepEqual(rest, {
    hostForm: 'nested',
    pairFallback: ['main', 'latest'],
    demo: true,
    domain: 'todowrangler.lotan.localhost',
    publicUrl: { protocol: 'http:', port: 8080 },
    listen: { host: '127.0.0.1', port: 8080 },
    dataDir: dir,
    runDir: path.join(dir, 'run'),
    adminWelcome: '',
    adminInfo: '',
    brand: { name: null, logo: null },
    gate: { kind: 'off', password: null },
    userHeader: null,
    provider: null,
    people: { admins: [], allow: [] },
    trustedJobs: [],
    metricsAllow: [],
    forge: null,
    notifyUrl: null,
    shell: null,
    stackFile: null,
    stackText: null,
    stackImages: null,
    dataFor: 604_800_000,
    containerSecrets: {},
    redis: { socket: path.join(dir, 'run', 'redis.sock') },
    dockerHost: null,
    awsRegion: null,
    stopAfter: 600_000,
    rmiAfter: 3_600_000,
    pauseAfter: null,
    refreshEvery: 300_000,
    startTimeout: 120_000,
    pullTimeout: 3_600_000,
    tls: null,
    hsts: null,
    trustedProxies: [],
    hold: 60_000,
    maxHeld: 2_000,
    grace: 30_000,
    disk: { high: 85, low: 75 },
    robots: { agents: [], paths: [] },
    maxRunning: 50,
    slots: 500,
    slotKind: null,
    sandboxes: { ready: 4, kept: 50 },
    memoryHigh: 90,
    transliterate: true,
    containerEnv: {},
    containerPort: null,
    limits: { memory: '512m', cpus: 1, pids: 512, disk: '2g', diskMax: '2g' },
    ceilings: { memory: '2g', cpus: 2 },
    logs: 'files',
    term: 'xterm',
    hasColours: true,
  })
})

test('an empty setting counts as unset', () => {
  const names = [
    'REPOSITORY',
    'TL_DOMAIN',
    'LOTAN_PREPULL',
    'ENV_ARGS',
    'REDIS_URL',
    'LOTAN_ADMIN_TOKEN',
    'LOTAN_SLOTS',
    'LOTAN_LOG',
    'TERM',
  ]
  const empty = read(Object.fromEntries(names.map((name) => [name, ''])))
  const functions = { offers: null, prepulls: null, repositories: null }
  assert.deepEqual({ ...empty, ...functions }, { ...read({}), ...functions })
})

test('the repository, and others by name', () => {
  const table: [env: NodeJS.ProcessEnv, expected: string[], demo?: boolean][] = [
    [{}, ['=127.0.0.1:5000/todowrangler'], true],
    [{ REPOSITORY: 'registry.example.com:5000/team/my_app' }, ['=registry.example.com:5000/team/my_app']],
    [{ REPOSITORY: 'nginx' }, ['=nginx']],
    [{ REPOSITORY: 'team/app--x' }, ['=team/app--x']],
    [{ REPOSITORY: 'localhost/app' }, ['=localhost/app']],
    [{ REPOSITORY: '[::1]:5000/app' }, ['=[::1]:5000/app']],
    [{ REPOSITORY: 'web', LOTAN_REPOSITORIES: ' api=r.io/api\nworker9=b ' }, ['=web', 'api=r.io/api', 'worker9=b']],
    [{ LOTAN_REPOSITORIES: 'api=ghcr.io/team/api' }, ['api=ghcr.io/team/api']],
  ]
  for (const [env, expected, demo = false] of table) {
    const config = read(env)
    const found = config.repositories.map(({ name, reference }) => `${name}=${reference}`)
    assert.deepEqual([found, config.demo], [expected, demo], JSON.stringify(env))
  }
})

test('settings are read', () => {
  const { limits } = read({})
  const table: [env: NodeJS.ProcessEnv, expected: Partial<Config>][] = [
    [{ TL_DOMAIN: 'Previews.Example.COM' }, { domain: 'previews.example.com' }],
    [{ INACTIVITY_STOP_TIMEOUT_MINUTES: '0.1' }, { stopAfter: 6_000 }],
    [{ INACTIVITY_STOP_TIMEOUT_MINUTES: '.5' }, { stopAfter: 30_000 }],
    [{ INACTIVITY_RMI_TIMEOUT_MINUTES: '100000' }, { rmiAfter: 6_000_000_000 }],
    [{ IMAGE_REFRESH_INTERVAL_MINUTES: '1.' }, { refreshEvery: 60_000 }],
    [{ LOTAN_START_TIMEOUT_SECONDS: '1.5' }, { startTimeout: 1_500 }],
    [{ LOTAN_PULL_TIMEOUT_MINUTES: '0.5' }, { pullTimeout: 30_000 }],
    [{ LOTAN_HOLD_SECONDS: '0' }, { hold: 0 }],
    [{ LOTAN_MAX_HELD: '7' }, { maxHeld: 7 }],
    [{ LOTAN_GRACE_SECONDS: '2.5' }, { grace: 2_500 }],
    [{ LOTAN_DISK_HIGH_PERCENT: '99', LOTAN_DISK_LOW_PERCENT: '1' }, { disk: { high: 99, low: 1 } }],
    [{ INACTIVITY_PAUSE_TIMEOUT_MINUTES: '0.5' }, { pauseAfter: 30_000 }],
    [{ INACTIVITY_PAUSE_TIMEOUT_MINUTES: '0.1' }, { pauseAfter: 6_000 }],
    [{ INACTIVITY_PAUSE_TIMEOUT_MINUTES: 'off' }, { pauseAfter: null }],
    [
      { LOTAN_ROBOT_AGENTS: 'Acme Probe/2.0 (x), other', LOTAN_ROBOT_PATHS: '/healthz,/status/*' },
      { robots: { agents: ['Acme Probe/2.0 (x)', 'other'], paths: ['/healthz', '/status/*'] } },
    ],
    [
      { LOTAN_SLOTS: '2', LOTAN_MAX_RUNNING: '1' },
      { slots: 2, maxRunning: 1 },
    ],
    [{ LOTAN_SLOT_KIND: 'port' }, { slotKind: 'port' }],
    [{ LOTAN_SLOT_KIND: 'network' }, { slotKind: 'network' }],
    [{ TRANSLITERATE_SEMVER_UNDERSCORES_TO_DOTS: '0' }, { transliterate: false }],
    [{ LOTAN_CONTAINER_PORT: '3000' }, { containerPort: 3000 }],
    [{ LOTAN_CONTAINER_MEMORY: '1G' }, { limits: { ...limits, memory: '1g' } }],
    [{ LOTAN_CONTAINER_CPUS: '.25' }, { limits: { ...limits, cpus: 0.25 } }],
    [{ LOTAN_CONTAINER_PIDS: '64' }, { limits: { ...limits, pids: 64 } }],
    [{ LOTAN_CONTAINER_DISK: '500M' }, { limits: { ...limits, disk: '500m', diskMax: '500m' } }],
    [{ LOTAN_CONTAINER_DISK_MAX: '10g' }, { limits: { ...limits, diskMax: '10g' } }],
    [{ LOTAN_CONTAINER_MEMORY_MAX: '1g' }, { ceilings: { memory: '1g', cpus: 2 } }],
    [{ LOTAN_CONTAINER_CPUS_MAX: '0.5' }, { ceilings: { memory: '2g', cpus: 1 } }],
    [{ LOTAN_CONTAINER_MEMORY: '3g', LOTAN_CONTAINER_CPUS: '4' }, { ceilings: { memory: '3g', cpus: 4 } }],
    [
      { ADMIN_WELCOME: '<b>hi</b>', ADMIN_INFO: ' ' },
      { adminWelcome: '<b>hi</b>', adminInfo: ' ' },
    ],
    [{ LOTAN_LOG: 'stdout' }, { logs: 'stdout' }],
    [{ LOTAN_LOG: 'files' }, { logs: 'files' }],
    [{ TERM: 'dumb' }, { term: 'dumb' }],
    [{ NO_COLOR: '1' }, { hasColours: false }],
    [
      { LOTAN_TLS_CERT: '/a.pem', LOTAN_TLS_KEY: '/a.key', LOTAN_LISTEN: '0.0.0.0:80', LOTAN_HSTS_SECONDS: '0' },
      {
        tls: { certificate: '/a.pem', key: '/a.key', listen: { host: '0.0.0.0', port: 443 } },
        publicUrl: { protocol: 'https:', port: null },
        hsts: 0,
      },
    ],
    [
      { LOTAN_TLS_CERT: '/a.pem', LOTAN_TLS_KEY: '/a.key' },
      {
        tls: { certificate: '/a.pem', key: '/a.key', listen: { host: '127.0.0.1', port: 8443 } },
        publicUrl: { protocol: 'https:', port: 8443 },
        hsts: null,
      },
    ],
    [
      {
        LOTAN_TRUSTED_PROXIES: '10.0.0.5, 192.168.0.0/16,fd00::/8,::1',
        LOTAN_PUBLIC_URL: 'https://todowrangler.lotan.localhost',
      },
      { trustedProxies: ['10.0.0.5', '192.168.0.0/16', 'fd00::/8', '::1'] },
    ],
    [
      {
        LOTAN_TRUSTED_PROXIES: '10.0.0.5',
        LOTAN_PUBLIC_URL: 'https://todowrangler.lotan.localhost',
        LOTAN_USER_HEADER: 'X-Forwarded-User',
        LOTAN_OIDC_ADMINS: ' Anna@Example.com  group:Admins ',
        LOTAN_OIDC_ALLOW: '@Example.com',
      },
      {
        userHeader: 'x-forwarded-user',
        people: { admins: [{ address: 'anna@example.com' }, { group: 'Admins' }], allow: [{ domain: 'example.com' }] },
      },
    ],
    [
      {
        LOTAN_OIDC_ISSUER: 'https://login.example.com/realms/a/',
        LOTAN_OIDC_CLIENT_ID: 'lotan',
        LOTAN_OIDC_CLIENT_SECRET: 's',
        LOTAN_OIDC_ALLOW: 'root',
      },
      {
        provider: { issuer: 'https://login.example.com/realms/a/', clientId: 'lotan', clientSecret: 's' },
        people: { admins: [], allow: [{ address: 'root' }] },
      },
    ],
    [
      { LOTAN_GATE: 'password', LOTAN_GATE_PASSWORD: 'open sesame' },
      { gate: { kind: 'password', password: 'open sesame' } },
    ],
    [{ LOTAN_GATE: 'login' }, { gate: { kind: 'login', password: null } }],
    [
      { LOTAN_OIDC_TRUST: 'github:owner/name gitlab:a/b/c@http://127.0.0.1:9' },
      {
        trustedJobs: [
          { forge: 'github', repository: 'owner/name', issuer: 'https://token.actions.githubusercontent.com' },
          { forge: 'gitlab', repository: 'a/b/c', issuer: 'http://127.0.0.1:9' },
        ],
      },
    ],
    [
      { LOTAN_METRICS_ALLOW: '192.0.2.7  10.0.0.0/8 fd00::/8 ::1' },
      {
        metricsAllow: [
          { address: '192.0.2.7', bits: 32 },
          { address: '10.0.0.0', bits: 8 },
          { address: 'fd00::', bits: 8 },
          { address: '::1', bits: 128 },
        ],
      },
    ],
    [
      { REDIS_URL: 'rediss://u:p@redis.example.com:6380/2' },
      { redis: { url: 'rediss://u:p@redis.example.com:6380/2' } },
    ],
    [{ DOCKER_HOST: 'unix:///var/run/docker.sock' }, { dockerHost: 'unix:///var/run/docker.sock' }],
    [{ DOCKER_HOST: 'tcp://10.0.0.1:2375' }, { dockerHost: 'tcp://10.0.0.1:2375' }],
    [{ DOCKER_CONFIG: '/etc/lotan/docker' }, { dockerConfig: '/etc/lotan/docker' }],
    [{ AWS_DEFAULT_REGION: 'eu-central-1' }, { awsRegion: 'eu-central-1' }],
    [{ AWS_DEFAULT_REGION: 'eu-central-1', AWS_REGION: 'us-gov-west-1' }, { awsRegion: 'us-gov-west-1' }],
    [{ LOTAN_ADMIN_TOKEN: 'sixteen-letters!' }, { adminToken: 'sixteen-letters!' }],
    [
      { LOTAN_LISTEN: '0.0.0.0:80' },
      { listen: { host: '0.0.0.0', port: 80 }, publicUrl: { protocol: 'http:', port: null } },
    ],
    [{ LOTAN_LISTEN: ':8081' }, { listen: { host: '0.0.0.0', port: 8081 } }],
    [{ LOTAN_LISTEN: '8081' }, { listen: { host: '0.0.0.0', port: 8081 } }],
    [{ LOTAN_LISTEN: '*:8081' }, { listen: { host: '0.0.0.0', port: 8081 } }],
    [{ LOTAN_LISTEN: '[::1]:80' }, { listen: { host: '[::1]', port: 80 } }],
    [{ LOTAN_LISTEN: 'localhost:1' }, { listen: { host: 'localhost', port: 1 } }],
  ]
  for (const [env, expected] of table) assert.partialDeepStrictEqual(read(env), expected, JSON.stringify(env))
})

test('a tag filter is a Lua pattern, and a mistake in it is told in Lua’s words', () => {
  const { offers } = read({ TAG_FILTER: '^pr%-%d+$' })
  const { prepulls } = read({ TAG_FILTER: '^pr%-%d+$', LOTAN_PREPULL: '1$' })
  assert.deepEqual(['pr-1', 'pr-2', 'main-1'].map(prepulls), [true, false, false])
  assert.equal(read({}).prepulls('pr-1'), false)
  assert.deepEqual(['pr-1', 'pr-x', 'a-pr-1'].map(offers), [true, false, false])
  assert.equal(
    problemsOf({ TAG_FILTER: 'pr[' })[0]?.problem,
    "is 'pr[': malformed pattern (missing ']'); write a Lua pattern, such as ^pr%-%d+$",
  )
})

test('links carry the public scheme and port', () => {
  const on = (LOTAN_PUBLIC_URL: string) =>
    urlOf('red.example.com', read({ TL_DOMAIN: 'example.com', LOTAN_PUBLIC_URL }))
  assert.equal(urlOf('red.localhost', read({})), 'http://red.localhost:8080')
  assert.equal(urlOf('red.localhost', read({ LOTAN_LISTEN: ':80' })), 'http://red.localhost')
  assert.equal(on('https://example.com'), 'https://red.example.com')
  assert.equal(on('https://Example.com:443/'), 'https://red.example.com')
  assert.equal(on('http://example.com:8081'), 'http://red.example.com:8081')
})

test('a bad setting is named, and what to write instead', () => {
  const table: Record<string, string[]> = {
    REPOSITORY: [
      'app:1',
      'app@sha256:abc',
      'App',
      'a//b',
      '/a',
      'a/',
      'reg:x/a',
      'http://reg/a',
      'a b',
      '-a',
      '[::g]:5/a',
    ],
    TL_DOMAIN: [
      'a..b',
      '.a',
      'a.',
      '-a.com',
      'a_b.com',
      '127.0.0.1',
      '1',
      'a.0x1',
      'a b',
      'bücher.de',
      'a:80',
      'd'.repeat(64),
    ],
    INACTIVITY_STOP_TIMEOUT_MINUTES: [
      'ten',
      '0',
      '-1',
      '1e3',
      '0x10',
      '1,5',
      ' 1',
      '100001',
      '0.000001',
      'NaN',
      'Infinity',
      '.',
    ],
    INACTIVITY_RMI_TIMEOUT_MINUTES: ['off', '0', '9', '100001'],
    IMAGE_REFRESH_INTERVAL_MINUTES: ['never', '0', '40000'],
    LOTAN_START_TIMEOUT_SECONDS: ['0', '2m'],
    LOTAN_HOLD_SECONDS: ['-1', '1 s', '3601'],
    LOTAN_PULL_TIMEOUT_MINUTES: ['0', '-1', 'off', '1441'],
    LOTAN_MAX_HELD: ['0', '-1', 'all', '10001'],
    LOTAN_GRACE_SECONDS: ['-1', 'none', '3601'],
    LOTAN_DISK_HIGH_PERCENT: ['100', '0', '80%', '-1'],
    LOTAN_MEMORY_HIGH_PERCENT: ['101', '0', '90%'],
    LOTAN_DISK_LOW_PERCENT: ['0', '85', '90', '7.5', 'off'],
    LOTAN_ROBOT_AGENTS: ['ab', 'acme,', 'a\nb\nc', 'caf\u00e9s'],
    LOTAN_ROBOT_PATHS: ['healthz', '/a,b', '/*', '/a?b=1', '/a b', '/,'],
    INACTIVITY_PAUSE_TIMEOUT_MINUTES: ['on', '0', '-1', '0.09', '10', '11'],
    LOTAN_MAX_RUNNING: ['0', '500', '1.5', 'many'],
    LOTAN_USER_HEADER: ['X_User', 'Cookie', 'X-Forwarded-For', 'a b', 'From', 'X'],
    LOTAN_NAME: ['Acme\nShop', ' Acme', 'A'.repeat(41), 'Acme\u202e'],
    LOTAN_LOGO: ['"logo.svg"', 'a\tb'],
    LOTAN_GATE: ['on', 'Login'],
    LOTAN_GATE_PASSWORD: ['alone and long enough', 'short', ' at the start', 'tab\tin it'],
    LOTAN_OIDC_ISSUER: [
      'http://login.example.com',
      'login.example.com',
      'https://x.example/?y',
      'https://u:p@x.example',
    ],
    LOTAN_OIDC_CLIENT_ID: ['alone'],
    LOTAN_OIDC_CLIENT_SECRET: ['alone'],
    LOTAN_OIDC_ADMINS: ['a,b', '@', 'group:', 'x@y@z', 'alone@example.com'],
    LOTAN_OIDC_ALLOW: ['a;b@', 'mailto:x@y.example', 'alone@example.com'],
    LOTAN_METRICS_ALLOW: [
      '10.0.0.0/33',
      'fd00::/129',
      'localhost',
      '10.0.0.1, 10.0.0.2',
      '10.0.0',
      '10.0.0.0/8/8',
      ':',
    ],
    LOTAN_OIDC_TRUST: ['owner/name', 'github:owner', 'github:a/b/c', 'gitlab:a/b@http://x.example', 'bitbucket:a/b'],
    LOTAN_SLOTS: ['1', '2001', '50', '3e2'],
    LOTAN_LOG: ['syslog', 'Files'],
    LOTAN_SLOT_KIND: ['ports', 'Port', '8080'],
    TRANSLITERATE_SEMVER_UNDERSCORES_TO_DOTS: ['2', 'yes', 'true'],
    ENV_ARGS: [
      'A',
      '-e',
      'A=1 -e',
      '-e "B=1',
      '-e =x',
      '=x',
      '-x',
      '--env-file=x',
      '-e 1A=2',
      'A=1 --env',
      '-e A=1 B',
      '-e ""',
      '-e LOTAN_TAG=x',
      '-e LOTAN_URL',
      'A=\\',
      "A=$'\\x00'",
    ],
    LOTAN_CONTAINER_ENV_: ['x'],
    LOTAN_CONTAINER_ENV_1A: ['x'],
    LOTAN_CONTAINER_ENV_LOTAN_HOST: ['x'],
    TAG_FILTER: ['[a', '%', '(', 'a'.repeat(501), 'pr-%d+)'],
    LOTAN_PREPULL: ['[a', 'a'.repeat(501)],
    LOTAN_TLS_LISTEN: ['443x', '0'],
    LOTAN_HSTS_SECONDS: ['-1', '1.5', 'forever'],
    LOTAN_TRUSTED_PROXIES: ['10.0.0.0/33', 'proxy', '10.0.0.1 10.0.0.2', '::1/129', '10.0.0.1,'],
    LOTAN_CONTAINER_PORT: ['0', '65536', '80/tcp'],
    LOTAN_CONTAINER_MEMORY: ['5m', '1', '512 MB', 'half', '-1g', '1e9', '9999999999999t'],
    LOTAN_CONTAINER_MEMORY_MAX: ['5m', 'lots'],
    LOTAN_CONTAINER_CPUS_MAX: ['0', 'all'],
    LOTAN_CONTAINER_CPUS: ['0', '-1', 'all', '0.001', '9999'],
    LOTAN_CONTAINER_PIDS: ['0', '-1', '1.5'],
    LOTAN_CONTAINER_DISK: ['0', '1000k', '2 GB', 'off'],
    LOTAN_CONTAINER_DISK_MAX: ['0', '-1g', 'none'],
    LOTAN_LISTEN: ['0', '65536', 'a', 'a:', '[::1]', '::1:80', '999.1.1.1:80', '127.0.0.1:80;', '[x]:80', 'a b:80'],
    LOTAN_PUBLIC_URL: [
      'example.com',
      'https://other.example.com',
      'ftp://todowrangler.lotan.localhost',
      'https://todowrangler.lotan.localhost/x',
      'https://u:p@todowrangler.lotan.localhost',
      'https://todowrangler.lotan.localhost/?a',
    ],
    LOTAN_ADMIN_TOKEN: ['short', 'fifteen-letters', 'sixteen letters!', 'sixteen-létters!'],
    REDIS_URL: ['localhost:6379', 'http://localhost', 'redis://', 'redis:///tmp/x'],
    DOCKER_HOST: [
      '/var/run/docker.sock',
      'unix://',
      'unix://docker.sock',
      'ssh://me@host',
      'tcp://',
      'tcp://a/b',
      'npipe:////./pipe/x',
    ],
    LOTAN_DATA_DIR: ['/proc/nothing/here', '/dev/null/x', `${dir}/a"b`, `${dir}/$x`, `${dir}/a\nb`, `${dir}/instance`],
  }
  for (const [variable, texts] of Object.entries(table))
    for (const text of texts) {
      const problems = problemsOf({ [variable]: text })
      const where = `${variable}=${text}: ${JSON.stringify(problems)}`
      assert.ok(problems.length >= 1, where)
      // Too few slots are a problem of the number that must be below them.
      const named = variable === 'LOTAN_SLOTS' && text === '50' ? 'LOTAN_MAX_RUNNING' : variable
      for (const { variable, problem } of problems) {
        assert.equal(variable, named, where)
        assert.doesNotMatch(problem, /[\n\r]/, where)
        assert.doesNotMatch(problem, /Invalid|Too (big|small)|expected/, `${where}: no words of the library`)
      }
    }
})

test('all problems are told at once, in words', () => {
  const env = {
    INACTIVITY_STOP_TIMEOUT_MINUTES: 'ten',
    LOTAN_SLOTS: '20',
    ENV_ARGS: '-e A=1 oops -e 2=3',
    LOTAN_DATA_DIR: '/dev/null/x',
  }
  assert.throws(() => read(env), {
    name: 'SettingsError',
    message: [
      "INACTIVITY_STOP_TIMEOUT_MINUTES is 'ten': write a number of minutes greater than 0, such as 10 or 0.5, at most 100000",
      'LOTAN_MAX_RUNNING is 50: write less than LOTAN_SLOTS, which is 20',
      "ENV_ARGS has 'oops': write NAME=value, or -e 'NAME=value'",
      "ENV_ARGS has '2=3', which names no variable: write NAME=value",
      "LOTAN_DATA_DIR is '/dev/null/x', which cannot be used: ENOTDIR: not a directory, mkdir '/dev/null/x'",
    ].join('\n'),
  })
})

test('labels may not be allowed less of the disk than what is given without them', () => {
  assert.deepEqual(problemsOf({ LOTAN_CONTAINER_DISK_MAX: '1g' }), [
    { variable: 'LOTAN_CONTAINER_DISK_MAX', problem: 'is 1g: write at least LOTAN_CONTAINER_DISK, which is 2g' },
  ])
})

test('the file of a stack is read and checked, and all that is wrong with it is told beside other problems', () => {
  const file = path.join(root, 'stack.yaml')
  const text = 'services:\n  mail: { image: axllent/mailpit }\n'
  fs.writeFileSync(file, text)
  const { stackText, stackFile } = read({ LOTAN_STACK: file })
  assert.deepEqual([stackText, stackFile], [text, file])

  fs.writeFileSync(file, `${text}    ports: []\nvolumes: { A: }\n`)
  assert.deepEqual(
    problemsOf({ LOTAN_STACK: file, LOTAN_DATA_DAYS: 'x' }).map(({ variable }) => variable),
    ['LOTAN_DATA_DAYS', 'LOTAN_STACK'],
  )
  fs.writeFileSync(file, 'services:\n  mail: { image: axllent/mailpit, ports: [] }\nvolumes: { A: }\n')
  const told = problemsOf({ LOTAN_STACK: file }).map(({ variable, problem }) => `${variable} ${problem}`)
  assert.equal(told.length, 2)
  assert.match(told[0]!, /^LOTAN_STACK is '.*stack\.yaml': line 2, services\.mail\.ports: is not taken: /)
  assert.match(told[1]!, /^LOTAN_STACK is '.*stack\.yaml': line 3, volumes\.A: is to be named/)
  fs.rmSync(file)
  assert.match(problemsOf({ LOTAN_STACK: file })[0]!.problem, /which cannot be read: ENOENT/)
  fs.writeFileSync(file, '#'.repeat(300_000))
  assert.match(problemsOf({ LOTAN_STACK: file })[0]!.problem, /which is too long for a stack$/)
})

test('a gate with a password needs one, and no other gate has one', () => {
  assert.deepEqual(problemsOf({ LOTAN_GATE: 'password' }), [
    { variable: 'LOTAN_GATE_PASSWORD', problem: 'is missing: LOTAN_GATE=password asks visitors for it' },
  ])
  assert.deepEqual(problemsOf({ LOTAN_GATE: 'login', LOTAN_GATE_PASSWORD: 'open sesame' }), [
    { variable: 'LOTAN_GATE_PASSWORD', problem: 'needs LOTAN_GATE=password: nothing asks for it otherwise' },
  ])
})

test('pull requests need their repository, and what is for them needs a forge', () => {
  const github = { LOTAN_FORGE: 'github', LOTAN_FORGE_REPOSITORY: 'team/app' }
  const { forge, containerSecrets } = read({ ...github, LOTAN_CONTAINER_SECRET_DB: 'x y' })
  assert.deepEqual(
    { ...forge, templates: forge?.templates.length },
    {
      kind: 'github',
      api: 'https://api.github.com',
      repositories: [{ name: '', path: 'team/app' }],
      templates: 1,
      says: ['comment', 'status'],
      verify: false,
      interval: 300_000,
      closedAfter: 3_600_000,
      forks: 'ask',
    },
  )
  assert.deepEqual(containerSecrets, { DB: 'x y' })
  const { forge: other } = read({
    LOTAN_FORGE: 'gitea',
    LOTAN_FORGE_API: 'https://git.example.com/api/v1/',
    LOTAN_FORGE_REPOSITORY: 'api=team/api web=group/sub/web',
    LOTAN_REPOSITORIES: 'api=reg/api web=reg/web',
    LOTAN_FORGE_TAG: '{sha7} pr-{number}',
    LOTAN_FORGE_SAYS: 'none',
    LOTAN_CLOSED_MINUTES: '0',
  })
  assert.equal(other?.api, 'https://git.example.com/api/v1')
  assert.deepEqual(other?.repositories.map(({ name, path }) => `${name} ${path}`), ['api team/api', 'web group/sub/web']) // prettier-ignore
  assert.deepEqual([other?.templates.length, other?.says, other?.closedAfter], [2, [], 0])

  const told: [Record<string, string>, RegExp][] = [
    [{ LOTAN_FORGE: 'github' }, /^LOTAN_FORGE_REPOSITORY is missing/],
    [{ LOTAN_FORGE_REPOSITORY: 'team/app' }, /^LOTAN_FORGE_REPOSITORY needs LOTAN_FORGE/],
    [{ LOTAN_CONTAINER_SECRET_DB: 'x' }, /^LOTAN_CONTAINER_SECRET_DB needs LOTAN_FORGE/],
    [{ ...github, LOTAN_CONTAINER_SECRET_LOTAN_TAG: 'x' }, /^LOTAN_CONTAINER_SECRET_LOTAN_TAG names no variable/],
    [{ LOTAN_FORGE: 'gitea', LOTAN_FORGE_REPOSITORY: 'team/app' }, /^LOTAN_FORGE_API is missing/],
    [{ ...github, LOTAN_FORGE: 'gitea', LOTAN_FORGE_API: 'https://a.test', LOTAN_FORGE_SAYS: 'deployment' }, /^LOTAN_FORGE_SAYS has deployment/], // prettier-ignore
    [
      { ...github, LOTAN_FORGE_REPOSITORY: 'api=team/app' },
      /^LOTAN_FORGE_REPOSITORY has api, which LOTAN_REPOSITORIES/,
    ],
    [{ ...github, LOTAN_FORGE_REPOSITORY: 'team/app', REPOSITORY: '', LOTAN_REPOSITORIES: 'api=reg/api' }, /^LOTAN_FORGE_REPOSITORY has team\/app for REPOSITORY/], // prettier-ignore
  ]
  for (const [env, message] of told) assert.throws(() => read(env), { message }) // prettier-ignore
})

test('the forge’s token is read by itself, from a variable or a file', () => {
  const file = path.join(root, 'forge-token')
  fs.writeFileSync(file, ' t0ken\n')
  assert.equal(readForgeToken({}), null)
  assert.equal(readForgeToken({ LOTAN_FORGE_TOKEN: 'abc' }), 'abc')
  assert.equal(readForgeToken({ LOTAN_FORGE_TOKEN_FILE: file }), 't0ken')
  assert.throws(
    () => readForgeToken({ LOTAN_FORGE_TOKEN: 'abc', LOTAN_FORGE_TOKEN_FILE: file }),
    /leave one of them out/,
  )
  fs.writeFileSync(file, '\n')
  assert.throws(() => readForgeToken({ LOTAN_FORGE_TOKEN_FILE: file }), /which is empty/)
  assert.throws(() => readForgeToken({ LOTAN_FORGE_TOKEN_FILE: `${file}x` }), /cannot be read/)
})

test('the low mark of the disk lies below the high one', () => {
  assert.deepEqual(problemsOf({ LOTAN_DISK_HIGH_PERCENT: '75' }), [
    { variable: 'LOTAN_DISK_LOW_PERCENT', problem: 'is 75: write less than LOTAN_DISK_HIGH_PERCENT, which is 75' },
  ])
})

test('what belongs together for HTTPS and proxies is told when it does not', () => {
  const all = { LOTAN_TLS_CERT: '/a.pem', LOTAN_TLS_KEY: '/a.key' }
  const variables = (env: NodeJS.ProcessEnv) => problemsOf(env).map(({ variable }) => variable)
  assert.deepEqual(variables({ LOTAN_TLS_CERT: '/a.pem' }), ['LOTAN_TLS_KEY'])
  assert.deepEqual(variables({ LOTAN_TLS_KEY: '/a.key' }), ['LOTAN_TLS_CERT'])
  assert.deepEqual(variables({ LOTAN_TLS_KEY: '/a"b' }), ['LOTAN_TLS_KEY', 'LOTAN_TLS_CERT'])
  for (const bad of ['a"b', 'a$b', 'a\nb']) {
    assert.deepEqual(variables({ ...all, LOTAN_TLS_CERT: bad }), ['LOTAN_TLS_CERT'])
    assert.deepEqual(variables({ ...all, LOTAN_TLS_KEY: bad }), ['LOTAN_TLS_KEY'])
  }
  assert.deepEqual(variables({ ...all, LOTAN_TLS_LISTEN: '8080' }), ['LOTAN_TLS_LISTEN'])
  assert.deepEqual(variables({ ...all, LOTAN_PUBLIC_URL: 'http://todowrangler.lotan.localhost' }), ['LOTAN_PUBLIC_URL'])
  assert.deepEqual(variables({ LOTAN_TRUSTED_PROXIES: '10.0.0.1' }), ['LOTAN_PUBLIC_URL'])
  // Nothing is set that would do nothing.
  const secure = { LOTAN_PUBLIC_URL: 'https://todowrangler.lotan.localhost' }
  assert.deepEqual(variables({ LOTAN_TLS_LISTEN: '8443' }), ['LOTAN_TLS_LISTEN'])
  assert.deepEqual(variables({ ...secure, LOTAN_TLS_LISTEN: '8443' }), ['LOTAN_TLS_LISTEN'])
  assert.deepEqual(variables({ LOTAN_HSTS_SECONDS: '600' }), ['LOTAN_HSTS_SECONDS'])
  assert.deepEqual(variables({ LOTAN_TLS_CERT: '/a.pem', LOTAN_TLS_LISTEN: '8443', LOTAN_HSTS_SECONDS: '600' }), [
    'LOTAN_TLS_KEY',
  ])
  assert.deepEqual(variables({ ...secure, LOTAN_HSTS_SECONDS: '600' }), [])
  assert.deepEqual(variables({ ...all, LOTAN_HSTS_SECONDS: '600', LOTAN_TLS_LISTEN: '9443' }), [])
  assert.deepEqual(variables(all), [])
})

test('a bad secret is not repeated', () => {
  for (const [variable, text] of [
    ['LOTAN_ADMIN_TOKEN', 'hunter2'],
    ['REDIS_URL', 'reds://user:hunter2@host'],
  ])
    assert.doesNotMatch(JSON.stringify(problemsOf({ [variable!]: text })), /hunter2/)
})

test('the image is removed no earlier than the preview is stopped', () => {
  const minutes = (stop: string, rmi: string) =>
    problemsOf({ INACTIVITY_STOP_TIMEOUT_MINUTES: stop, INACTIVITY_RMI_TIMEOUT_MINUTES: rmi })
  assert.deepEqual(minutes('5', '5'), [])
  assert.deepEqual(minutes('5.5', '5'), [
    {
      variable: 'INACTIVITY_RMI_TIMEOUT_MINUTES',
      problem: 'is 5: write at least INACTIVITY_STOP_TIMEOUT_MINUTES, which is 5.5',
    },
  ])
  assert.equal(problemsOf({ INACTIVITY_STOP_TIMEOUT_MINUTES: '61' })[0]?.variable, 'INACTIVITY_RMI_TIMEOUT_MINUTES')
})

test('variables for containers are quoted as a shell would', () => {
  const table: [ENV_ARGS: string, expected: Record<string, string>][] = [
    [`-e A=1 -e "B=two words"`, { A: '1', B: 'two words' }],
    [`A=1 B='two words'`, { A: '1', B: 'two words' }],
    ['--env A=1 --env=B=2 -eC=3 -e=D=4', { A: '1', B: '2', C: '3', D: '4' }],
    ['A= B=x=y', { A: '', B: 'x=y' }],
    ['-e A=1 -e A=2', { A: '2' }],
    ['-e FROM_HERE -e EMPTY -e NOWHERE', { FROM_HERE: 'yes', EMPTY: '' }],
    ['--env=FROM_HERE', { FROM_HERE: 'yes' }],
    ['spring.profiles.active=x', { 'spring.profiles.active': 'x' }],
    ['A="$HOME" B=`x` C=#d', { A: '$HOME', B: '`x`', C: '#d' }],
    [' \n A=1\n\tB=2 ', { A: '1', B: '2' }],
  ]
  for (const [ENV_ARGS, expected] of table)
    assert.deepEqual(read({ ENV_ARGS, FROM_HERE: 'yes', EMPTY: '' }).containerEnv, expected, ENV_ARGS)
  const both = { ENV_ARGS: 'A=1 B=2', LOTAN_CONTAINER_ENV_A: '3', LOTAN_CONTAINER_ENV_MEMORY: 'm' }
  assert.deepEqual(read(both).containerEnv, { A: '3', B: '2', MEMORY: 'm' })
})

test('no text in any setting does anything but a SettingsError', () => {
  const names = ['REPOSITORY', 'LOTAN_REPOSITORIES', 'LOTAN_HOST_FORM', 'TL_DOMAIN', 'LOTAN_PREPULL', 'ENV_ARGS', 'LOTAN_LISTEN', 'LOTAN_PUBLIC_URL', 'REDIS_URL', 'DOCKER_HOST',
    'LOTAN_CONTAINER_MEMORY', 'LOTAN_SLOTS', 'INACTIVITY_STOP_TIMEOUT_MINUTES', 'LOTAN_ADMIN_TOKEN'] // prettier-ignore
  const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.webUrl(), fc.domain())
  fc.assert(
    fc.property(fc.constantFrom(...names), text, (name, value) => void problemsOf({ [name]: value })),
    {
      numRuns: 150,
    },
  )
})

test('no texts in all settings together do, and what is refused is one of those that were given', () => {
  const names = groups.flatMap(({ settings }) => Object.keys(settings)).filter((name) => name !== 'LOTAN_DATA_DIR')
  const name = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...names) },
    { weight: 1, arbitrary: anyText.map((text) => `LOTAN_CONTAINER_ENV_${text}`) },
  )
  const value = fc.oneof(labelValues, fc.constantFrom('1', '0', '30', '127.0.0.1:81', '*:80', 'https://a.test', '[', '%', '^a-$'))
  fc.assert(
    fc.property(fc.dictionary(name, value, { maxKeys: 5 }), (env) => {
      for (const { variable, problem } of problemsOf(env)) {
        assert.ok(names.includes(variable) || variable in env, variable)
        assert.ok(problem.length > 3 && problem.length < 2_000, problem)
      }
    }),
    { numRuns: 150 },
  )
}) // prettier-ignore

test('instance and token are made once, for this user alone, however many ask', async () => {
  const fresh = path.join(root, 'fresh', 'deep')
  const script = `import { readConfig } from ${JSON.stringify(path.resolve(import.meta.dirname, 'config.ts'))}
    const { instance, adminToken } = readConfig(); console.log(instance, adminToken)`
  const run = () =>
    promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      env: { LOTAN_DATA_DIR: fresh, PATH: '/bin' },
    })
  const said = new Set((await Promise.all(Array.from({ length: 4 }, run))).map(({ stdout }) => stdout.trim()))
  const { instance, adminToken } = readConfig({ LOTAN_DATA_DIR: fresh })
  assert.deepEqual([...said], [`${instance} ${adminToken}`])
  assert.deepEqual(fs.readdirSync(fresh).sort(), ['admin-token', 'hook-secret', 'instance', 'run', 'stack-key'])
  assert.equal(fs.statSync(fresh).mode & 0o777, 0o700)
  assert.equal(fs.statSync(path.join(fresh, 'admin-token')).mode & 0o777, 0o600)
})

test('a token file open to others is closed, a damaged one is told of', () => {
  const file = path.join(root, 'token')
  fs.writeFileSync(file, 'abcd1234\n', { mode: 0o644 })
  assert.equal(kept(file, /^[0-9a-f]{8}$/, () => 'unused'), 'abcd1234') // prettier-ignore
  assert.equal(fs.statSync(file).mode & 0o777, 0o600)
  fs.writeFileSync(file, '')
  assert.throws(() => kept(file, /^[0-9a-f]{8}$/, () => 'unused'), /damaged: remove it/)
})

test('sockets get a short directory of their own where the data directory lies deep', () => {
  const deep = path.join(root, 'x'.repeat(90))
  const { runDir, redis } = readConfig({ LOTAN_DATA_DIR: deep })
  try {
    assert.equal(runDir, makeRunDir(deep))
    assert.match(runDir, /lotan-\d+-[0-9a-f]{8}$/)
    assert.deepEqual(redis, { socket: path.join(runDir, 'redis.sock') })
    assert.equal(fs.statSync(runDir).mode & 0o777, 0o700)
    assert.notEqual(makeRunDir(deep, root), makeRunDir(`${deep}y`, root))
  } finally {
    fs.rmdirSync(runDir)
  }
})

test('a directory for sockets that somebody else has put there is refused', () => {
  const deep = path.join(root, 'y'.repeat(90))
  assert.equal(findRunDir(deep, root), undefined)
  const mine = makeRunDir(deep, root)
  assert.equal(findRunDir(deep, root), mine)
  fs.rmdirSync(mine)
  fs.symlinkSync(root, mine)
  assert.throws(() => makeRunDir(deep, root), /is not ours/)
  assert.equal(findRunDir(deep, root), undefined)
  fs.unlinkSync(mine)
  if (process.getuid?.() === 0) {
    fs.mkdirSync(mine)
    fs.chownSync(mine, 65_534, 65_534)
    assert.throws(() => makeRunDir(deep, root), /is not ours/)
    fs.rmdirSync(mine)
  }
  fs.mkdirSync(mine, { mode: 0o755 })
  assert.equal(fs.statSync(makeRunDir(deep, root)).mode & 0o777, 0o700)
  assert.throws(() => makeRunDir(deep, path.join(root, 'z'.repeat(90))), /too long/)
})

test('what a command needs to find the API is read without making anything', () => {
  const none = path.join(root, 'never-made')
  const unset = readApiConfig({ LOTAN_DATA_DIR: none })
  assert.equal(fs.existsSync(none), false)
  assert.deepEqual(unset, {
    api: null,
    adminToken: null,
    dataDir: none,
    domain: 'todowrangler.lotan.localhost',
    listen: { host: '127.0.0.1', port: 8080 },
    term: 'xterm',
    hasColours: true,
    hasDisplay: process.platform === 'darwin',
  })
  // What only `up` uses is not its business.
  assert.equal(readApiConfig({ LOTAN_SLOTS: 'many', TAG_FILTER: '[' }).api, null)
  const apis: [string, string | undefined][] = [
    ['http://previews.example.com', 'http://previews.example.com'],
    ['https://Previews.example.com:8443/', 'https://previews.example.com:8443'],
    ['http://previews.example.com/api/v1', 'http://previews.example.com'],
    ['http://127.0.0.1:80/api/v1/', 'http://127.0.0.1'],
    ['previews.example.com', undefined],
    ['http://previews.example.com/api/v2', undefined],
    ['ftp://previews.example.com', undefined],
    ['http://user:secret@previews.example.com', undefined],
  ]
  for (const [LOTAN_API, expected] of apis) {
    if (expected) assert.equal(readApiConfig({ LOTAN_API }).api, expected)
    else assert.throws(() => readApiConfig({ LOTAN_API }), /LOTAN_API is/)
  }
  const LOTAN_ENDPOINT_URL = 'https://previews.example.com/api/v1'
  const LOTAN_API = 'https://previews.example.com'
  assert.equal(readApiConfig({ LOTAN_ENDPOINT_URL }).api, LOTAN_API)
  assert.equal(readApiConfig({ LOTAN_ENDPOINT_URL, LOTAN_API }).api, LOTAN_API)
  const two = { LOTAN_ENDPOINT_URL, LOTAN_API: 'https://other.example.com' }
  assert.throws(() => readApiConfig(two), /LOTAN_ENDPOINT_URL is another name of LOTAN_API/)
  assert.equal(readApiConfig({ NO_COLOR: '1' }).hasColours, false)
  assert.equal(readApiConfig({ DISPLAY: ':0' }).hasDisplay, true)
  assert.throws(
    () => readApiConfig({ LOTAN_API: 'x', LOTAN_ADMIN_TOKEN: 'short', TL_DOMAIN: '-' }),
    (error: SettingsError) => error.problems.length === 3 && !error.message.includes('short'),
  )
})

test('a child finds the same data directory wherever it runs', () => {
  const env = environmentFor(read({}), { REPOSITORY: 'team/app' })
  assert.equal(env.LOTAN_DATA_DIR, dir)
  assert.equal(env.REPOSITORY, 'team/app')
  assert.equal(env.PATH, environmentFor(read({})).PATH)
})

test('amounts of memory are binary, as the engine counts them', () => {
  const table: [string, number | undefined][] = [
    ['512m', 536_870_912], ['1g', 1_073_741_824], ['1.5G', 1_610_612_736], ['64kb', 65_536], ['100b', 100], ['7', 7],
    ['', undefined], ['m', undefined], ['1p', undefined], ['-1', undefined], ['1 m', undefined],
  ] // prettier-ignore
  for (const [text, bytes] of table) assert.equal(bytesOf(text), bytes, text)
})
