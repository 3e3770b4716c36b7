/** What holds of the documents: they are short enough to read, their links lead somewhere, and they know every setting. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'

const root = path.resolve(import.meta.dirname, '..')
const MOST_BYTES_OF_README = 9_000
const MOST_COLUMNS = 160
const MOST_BYTES_OF_PICTURES = 150_000

const exclude = (name: string) => name.endsWith('node_modules')
const find = (pattern: string) => fs.globSync(pattern, { cwd: root, exclude }).sort()
const read = (file: string) => fs.readFileSync(path.join(root, file), 'utf8')
const documents = new Map(find('{*.md,docs/**/*.md}').map((file) => [file, read(file)]))

/** Without tests, and without what only they use: these set variables that no user has to know. */
const product = find('apps/**/*.ts').filter(
  (file) => !/\.(test|long)\.ts$|\b(bed|harness)\.ts$|^apps\/(testing|bench|stories)\//.test(file),
)
const known = namesIn(product.map(read).join('\n'))
const compose = read('docker-compose.yml')

test('the checks look at all documents', () => {
  for (const file of ['README.md', 'CHANGELOG.md', 'docs/settings.md', 'docs/architecture.md'])
    assert.ok(documents.has(file), file)
  assert.ok(known.includes('LOTAN_LISTEN') && known.includes('LOTAN_CONTAINER_ENV_'))
  const found = linksIn('[a](b.md#c) `[no](x)`\n```\n[no](y)\n# no\n```\n<img src="d.webp">')
  assert.deepEqual(found, ['b.md#c', 'd.webp'])
  assert.deepEqual(
    [...anchorsIn('# One click\n```\n# no\n```\n## What `X` is, ever?\n## One click\n')],
    ['one-click', 'what-x-is-ever', 'one-click-1'],
  )
})

test('README is read in a few minutes', () => {
  const { size } = fs.statSync(path.join(root, 'README.md'))
  assert.ok(size <= MOST_BYTES_OF_README, `README.md has ${size} bytes`)
})

test('no line is too long to read', () => {
  const long = [...documents].flatMap(([file, text]) =>
    text
      .split('\n')
      .map((line, i) => ({ at: `${file}:${i + 1}`, columns: [...line].length }))
      .filter(({ columns }) => columns > MOST_COLUMNS),
  )
  assert.deepEqual(long, [])
})

test('every link leads to a file, and to a heading of it', () => {
  const broken = [...documents].flatMap(([file, text]) =>
    linksIn(text)
      .filter((link) => !/^https?:/.test(link))
      .filter((link) => !isThere(file, link))
      .map((link) => `${file}: ${link}`),
  )
  assert.deepEqual(broken, [])
})

test('every document of docs/ is linked from README, and says what it is about before its first chapter', () => {
  const linked = linksIn(read('README.md')).map((link) => link.split('#')[0])
  const pages = [...documents].filter(([file]) => file.startsWith('docs/'))
  assert.deepEqual(
    pages.map(([file]) => file).filter((file) => !linked.includes(file)),
    [],
  )
  assert.deepEqual(
    pages.filter(([, text]) => !/^# .+\n\nFor \w/.test(text)).map(([file]) => file),
    [],
  )
})

test('pictures are small, and told in words', () => {
  const pictures = find('docs/pictures/*')
  assert.ok(pictures.length > 0)
  const bytes = pictures.reduce((sum, file) => sum + fs.statSync(path.join(root, file)).size, 0)
  assert.ok(bytes <= MOST_BYTES_OF_PICTURES, `pictures have ${bytes} bytes`)
  const silent = [...documents].flatMap(([file, text]) =>
    [...text.matchAll(/<img\b[^>]*>|!\[\]\([^)]*\)/g)]
      .filter(([picture]) => !/\balt="[^"]+"/.test(picture))
      .map(([picture]) => `${file}: ${picture}`),
  )
  assert.deepEqual(silent, [])
})

test('every setting that the code knows is in docs/settings.md', () => {
  const told = namesIn(read('docs/settings.md'))
  const untold = known.filter((name) => !told.some((other) => isMeant(other, name)))
  assert.deepEqual(untold, [])
})

