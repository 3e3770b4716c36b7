/** Who may import whom. Checked by `npm run lint` and by the tests; `npm run picture` draws it. */
const tests = '[.](test|long)[.]ts$|(^|/)(harness|browse)[.]ts$|^apps/(testing|stories|bench)/'
const packages = (names) => `(^|/)node_modules/(${names})/`

/** What needs an engine, and what starts other programs of the machine. */
const engineHarness =
  '^apps/testing/(harness/(docker|lotan|own-engine|engine-proxy|reach)|images/(build|publish|made|kept-bases|base-images|lotan-image)|registries/image-registry|scenarios/.*)[.]ts$|^apps/(queue-processor|reaper)/harness[.]ts$'
const partsHarness =
  '^apps/testing/(harness/(processes|browser|certificate|user)|registries/(registry|ecr|tags-process|counting-proxy))[.]ts$|^apps/router/admin/(harness|browse)[.]ts$'

/** Each library, and the only folder or file of the product that imports it. */
const homes = {
  sqlite: { of: packages('(@types/)?better-sqlite3'), home: '^apps/shared/store/' },
  engine: { of: packages('(@types/)?dockerode'), home: '^apps/shared/engine/' },
  redis: { of: packages('bullmq|ioredis'), home: '^apps/shared/queue' },
  https: { of: '^(node:)?https$', home: '^apps/(shared/(registry|engine)/|lotan/cli/api[.]ts$)' },
  ecr: { of: packages('@aws-sdk/[^/]+'), home: '^apps/shared/registry/ecr[.]ts$' },
  zod: { of: packages('zod'), home: '^apps/(shared/(config|api)|router/api)/' },
  'event-streams': { of: packages('eventsource-parser'), home: '^apps/lotan/cli/api[.]ts$' },
  openid: { of: packages('openid-client|jose'), home: '^apps/router/access/' },
  commander: { of: packages('commander'), home: '^apps/lotan/cli/' },
  metrics: { of: packages('prom-client'), home: '^apps/router/metrics/' },
  esbuild: { of: packages('esbuild'), home: '^apps/lotan/install/' },
  forge: { of: packages('@octokit/[^/]+|@gitbeaker/[^/]+'), home: '^apps/(forge/|router/hooks/)' },
  express: { of: packages('(@types/)?express|helmet'), home: '^apps/router/' },
}

/** Rules that know neither the clock nor chance nor anything outside. That their text names none, checks.test.ts looks. */
const pure = [
  'shared/tag',
  'shared/preview/preview',
  'shared/preview/event',
  'shared/preview/endpoint',
  'shared/preview/state-machine/claim',
  'shared/preview/state-machine/removal',
  'shared/preview/generation',
  'shared/preview/start-times',
  'shared/preview/pair',
  'shared/preview/pair-call',
  'shared/preview/preview-id',
  'shared/api/paths',
  'shared/repository',
  'shared/forge/change',
  'shared/forge/tag-templates',
  'shared/forge/standing',
  'shared/config/values/forge',
  'shared/preview/failure-reason',
  'shared/preview/notice',
  'shared/slots/slots',
  'shared/preview/timeouts',
  'shared/preview/start-queue',
  'shared/slots/slot-scheme',
  'shared/slots/pair-front',
  'shared/disk-space',
  'shared/median',
  'shared/health/finding',
  'shared/health/advice',
  'shared/health/disk',
  'shared/health/certificate',
  'shared/health/registry',
  'shared/health/pairs',
  'shared/preview/state-machine/transitions',
  'shared/preview/fork-bomb',
  'shared/preview/tally',
  'shared/preview/trace',
  'shared/preview/state-machine/failure',
  'shared/preview/state-machine/update',
  'shared/preview/state-machine/pause',
  'shared/preview/state-machine/pin',
  'shared/preview/state-machine/start',
  'shared/preview/state-machine/states',
  'shared/preview/state-machine/stop',
  'shared/preview/state-machine/streams',
  'shared/preview/image-update',
  'shared/config/lua-pattern',
  'shared/config/values/value',
  'shared/config/values/amount',
  'shared/config/values/address',
  'shared/config/values/access',
  'shared/config/values/text',
  'shared/config/setting',
  'router/gateway/decide',
  'lotan/cli/wait/line',
  'lotan/cli/wait/seen',
  'lotan/cli/table/width',
  'lotan/cli/table/table',
  'lotan/cli/table/age',
  'router/pages/start/estimate',
  'router/pages/image-source',
  'router/gateway/no-tag',
  'router/words/preview-names',
  'router/pages/preview-path',
  'router/pages/list/repositories',
  'router/admin/added',
  'router/system/warnings',
  'reaper/plan',
  'reaper/evict',
  'queue-processor/network/firewall-rules',
  'shared/firewall-chains',
].map((name) => `^apps/${name}[.]ts$`)

