import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { readConfig, SettingsError, type Config, type Problem } from './config.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-repositories-'))
after(() => fs.rmSync(dir, { recursive: true }))

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

test('repositories that cannot be told apart, or named, are refused', () => {
  const twentyOne = Array.from({ length: 21 }, (_, i) => `r${i}=r.io/r${i}`)
  const bad = ['api', '=r.io/api', 'Api=r.io/a', '9a=r.io/a', 'a-b=r.io/a', 'a_b=r.io/a', `${'a'.repeat(21)}=r.io/a`, 'repository=r.io/a',
    'api=r.io/a api=r.io/b', 'api=r.io/a:1', `api=r.io/a@sha256:${'0'.repeat(64)}`, 'api=R.io/A', 'api="r.io/a"', "api='r.io/a'", 'api=', ';', ',',
    'api=r.io/a;web=r.io/b', 'api = r.io/a', 'api=http://r.io/a', twentyOne.join(' ')] // prettier-ignore
  for (const LOTAN_REPOSITORIES of bad)
    for (const REPOSITORY of ['', 'r.io/own']) {
      const [first, ...others] = problemsOf({ REPOSITORY, LOTAN_REPOSITORIES })
      assert.deepEqual([first?.variable, others], ['LOTAN_REPOSITORIES', []], LOTAN_REPOSITORIES)
      assert.match(first!.problem, /write NAME=REPOSITORY, separated by spaces, such as api=ghcr\.io\/team\/api/)
    }
  assert.equal(read({ LOTAN_REPOSITORIES: twentyOne.slice(1).join(',') }).repositories.length, 20)

  const twins: [REPOSITORY: string, LOTAN_REPOSITORIES: string, problems: string[]][] = [
    ['r.io/a', 'b=r.io/b c=r.io/c', []],
    ['', 'a=r.io/a b=r.io/a', ['has r.io/a as b, and a is the same: leave one of them out']],
    ['r.io/a', 'a=r.io/a', ['has r.io/a as a, and REPOSITORY is the same: leave one of them out']],
    ['nginx', 'a=docker.io/library/nginx', ['has docker.io/library/nginx as a, and REPOSITORY is the same: leave one of them out']],
    ['', 'a=x/y b=index.docker.io/x/y c=z', ['has index.docker.io/x/y as b, and a is the same: leave one of them out']],
  ] // prettier-ignore
  for (const [REPOSITORY, LOTAN_REPOSITORIES, problems] of twins)
    assert.deepEqual(
      problemsOf({ REPOSITORY, LOTAN_REPOSITORIES }),
      problems.map((problem) => ({ variable: 'LOTAN_REPOSITORIES', problem })),
    )
})

test('with several repositories a dot in a tag is one in its host only in the flat form', () => {
  const dotted = { TRANSLITERATE_SEMVER_UNDERSCORES_TO_DOTS: '0' }
  assert.deepEqual(problemsOf(dotted), [])
  const problems = problemsOf({ ...dotted, LOTAN_REPOSITORIES: 'api=r.io/api' })
  assert.deepEqual(problems.map(({ variable }) => variable), ['LOTAN_HOST_FORM']) // prettier-ignore
  assert.match(problems[0]!.problem, /write LOTAN_HOST_FORM=flat, or TRANSLITERATE_SEMVER_UNDERSCORES_TO_DOTS=1$/)
  assert.deepEqual(problemsOf({ ...dotted, LOTAN_REPOSITORIES: 'api=r.io/api', LOTAN_HOST_FORM: 'flat' }), [])
})