test('every variable that Compose knows is told of', () => {
  const passed = [...compose.matchAll(/^ {2}([A-Z][A-Z_]+):/gm)].map(([, name]) => name!)
  const chosen = [...compose.matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name!)
  assert.ok(passed.includes('REPOSITORY') && chosen.includes('LOTAN_IMAGE'))
  const told = (file: string, name: string) => new RegExp(`\\b${name}\\b`).test(read(file))
  const untold = [
    ...passed.filter((name) => !told('docs/settings.md', name)),
    ...chosen.filter((name) => !told('docs/settings.md', name) && !told('docs/deploy.md', name)),
  ]
  assert.deepEqual(untold, [])
})

test('every setting that a document names is known to the code, or to Compose', () => {
  const all = [...known, ...namesIn(compose)]
  const unknown = [...documents].flatMap(([file, text]) =>
    namesIn(text)
      .filter((name) => !all.some((other) => isMeant(name, other)))
      .map((name) => `${file}: ${name}`),
  )
  assert.deepEqual(unknown, [])
})

test('every file and folder that a document names is there', () => {
  const named = [...documents]
    // What a version has brought may lie elsewhere since.
    .filter(([file]) => file !== 'CHANGELOG.md')
    .flatMap(([file, text]) =>
      [...text.matchAll(/(?<![\w./-])(?:apps|nginx|views|docs)\/[\w./-]*\w\/?/g)].map(([name]) => ({ file, name })),
    )
  assert.ok(named.some(({ name }) => name === 'apps/router/gateway/decide.ts'))
  const astray = named.filter(({ name }) => !fs.existsSync(path.join(root, name)))
  assert.deepEqual(astray, [])
})

test('sources name only documents that are here, and chapters that these have', () => {
  const sources = [
    ...find('{apps,nginx,views}/**/*.{ts,js,ejs,lua,css,sh,service,env}'),
    'docker-compose.yml',
    'Dockerfile',
  ]
  assert.ok(sources.includes('apps/documents.test.ts') && sources.includes('nginx/nginx.conf.ejs'))
  const astray = sources
    .filter((file) => file !== 'apps/documents.test.ts')
    .flatMap((file) =>
      [
        ...read(file)
          .replace(/https?:\S+/g, '')
          .matchAll(/[\w./-]+\.md\b/g),
      ]
        .filter(([name]) => !documents.has(name))
        .map(([name]) => `${file}: ${name}`),
    )
  assert.deepEqual(astray, [])
  const chapters = sources
    .filter((file) => file !== 'apps/documents.test.ts')
    .flatMap((file) =>
      [...read(file).matchAll(/"([^"\n]+)" in (docs\/\w+\.md)/g)].map(([, heading, name]) => ({
        file,
        heading: heading!,
        name: name!,
      })),
    )
  assert.ok(chapters.length > 0)
  const lost = chapters.filter(({ heading, name }) => !anchorsIn(documents.get(name) ?? '').has(anchorOf(heading)))
  assert.deepEqual(lost, [])
})

/** `LOTAN_LISTEN` and its like, each once; one that ends in `_` is a prefix. */
function namesIn(text: string): string[] {
  return [...new Set(text.match(/\bLOTAN_[A-Z_]+/g))].sort()
}

/** Whether a name of a document means one of the code: itself, or the prefix that it begins with. */
function isMeant(told: string, inCode: string): boolean {
  return inCode === told || (inCode.endsWith('_') && told.startsWith(inCode) && told !== inCode)
}

/** Prose alone: code may hold what looks like a link or a heading. */
function proseOf(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '')
}

function linksIn(text: string): string[] {
  const prose = proseOf(text).replace(/`[^`\n]*`(?!\])/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)|\b(?:src|href)="([^"]+)"/g)].map(([, link, source]) => (link ?? source)!)
}

/** What GitHub makes of headings: small letters, hyphens for spaces, no other signs; a second one of a name gets `-1`. */
function anchorsIn(text: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading] of proseOf(text).matchAll(/^#{1,6} (.+)$/gm)) {
    const name = anchorOf(heading!)
    let anchor = name
    for (let i = 1; anchors.has(anchor); i++) anchor = `${name}-${i}`
    anchors.add(anchor)
  }
  return anchors
}

function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-')
}

function isThere(from: string, link: string): boolean {
  const [target = '', anchor] = link.split('#')
  const file = target ? path.join(path.dirname(from), target) : from
  if (!fs.existsSync(path.join(root, file))) return false
  return anchor === undefined || anchorsIn(documents.get(file) ?? '').has(anchor)
}