const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

module.exports = {
  forbidden: [
    forbid('no-circle', 'Files import each other in one direction.', {}, { circular: true }),
    forbid(
      'app-imports-app',
      'An app imports its own files and shared.',
      { path: '^apps/(lotan|router|queue-processor|reaper|forge|demo|bench)/', pathNot: tests },
      { path: '^apps/', pathNot: '^apps/($1|shared)/' },
    ),
    forbid(
      'test-imports-app',
      'A test of an app imports what the app does, and what tests stand on. Stories cross apps.',
      { path: '^apps/([^/]+)/.*([.](test|long)|/harness|/browse)[.]ts$', pathNot: '^apps/(stories|testing)/' },
      { path: '^apps/', pathNot: '^apps/($1|shared|testing)/' },
    ),
    forbid(
      'shared-imports-app',
      'shared imports no app.',
      { path: '^apps/shared/', pathNot: tests },
      { path: '^apps/', pathNot: '^apps/shared/' },
    ),
    forbid(
      'main-imported',
      'A main is where a process begins: no file imports one.',
      { pathNot: tests },
      { path: '^apps/[^/]+/main[.]ts$' },
    ),
    forbid(
      'shipped-imports-test',
      'What is shipped imports no test.',
      { path: '^apps/', pathNot: tests },
      { path: tests },
    ),
    forbid(
      'shipped-imports-dev',
      'What is shipped imports packages of `dependencies` alone.',
      { path: '^apps/', pathNot: tests },
      {
        dependencyTypes: [
          'npm-dev',
          'npm-optional',
          'npm-peer',
          'npm-no-pkg',
          'npm-unknown',
          'unknown',
          'undetermined',
        ],
        dependencyTypesNot: ['type-only'],
      },
    ),
    forbid('not-found', 'What is imported is there.', {}, { couldNotResolve: true }),
    ...Object.entries(homes).map(([name, { of, home }]) =>
      forbid(`home-of-${name}`, 'A library has one home.', { path: '^apps/', pathNot: [tests, home] }, { path: of }),
    ),
    forbid(
      'pure',
      'Rules import rules: no clock, no chance, no environment, no input or output.',
      { path: pure },
      { dependencyTypesNot: ['type-only'], pathNot: [...pure, '^(node:)?(crypto|net)$', packages('zod')] },
    ),
    forbid(
      'router-and-engine',
      'The router never has the engine’s socket.',
      { path: '^apps/router/', pathNot: tests },
      { path: '^apps/shared/engine/', dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'preview-imports-outside',
      'The state machine knows no store, engine, registry or queue.',
      { path: '^apps/shared/preview/', pathNot: tests },
      { path: '^apps/shared/(store|engine|registry|queue)', dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'unit-test-starts-programs',
      'A unit test needs nothing but npm packages: call it X.parts.test.ts or X.engine.test.ts.',
      { path: '[.]test[.]ts$', pathNot: '[.](parts|engine)[.]test[.]ts$|^apps/stories/' },
      { path: `${partsHarness}|${engineHarness}`, dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'parts-test-needs-engine',
      'A test of parts has no engine: call it X.engine.test.ts.',
      { path: '[.]parts[.]test[.]ts$' },
      { path: engineHarness, reachable: true },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^apps/(lotan/node|bench/proxies)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    // Imports of types count too, where a rule does not say otherwise.
    tsPreCompilationDeps: true,
    preserveSymlinks: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