test('each repository has its own filter and variables', () => {
  const names = { REPOSITORY: 'r.io/own', LOTAN_REPOSITORIES: 'api=r.io/api a=r.io/a' }
  const { offers, prepulls } = read({ ...names, TAG_FILTER: '^pr%-', TAG_FILTER_API: '^v%d', LOTAN_PREPULL: '1$' })
  const ids = ['pr-1', 'v1', 'api/pr-1', 'api/v1', 'a/pr-1', 'a/v1', 'docs/pr-1', 'docs/v1']
  assert.deepEqual(ids.filter(offers), ['pr-1', 'api/v1', 'a/pr-1', 'a/v1'])
  assert.deepEqual(ids.filter(prepulls), ['pr-1', 'api/v1', 'a/pr-1', 'a/v1'])

  const given = {
    ENV_ARGS: 'A=1 B=1',
    LOTAN_CONTAINER_ENV_B: '2',
    LOTAN_CONTAINER_ENV_API__B: '3',
    LOTAN_CONTAINER_ENV_API__A__C: '3',
    LOTAN_CONTAINER_ENV_A__A: '4',
    LOTAN_CONTAINER_ENV_DOCS__D: '5',
    LOTAN_CONTAINER_ENV_API__EMPTY: '',
  }
  const config = read({ ...names, ...given })
  assert.deepEqual(config.containerEnv, { A: '1', B: '2', DOCS__D: '5' })
  assert.deepEqual(
    config.repositories.map(({ containerEnv }) => containerEnv),
    [{}, { B: '3', A__C: '3' }, { A: '4' }],
  )
  // Without that name, it is a variable as any other.
  assert.equal(read({ LOTAN_CONTAINER_ENV_API__B: '3' }).containerEnv.API__B, '3')
})

test('what is for a repository that is not named, or is what Lotan sets, is refused', () => {
  const names = { LOTAN_REPOSITORIES: 'api=r.io/api' }
  const table: [variable: string, text: string, problem: RegExp][] = [
    ['TAG_FILTER_WEB', '^pr', /^is for a repository that LOTAN_REPOSITORIES does not name: name it there, or leave this out$/],
    ['TAG_FILTER_api', '^pr', /does not name/],
    ['TAG_FILTER_', '^pr', /does not name/],
    ['TAG_FILTER_API', 'pr[', /^is 'pr\[': malformed pattern/],
    ['LOTAN_CONTAINER_ENV_API__', 'x', /^names no variable: write the name after LOTAN_CONTAINER_ENV_API__$/],
    ['LOTAN_CONTAINER_ENV_API__1', 'x', /^names no variable/],
    ['LOTAN_CONTAINER_ENV_API__LOTAN_TAG', 'x', /^gives LOTAN_TAG, which Lotan sets for each container/],
    ['LOTAN_CONTAINER_ENV_API__LOTAN_URL_WEB', 'x', /^gives LOTAN_URL_WEB, which Lotan sets/],
    ['LOTAN_CONTAINER_ENV_LOTAN_URL_API', 'x', /^gives LOTAN_URL_API, which Lotan sets/],
    ['ENV_ARGS', 'LOTAN_URL_API=x', /^has LOTAN_URL_API, which Lotan sets/],
    ['LOTAN_HOST_FORM', 'Flat', /^is 'Flat'/],
    ['LOTAN_PAIR_FALLBACK', ',', /^is ','/],
    ['LOTAN_PAIR_FALLBACK', 'a/b', /^is 'a\/b'/],
  ] // prettier-ignore
  for (const [variable, text, problem] of table) {
    const problems = problemsOf({ ...names, [variable]: text })
    assert.deepEqual([problems.length, problems[0]?.variable], [1, variable], `${variable}=${text}`)
    assert.match(problems[0]!.problem, problem)
  }
  assert.deepEqual(problemsOf({ TAG_FILTER_WEB: '' }), [])
  assert.deepEqual(read({ ...names, LOTAN_PAIR_FALLBACK: 'dev, next' }).pairFallback, ['dev', 'next'])
})

test('what is wrong with a repository’s own settings is told beside all else', () => {
  const env = {
    TL_DOMAIN: 'no domain',
    LOTAN_REPOSITORIES: 'api=r.io/a web=r.io/a',
    TAG_FILTER_API: '[',
    TAG_FILTER_DOCS: '^v',
    LOTAN_CONTAINER_ENV_API__: 'x',
    LOTAN_SLOTS: '20',
    TRANSLITERATE_SEMVER_UNDERSCORES_TO_DOTS: '0',
  }
  assert.deepEqual(
    problemsOf(env).map(({ variable }) => variable).sort(),
    ['LOTAN_CONTAINER_ENV_API__', 'LOTAN_HOST_FORM', 'LOTAN_MAX_RUNNING', 'LOTAN_REPOSITORIES', 'TAG_FILTER_API', 'TAG_FILTER_DOCS', 'TL_DOMAIN'],
  )
}) // prettier-ignore
